import { CsvScanner, fieldText, type CsvRow } from '../../formats/csv-scanner.ts';

/** What must stand in a row of AWS's bulk price list for it to be the price of a plain Linux node. */
const plainNode: Readonly<Record<string, readonly string[]>> = {
  TermType: ['OnDemand'],
  'Operating System': ['Linux'],
  Tenancy: ['Shared'],
  CapacityStatus: ['Used'],
  'Pre Installed S/W': ['NA', ''],
  Unit: ['Hrs'],
  Currency: ['USD'],
};

export interface PriceListReader {
  readonly push: (bytes: Uint8Array) => void;
  /** USD per hour by instance type. @throws Error with a sentence when the file is no price list. */
  readonly prices: () => ReadonlyMap<string, number>;
}

/**
 * Reads on-demand prices of one region from CSV, streaming: AWS's bulk price list (`AmazonEC2/current/REGION/index.csv`,
 * hundreds of megabytes, a few lines before the header) or a short table with columns region, instance_type, on_demand_usd.
 */
export function priceListReader(region: string): PriceListReader {
  const prices = new Map<string, number>();
  let take: ((row: CsvRow) => void) | undefined;
  let linesBefore = 0;
  const scanner = new CsvScanner((row) => {
    if (take !== undefined) take(row);
    else {
      const header = Array.from({ length: row.count }, (_, field) => fieldText(row, field));
      take = bulkRow(header, prices) ?? tableRow(header, region, prices);
      linesBefore += 1;
      if (take === undefined && linesBefore > 20) take = () => undefined;
    }
  });
  return {
    push: (bytes) => scanner.push(bytes),
    prices: () => {
      scanner.end();
      if (prices.size === 0) throw new Error(`the price list names no on-demand price of ${region}`);
      return prices;
    },
  };
}

function bulkRow(
  header: readonly string[],
  prices: Map<string, number>,
): ((row: CsvRow) => void) | undefined {
  const type = header.indexOf('Instance Type');
  const price = header.indexOf('PricePerUnit');
  if (type < 0 || price < 0) return undefined;
  const wanted = Object.entries(plainNode).flatMap(([name, values]) => {
    const column = header.indexOf(name);
    return column < 0 ? [] : [{ column, values }];
  });
  return (row) => {
    if (!wanted.every(({ column, values }) => values.includes(fieldText(row, column)))) return;
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
  const price = header.indexOf('on_demand_usd');
  if (type < 0 || price < 0) return undefined;
  return (row) => {
    if (region < 0 || fieldText(row, region) === wanted)
      set(prices, fieldText(row, type), Number(fieldText(row, price)));
  };
}

function set(prices: Map<string, number>, type: string, price: number): void {
  if (price > 0 && /^[a-z0-9-]+\.[a-z0-9-]+$/.test(type)) prices.set(type, price);
}
