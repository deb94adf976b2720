import { CsvScanner, fieldText, type CsvRow } from '../../formats/csv-scanner.ts';

/** What must stand in a row of AWS's bulk price list for it to be the price of a plain Linux node of a region itself. */
const plainNode: Readonly<Record<string, readonly string[]>> = {
  TermType: ['OnDemand'],
  // A list holds Local Zones and Wavelength Zones as well, and what is sold as capacity blocks.
  'Location Type': ['AWS Region'],
  MarketOption: ['OnDemand', ''],
  'Operating System': ['Linux'],
  Tenancy: ['Shared'],
  CapacityStatus: ['Used'],
  'Pre Installed S/W': ['NA', ''],
  Unit: ['Hrs'],
};

/** What a region is sold in: China's in yuan, all others in dollars. */
export function currencyOf(region: string): 'USD' | 'CNY' {
  return region.startsWith('cn-') ? 'CNY' : 'USD';
}

/** Where AWS publishes a region's list. China has hosts of its own. */
export function priceListUrlOf(region: string): string {
  return region.startsWith('cn-')
    ? `https://pricing.cn-northwest-1.amazonaws.com.cn/offers/v1.0/cn/AmazonEC2/current/${region}/index.csv`
    : `https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/${region}/index.csv`;
}

export interface PriceListReader {
  readonly push: (bytes: Uint8Array) => void;
  /** By instance type and hour, in the region's currency. @throws Error with a sentence when the file is no price list. */
  readonly prices: () => ReadonlyMap<string, number>;
}

/**
 * Reads on-demand prices of one region from CSV, streaming: AWS's bulk price list (`AmazonEC2/current/REGION/index.csv`,
 * hundreds of megabytes, a few lines before the header) or a short table with columns region, instance_type, on_demand_usd
 * (on_demand_cny for China).
 */
export function priceListReader(region: string): PriceListReader {
  const prices = new Map<string, number>();
  const left: LeftOut = new Map();
  let take: ((row: CsvRow) => void) | undefined;
  let linesBefore = 0;
  const scanner = new CsvScanner((row) => {
    if (take !== undefined) take(row);
    else {
      const header = Array.from({ length: row.count }, (_, field) => fieldText(row, field));
      take = bulkRow(header, region, prices, left) ?? tableRow(header, region, prices);
      linesBefore += 1;
      if (take === undefined && linesBefore > 20) take = () => undefined;
    }
  });
  return {
    push: (bytes) => scanner.push(bytes),
    prices: () => {
      scanner.end();
      if (prices.size === 0)
        throw new Error(`the price list names no on-demand price of ${region}${leftOutText(left)}`);
      return prices;
    },
  };
}

/** Plain Linux rows that were not taken, by the column that says why and what stands in it. */
type LeftOut = Map<string, number>;

/** The columns that tell where and in what a plain node is sold. */
const telling: readonly string[] = ['Region Code', 'Location Type', 'Currency'];
const mostReasons = 5;

function leftOutText(left: LeftOut): string {
  const reasons = [...left].slice(0, mostReasons).map(([why, rows]) => `${rows} rows have ${why}`);
  return reasons.length === 0 ? '' : `: ${reasons.join(', ')}`;
}

function bulkRow(
  header: readonly string[],
  region: string,
  prices: Map<string, number>,
  left: LeftOut,
): ((row: CsvRow) => void) | undefined {
  const type = header.indexOf('Instance Type');
  const price = header.indexOf('PricePerUnit');
  if (type < 0 || price < 0) return undefined;
  const ofRegion: typeof plainNode = {
    ...plainNode,
    'Region Code': [region],
    Currency: [currencyOf(region)],
  };
  const wanted = Object.entries(ofRegion).flatMap(([name, values]) => {
    const column = header.indexOf(name);
    return column < 0 ? [] : [{ name, column, values }];
  });
  return (row) => {
    const other = wanted.find(({ column, values }) => !values.includes(fieldText(row, column)));
    if (other !== undefined) {
      if (!telling.includes(other.name)) return;
      const why = `${other.name} ${fieldText(row, other.column).slice(0, 40)}`;
      if (left.has(why) || left.size < mostReasons) left.set(why, (left.get(why) ?? 0) + 1);
      return;
    }
    set(prices, fieldText(row, type), Number(fieldText(row, price)));
  };
}

function tableRow(
  header: readonly string[],
  wanted: string,
  prices: Map<string, number>,
): ((row: CsvRow) => void) | undefined {
  const region = header.indexOf('region');
  const type = header.indexOf('instance_type');
  const price = header.indexOf(`on_demand_${currencyOf(wanted).toLowerCase()}`);
  if (type < 0 || price < 0) return undefined;
  return (row) => {
    if (region < 0 || fieldText(row, region) === wanted)
      set(prices, fieldText(row, type), Number(fieldText(row, price)));
  };
}

function set(prices: Map<string, number>, type: string, price: number): void {
  if (price > 0 && /^[a-z0-9-]+\.[a-z0-9-]+$/.test(type)) prices.set(type, price);
}
