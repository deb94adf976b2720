/** Writes what is made of the chart's values: values.schema.json and the table in the chart's README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { format } from 'prettier';
import { documentedValues } from './values-comments.ts';
import { valuesSchema } from './values-schema.ts';

const chart = new URL('../../charts/spot-expander/', import.meta.url);
const begin = '<!-- values: npm run docs -->\n';
const end = '<!-- end of values -->';

/** File names and what they should hold. */
export async function chartDocuments(): Promise<ReadonlyMap<string, string>> {
  const values = readFileSync(new URL('values.yaml', chart), 'utf8');
  const readme = readFileSync(new URL('README.md', chart), 'utf8');
  const schema = JSON.stringify(valuesSchema(parse(values)));
  return new Map([
    ['values.schema.json', await format(schema, { parser: 'json', printWidth: 110 })],
    ['README.md', withTable(readme, values)],
  ]);
}

function withTable(readme: string, values: string): string {
  const from = readme.indexOf(begin) + begin.length;
  const to = readme.indexOf(end);
  if (from < begin.length || to < from)
    throw new Error('the chart’s README.md has lost the marks of its table');
  const rows = documentedValues(values).map(
    (one) => `| \`${one.path}\` | \`${cell(JSON.stringify(one.default))}\` | ${cell(one.meaning)} |`,
  );
  const table = ['| value | default | meaning |', '|---|---|---|', ...rows, ''].join('\n');
  return `${readme.slice(0, from)}${table}${readme.slice(to)}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (import.meta.main) {
  for (const [name, text] of await chartDocuments()) {
    writeFileSync(new URL(name, chart), text);
    console.log(`charts/spot-expander/${name} is written`);
  }
}
