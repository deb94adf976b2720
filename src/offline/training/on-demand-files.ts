import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UsageError } from '../../errors/usage-error.ts';
import type { OpenLocation } from '../../ports/opened-location.ts';
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
 * @throws UsageError when a named path cannot be read.
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
  for (const { name, text } of files) {
    if (/\.json(\.gz)?$/.test(name)) addJson(text, prices);
    else addCsv(text, prices);
  }
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
  const wanted = objects.filter(({ key }) => isNamed || /^[^/]*\.(csv|json)(\.gz)?$/.test(key));
  if (wanted.length === 0) throw new UsageError([`there are no on-demand prices at ${place}`]);
  return Promise.all(
    wanted.map(async ({ key }) => {
      const name = `${store.location}/${key}`;
      try {
        const reading = await store.get(key, undefined, signal);
        const bytes = reading.kind === 'object' ? reading.bytes : new Uint8Array();
        return { name, text: Buffer.from(key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8') };
      } catch (cause) {
        throw new UsageError([`the on-demand prices in ${name} cannot be read`], { cause });
      }
    }),
  );
}

function addCsv(text: string, prices: Map<string, number>): void {
  const [head = '', ...lines] = text.split(/\r?\n/);
  const titles = head.split(',').map((title) => title.toLowerCase().replaceAll(/[^a-z]/g, ''));
  const column = (candidates: readonly string[]): number =>
    titles.findIndex((title) => candidates.includes(title));
  const [region, type, price] = [column(names.region), column(names.type), column(names.price)];
  if (region < 0 || type < 0 || price < 0) return;
  for (const line of lines) {
    const cells = line.split(',');
    const value = Number(cells[price]);
    if (value > 0) prices.set(`${cells[region] ?? ''} ${cells[type] ?? ''}`, value);
  }
}

/** Static intelligence: `on_demand: { "c5.large@ap-south-1": 0.085 }`. */
function addJson(text: string, prices: Map<string, number>): void {
  const document: unknown = JSON.parse(text);
  if (typeof document !== 'object' || document === null || !('on_demand' in document)) return;
  const { on_demand: table } = document;
  if (typeof table !== 'object' || table === null) return;
  for (const [key, value] of Object.entries(table)) {
    const [type = '', region = ''] = key.split('@');
    if (typeof value === 'number' && value > 0) prices.set(`${region} ${type}`, value);
  }
}
