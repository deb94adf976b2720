/** Writes the table of docs/configuration.md from the settings themselves; with --check only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { serveSettings } from '../src/config/serve-settings.ts';
import { environmentName, flagName, type Setting } from '../src/config/setting.ts';

const file = 'docs/configuration.md';
const begin = '<!-- settings: npm run docs -->\n';
const end = '<!-- end of settings -->';

export function settingsTable(): string {
  const rows = Object.entries(serveSettings).map(([key, one]: readonly [string, Setting<unknown>]) => {
    const variables = [environmentName(key), ...(one.alsoFrom ?? [])].map((name) => `\`${name}\``).join(' ');
    const fallback = one.fallback === undefined ? '' : `\`${one.fallback}\``;
    return `| \`${key}\` | \`${flagName(key)} <${one.placeholder.replaceAll('|', '\\|')}>\` | ${variables} | ${fallback} | ${one.description.replaceAll('|', '\\|')} |`;
  });
  return ['| key | flag | environment | default | meaning |', '|---|---|---|---|---|', ...rows, ''].join(
    '\n',
  );
}

export function withSettingsTable(text: string): string {
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`${file} has lost the marks of its table`);
  return `${text.slice(0, from)}${settingsTable()}${text.slice(to)}`;
}

if (process.argv[1]?.endsWith('settings-table.ts') === true) {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, withSettingsTable(text));
  console.log(`${file} is written`);
}
