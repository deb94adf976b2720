import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { messageOf } from '../../errors/message-of.ts';
import { UsageError } from '../../errors/usage-error.ts';
import type { OpenLocation } from '../../ports/opened-location.ts';
import { formatOf } from '../history/stored-history.ts';
import type { OnDemandTable } from '../../learning/on-demand-price.ts';

export interface OnDemandPrices {
  readonly table: OnDemandTable;
  readonly count: number;
  /** In plain words, where they came from. */
  readonly source: string;
}

const names = {
  region: ['region'],
  type: ['instancetype', 'type'],
  price: ['ondemandusd', 'ondemandprice', 'ondemand', 'priceusd', 'price'],
} as const;

/**
 * On-demand prices from CSV files (region, type, price; plain or gzip) or static intelligence JSON, in a directory or under
 * `s3://bucket/prefix`; of several prices of one type the last in the last file counts. Without a path, a folder `ondemand`
 * in or beside a local history is taken.
 * @throws UsageError that names each file which cannot be read or holds no such prices.
 */
export async function onDemandPrices(
  path: string | undefined,
  history: string,
  open: OpenLocation,
  signal: AbortSignal,
): Promise<OnDemandPrices> {
  const prices = new Map<string, number>();
  const place = path ?? folderBeside(history);
  const files = place === undefined ? [] : await filesAt(place, open, signal);
  const mistakes = files.flatMap(({ name, text }) => {
    const why = /\.json(\.gz)?$/.test(name) ? addJson(text, prices) : addCsv(text, prices);
    return why === undefined ? [] : `the on-demand prices in ${name} cannot be read: ${why}`;
  });
  if (mistakes.length > 0) throw new UsageError(mistakes);
  return {
    table: (instanceType, region) => prices.get(`${region} ${instanceType}`),
    count: prices.size,
    source: files.length === 0 ? 'none given' : files.map(({ name }) => name).join(', '),
  };
}

function folderBeside(history: string): string | undefined {
  if (history.startsWith('s3://')) return undefined;
  const folders = [join(history, 'ondemand'), join(dirname(resolve(history)), 'ondemand')];
  return folders.find((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory());
}

interface NamedText {
  readonly name: string;
  readonly text: string;
}

async function filesAt(
  place: string,
  open: OpenLocation,
  signal: AbortSignal,
): Promise<readonly NamedText[]> {
  const { store, objects } = await open(place, signal);
  const isNamed = objects.length === 1 && place.endsWith(objects[0]?.key ?? ' ');
  const wanted = objects.filter(({ key }) => isNamed || /^[^/]*\.(csv|tsv|json)(\.[a-z0-9]+)?$/i.test(key));
  if (wanted.length === 0) throw new UsageError([`there are no on-demand prices at ${place}`]);
  return Promise.all(
    wanted.map(async ({ key }) => {
      const name = `${store.location}/${key}`;
      try {
        const reading = await store.read(key, undefined, signal);
        return { name, text: textOf(reading.kind === 'changed' ? reading.bytes : new Uint8Array()) };
      } catch (cause) {
        throw new UsageError([`the on-demand prices in ${name} cannot be read: ${messageOf(cause)}`], {
          cause,
        });
      }
    }),
  );
}

/** All prices of all regions are 2 MB. */
const mostBytes = 256 << 20;

/** Plain, gzip or zstd, as the first bytes tell. */
function textOf(file: Uint8Array): string {
  return new TextDecoder().decode(unpacked(file));
}

function unpacked(file: Uint8Array): Uint8Array {
  switch (formatOf(file)) {
    case 'gzip':
      return gunzipSync(file, { maxOutputLength: mostBytes });
    case 'zstd':
      return zstdDecompressSync(file, { maxOutputLength: mostBytes });
    case 'zip':
    case 'parquet':
    case 'not-unpacked':
      throw new Error('it is packed in a way that is not read here: plain, gzip and zstd are');
    case 'json':
    case 'text':
    case 'empty':
      return file;
  }
}

/** Returns what is wrong where the table is none. */
function addCsv(text: string, prices: Map<string, number>): string | undefined {
  const [head = '', ...lines] = text.split(/\r?\n/);
  const delimiter = head.includes('\t') && !head.includes(',') ? '\t' : ',';
  const titles = head.split(delimiter).map((title) => title.toLowerCase().replaceAll(/[^a-z]/g, ''));
  const column = (candidates: readonly string[]): number =>
    titles.findIndex((title) => candidates.includes(title));
  const columns = { region: column(names.region), type: column(names.type), price: column(names.price) };
  const missing = Object.entries(columns).flatMap(([name, at]) => (at < 0 ? [name] : []));
  const shown = head.slice(0, 200).replaceAll(/[^ -~]/g, '?');
  if (missing.length > 0) return `no column for ${missing.join(', ')} among "${shown}"`;
  let good = 0;
  for (const line of lines) {
    const cells = line.split(delimiter).map((cell) => cell.replace(/^"(.*)"$/, '$1'));
    const value = Number(cells[columns.price]);
    if (!(value > 0)) continue;
    good += 1;
    prices.set(`${cells[columns.region] ?? ''} ${cells[columns.type] ?? ''}`, value);
  }
  return good > 0 ? undefined : 'no row of it has a price above 0';
}

/** Static intelligence: `on_demand: { "c5.large@ap-south-1": 0.085 }`. */
function addJson(text: string, prices: Map<string, number>): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return `it is no JSON (${messageOf(error)})`;
  }
  const table =
    typeof document === 'object' && document !== null && 'on_demand' in document
      ? document.on_demand
      : undefined;
  if (typeof table !== 'object' || table === null) return 'it has no section on_demand';
  for (const [key, value] of Object.entries(table)) {
    const [type = '', region = ''] = key.split('@');
    if (typeof value === 'number' && value > 0) prices.set(`${region} ${type}`, value);
  }
  return undefined;
}
