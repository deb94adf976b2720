import { messageOf } from '../../errors/message-of.ts';
import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';
import type { Cell, ParquetReader } from '../../ports/parquet-history.ts';
import type { PointGatherer } from './pool-points.ts';
import { columnsIn } from './price-columns.ts';
import { timeOfNumber, timeOfText } from '../../formats/price-text.ts';

const order = ['time', 'zone', 'type', 'price', 'region', 'product'] as const;

/** Adds a Parquet file's rows; returns what was wrong with it. Region and product may be left out, or be in the path. */
export async function addParquet(
  parquet: ParquetReader,
  store: ObjectStore,
  file: StoredObject,
  gatherer: PointGatherer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const regionOfPath = /(?:^|\/)region=([^/]+)\//.exec(file.key)?.[1] ?? '';
  let present: readonly (typeof order)[number][] = [];
  try {
    await parquet.read(
      store,
      file,
      (names) => {
        const found = columnsIn(names);
        if (typeof found === 'string') return { refusal: found };
        present = order.filter((column) => found[column] >= 0);
        return present.map((column) => names[found[column]] ?? '');
      },
      ({ rows, columns }) => {
        const [times, zones, types, prices] = columns;
        const regions = columns[present.indexOf('region')];
        const products = columns[present.indexOf('product')];
        for (let row = 0; row < rows; row += 1) {
          const pool = gatherer.poolOf(
            textOf(regions?.[row]) || regionOfPath,
            textOf(zones?.[row]),
            textOf(types?.[row]),
            textOf(products?.[row]),
          );
          gatherer.add(pool, timeOf(times?.[row]), priceOf(prices?.[row]), textOf(times?.[row]));
        }
      },
      signal,
    );
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return `not readable: ${messageOf(error)}`;
  }
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : '';
}

function timeOf(cell: Cell | undefined): number {
  if (typeof cell === 'string') return timeOfText(cell);
  return typeof cell === 'number' ? timeOfNumber(cell) : NaN;
}

/** Null: the pool was absent. A text that is no number is dropped as a price of zero would be. */
function priceOf(cell: Cell | undefined): number {
  if (cell === null || cell === undefined || cell === '') return NaN;
  const price = Number(cell);
  return Number.isFinite(price) ? price : 0;
}
