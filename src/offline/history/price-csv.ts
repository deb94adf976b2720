import { CsvScanner, fieldText, type CsvRow, type Delimiter } from '../../formats/csv-scanner.ts';
import type { PointGatherer, PoolOrNot } from './pool-points.ts';
import { columnsByContent, columnsIn, type Columns } from './price-columns.ts';
import { priceAt, timeAt } from '../../formats/price-text.ts';
import { RowNames } from './row-names.ts';

/** A reader of one file: bytes in, rows to the gatherer. */
export interface ChunkReader {
  readonly push: (chunk: Uint8Array) => void;
  /** Returns what was wrong with the file as a whole. */
  readonly end: () => string | undefined;
  readonly rows: () => number;
}

/**
 * Reads price changes from CSV. The first line names the columns in any order: a time, a zone, an instance type and a price
 * are needed; region and product are used where they are. A file without such a line is read by what stands in its first row. An EMPTY
 * price means that the pool was absent from then on.
 */
export function priceCsv(gatherer: PointGatherer, delimiter: Delimiter = ','): ChunkReader {
  let columns: Columns | undefined;
  let problem: string | undefined;
  let rows = 0;
  let pools: RowNames<PoolOrNot> | undefined;
  const scanner = new CsvScanner((row) => {
    if (problem !== undefined) return;
    if (columns === undefined || pools === undefined) {
      const header = Array.from({ length: row.count }, (_, field) => fieldText(row, field));
      const named = columnsIn(header);
      const found = typeof named === 'string' ? (columnsByContent(header) ?? named) : named;
      if (typeof found === 'string') {
        problem = found;
        return;
      }
      columns = found;
      pools = poolsByName(found, gatherer);
      if (found === named) return;
    }
    rows += 1;
    addRow(row, columns, gatherer, pools);
  }, delimiter);
  return {
    push: (chunk) => scanner.push(chunk),
    end: () => {
      scanner.end();
      if (problem !== undefined) return problem;
      if (columns === undefined) return 'the file is empty';
      return scanner.overlong > 0
        ? `${scanner.overlong} lines are no rows: they are over 1 MiB long`
        : undefined;
    },
    rows: () => rows,
  };
}

function addRow(row: CsvRow, columns: Columns, gatherer: PointGatherer, pools: RowNames<PoolOrNot>): void {
  const { bytes, starts, ends, count } = row;
  if (columns.time >= count || columns.zone >= count || columns.type >= count || columns.price >= count) {
    gatherer.drop('malformed');
    return;
  }
  const pool = pools.valueOf(row);
  const atMs = timeAt(bytes, starts[columns.time] ?? 0, ends[columns.time] ?? 0);
  const from = starts[columns.price] ?? 0;
  const to = ends[columns.price] ?? 0;
  const price = priceAt(bytes, from, to);
  if (price !== price && to > from) {
    gatherer.drop('malformed-price');
    return;
  }
  gatherer.add(pool, atMs, price, atMs === atMs ? '' : fieldText(row, columns.time));
  if (columns.onDemand >= 0 && columns.onDemand < count && typeof pool !== 'string') {
    const onDemand = priceAt(bytes, starts[columns.onDemand] ?? 0, ends[columns.onDemand] ?? 0);
    if (onDemand > 0) pool.onDemandPerHour = onDemand;
  }
}

function poolsByName({ region, zone, type, product }: Columns, gatherer: PointGatherer): RowNames<PoolOrNot> {
  return new RowNames([zone, type, region, product], (row) =>
    gatherer.poolOf(
      fieldText(row, region),
      fieldText(row, zone),
      fieldText(row, type),
      fieldText(row, product),
    ),
  );
}
