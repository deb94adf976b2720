import { readFileSync } from 'node:fs';
import { messageOf } from '../errors/message-of.ts';
import { readyTemplates, templatePlaces as places } from './webhook-templates.ts';
import type { webhookSettings } from './agent-settings.ts';
import type { SettingValues } from './setting.ts';

export interface WebhookConfig {
  readonly url: string;
  /** Undefined: all fields as JSON. */
  readonly template: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** What stands at `{{key}}`; empty without a file of it. */
  readonly key: string;
}

type Settings = SettingValues<typeof webhookSettings>;

/** What the webhook is told by; undefined without a URL. Files are read here, once: they hold secrets and stay out of the environment. */
export function webhookConfig(settings: Settings, mistakes: string[]): WebhookConfig | undefined {
  const fromFile = fileText(settings.webhook_url_file, mistakes);
  if (settings.webhook_url !== undefined && fromFile !== undefined)
    mistakes.push('--webhook-url and --webhook-url-file: the URL comes from one of them');
  if (fromFile !== undefined && !isWebAddress(fromFile))
    // The URL itself may be a secret and is not shown.
    mistakes.push(`${settings.webhook_url_file ?? ''} does not hold an http or https URL`);
  const url = settings.webhook_url ?? fromFile;
  const template = templateOf(settings, mistakes);
  const headers = headersIn(settings.webhook_headers_file, mistakes);
  const key = fileText(settings.webhook_key_file, mistakes);
  if (template?.includes('{{key}}') === true && key === undefined)
    mistakes.push(
      'the webhook’s template has a {{key}}: give --webhook-key-file, a file with what stands there',
    );
  return url === undefined ? undefined : { url, template, headers, key: key ?? '' };
}

function templateOf(settings: Settings, mistakes: string[]): string | undefined {
  const fromFile = fileText(settings.webhook_template_file, mistakes);
  const { webhook_format: format } = settings;
  const named = [
    settings.webhook_template,
    fromFile,
    format === 'json' ? undefined : readyTemplates[format],
  ].filter((one) => one !== undefined);
  if (named.length > 1)
    mistakes.push(
      '--webhook-template, --webhook-template-file and --webhook-format: the body is made by one of them',
    );
  const [template] = named;
  if (template !== undefined) mistakes.push(...unknownPlaces(template));
  return template;
}

/** What other programs call these places. */
const otherNames: Readonly<Record<string, (typeof places)[number]>> = {
  eventid: 'id',
  kind: 'reason',
  description: 'message',
  nodename: 'node',
  starttime: 'time',
  availabilityzone: 'zone',
};

function unknownPlaces(template: string): readonly string[] {
  const inside = [...template.matchAll(/\{\{(.*?)\}\}/gs)].map(([place, name = '']) => ({
    place,
    name: name.trim().replace(/^\./, ''),
  }));
  return inside
    .filter(({ name }) => !places.some((known) => known === name))
    .map(({ place, name }) => {
      const lower = name.toLowerCase();
      const near = otherNames[lower] ?? places.find((known) => known.toLowerCase() === lower);
      const hint = near === undefined ? '' : `; did you mean {{${near}}}?`;
      const known = places.map((one) => `{{${one}}}`).join(', ');
      return `the webhook’s template has ${place}, which is no place: known are ${known}${hint}`;
    });
}

function headersIn(path: string | undefined, mistakes: string[]): Readonly<Record<string, string>> {
  const lines = (fileText(path, mistakes) ?? '').split('\n').map((line) => line.trim());
  const pairs: (readonly [string, string])[] = [];
  for (const [index, line] of lines.entries()) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) pairs.push([name.toLowerCase(), value]);
    // The line itself may be a secret and is not shown.
    else if (line !== '') mistakes.push(`${path ?? ''}: line ${index + 1} is not "Name: value"`);
  }
  return Object.fromEntries(pairs);
}

/** Without the line end that editors and `kubectl create secret` leave. */
function fileText(path: string | undefined, mistakes: string[]): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    mistakes.push(`${path} cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\//.test(text);
}
