import { regionOfZone } from '../../decision/zone-region.ts';
import { timeOfText } from '../../formats/price-text.ts';

/** Names of columns without case and punctuation; the first that a file has is taken. */
const columnNames = {
  time: ['timestamputc', 'timestamp', 'createtimestamp', 'time', 'observedat', 'datetime', 'date'],
  region: ['region', 'awsregion'],
  zone: ['availabilityzone', 'az', 'zone', 'availabilityzoneid', 'zoneid'],
  type: ['instancetype', 'type', 'instance'],
  product: ['productdescription', 'product', 'os'],
  price: ['priceusd', 'spotprice', 'price'],
  onDemand: ['ondemandprice', 'ondemandusd', 'ondemand'],
} as const;

export type Column = keyof typeof columnNames;

const byName = new Map(
  Object.entries(columnNames).flatMap(([column, names]) =>
    names.map((name, rank) => [name as string, { column: column as Column, rank }] as const),
  ),
);
/** Spellings that were asked about; a file of nonsense must not fill the memory. */
const spellings = new Map<string, { readonly column: Column; readonly rank: number } | undefined>();
const mostSpellings = 1_000;

/** Which column a name means, and how far down the list of its names it stands. */
export function columnOf(name: string): { readonly column: Column; readonly rank: number } | undefined {
  if (spellings.has(name)) return spellings.get(name);
  const found = byName.get(plainName(name));
  if (spellings.size < mostSpellings) spellings.set(name, found);
  return found;
}

function plainName(name: string): string {
  return name
    .slice(0, 100)
    .toLowerCase()
    .replace(/[^a-z]/g, '');
}

/** Where each column stands; −1 for one that is not there. */
export type Columns = Readonly<Record<keyof typeof columnNames, number>>;

/** The columns of a price history by their names; a sentence when one that is needed is missing. */
export function columnsIn(header: readonly string[]): Columns | string {
  const plain = header.map(plainName);
  const find = (names: readonly string[]): number => {
    for (const name of names) {
      const at = plain.indexOf(name);
      if (at >= 0) return at;
    }
    return -1;
  };
  const found: Columns = {
    time: find(columnNames.time),
    region: find(columnNames.region),
    zone: find(columnNames.zone),
    type: find(columnNames.type),
    product: find(columnNames.product),
    price: find(columnNames.price),
    onDemand: find(columnNames.onDemand),
  };
  const missing = (['time', 'zone', 'type', 'price'] as const).filter((column) => found[column] < 0);
  if (missing.length === 0) return found;
  // A file of another kind may begin with anything, and this is read on a terminal.
  const shown = header
    .slice(0, 12)
    .join(', ')
    .slice(0, 200)
    .replaceAll(/[^ -~]/g, '?');
  return `not a price history: no column for ${missing.join(', ')} among "${shown}"`;
}

const typeShape = /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/;
const priceShape = /^\d{1,5}(\.\d+)?$/;
const productShape = /^(Linux\/UNIX|Windows|SUSE Linux|Red Hat)/;

/**
 * The columns of a file without a header, by what stands in its first row: a type, a zone, a time and a price must be told apart.
 * Undefined where that row is none of a price history.
 */
export function columnsByContent(row: readonly string[]): Columns | undefined {
  const find = (is: (cell: string) => boolean): number => row.findIndex(is);
  const type = find((cell) => typeShape.test(cell) && !priceShape.test(cell));
  const zone = find((cell) => regionOfZone(cell) !== undefined && regionOfZone(cell) !== cell);
  const region = find((cell) => regionOfZone(cell) === cell);
  const time = find((cell) => !Number.isNaN(timeOfText(cell)));
  const price = find((cell) => priceShape.test(cell) && Number(cell) > 0 && Number.isNaN(timeOfText(cell)));
  if ([type, zone, time, price].includes(-1)) return undefined;
  return { time, region, zone, type, product: find((cell) => productShape.test(cell)), price, onDemand: -1 };
}
