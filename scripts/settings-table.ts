/** Writes the table of docs/configuration.md from the settings themselves; with --check only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { serveSettings } from '../src/config/serve-settings.ts';
import type { Setting } from '../src/config/setting.ts';
import { acceptedRange, choicesOf } from '../src/config/value-text.ts';

const file = 'docs/configuration.md';
const begin = '<!-- settings: npm run docs -->\n';
const end = '<!-- end of settings -->';

/** Flag and variable follow from the key, as the page says; other variables that are read as well stand behind the meaning. */
export function settingsTable(): string {
  const rows = Object.entries(serveSettings).map(([key, one]: readonly [string, Setting<unknown>]) => {
    const others = (one.alsoFrom ?? []).map((name) => `\`${name}\``).join(', ');
    const meaning = others === '' ? one.description : `${one.description}; also ${others}`;
    const fallback = one.fallback === undefined ? '' : `\`${one.fallback}\``;
    return `| \`${key}\` | ${withoutPipes(acceptedBy(one))} | ${fallback} | ${withoutPipes(meaning)} |`;
  });
  return ['| key | takes | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
}

/** Its words, or its unit or kind with the range: `TEST or PROD`, `duration, 0 to 5s`, `0 to 1`. */
function acceptedBy({ schema, placeholder }: Setting<unknown>): string {
  const choices = choicesOf(schema);
  if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(', ');
  const unit = placeholder === '0..1' ? '' : placeholder;
  return [unit, acceptedRange(schema) ?? ''].filter((part) => part !== '').join(', ');
}

function withoutPipes(text: string): string {
  return text.replaceAll('|', '\\|');
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
