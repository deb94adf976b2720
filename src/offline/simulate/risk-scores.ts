import type { RiskAssessment } from '../../decision/knowledge.ts';
import type { Pool } from '../../decision/pool.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { CsvScanner, fieldText } from '../../formats/csv-scanner.ts';
import { priceAt, timeAt } from '../../formats/price-text.ts';
import { lastAtOrBefore } from '../../learning/price-lattice.ts';

/** Older scores say nothing of now. */
const freshMs = 24 * 3_600_000;

interface PoolScores {
  readonly atMs: number[];
  readonly crash: number[];
  readonly expected: number[];
  times: Float64Array | undefined;
}

export interface RiskScores {
  readonly push: (bytes: Uint8Array) => void;
  /** The last score from before `nowMs`; undefined when it is over a day old. @throws UsageError on the first call when the file is no table of scores. */
  readonly riskAt: (pool: Pick<Pool, 'instanceType' | 'zone'>, nowMs: number) => RiskAssessment | undefined;
  readonly rows: () => number;
}

/** Reads what `spot-expander score` wrote: CSV with time, zone, type, crash_probability, expected_frequency. */
export function riskScores(path: string): RiskScores {
  const pools = new Map<string, PoolScores>();
  let columns: readonly number[] | undefined;
  let rows = 0;
  const scanner = new CsvScanner((row) => {
    if (columns === undefined) {
      const header = Array.from({ length: row.count }, (_, field) => fieldText(row, field));
      const find = (...names: string[]): number => header.findIndex((name) => names.includes(name));
      columns = [
        find('time', 'timestamp'),
        find('zone', 'availability_zone'),
        find('type', 'instance_type'),
        find('crash_probability'),
        find('expected_frequency'),
      ];
      if (columns.includes(-1))
        throw new UsageError([
          `${path}: needs the columns time, zone, type, crash_probability and expected_frequency`,
        ]);
      return;
    }
    const [time = 0, zone = 0, type = 0, crash = 0, expected = 0] = columns;
    const number = (field: number): number =>
      priceAt(row.bytes, row.starts[field] ?? 0, row.ends[field] ?? 0);
    const key = `${fieldText(row, type)}@${fieldText(row, zone)}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = { atMs: [], crash: [], expected: [], times: undefined };
      pools.set(key, pool);
    }
    pool.atMs.push(timeAt(row.bytes, row.starts[time] ?? 0, row.ends[time] ?? 0));
    pool.crash.push(number(crash));
    pool.expected.push(number(expected));
    rows += 1;
  });
  return {
    push: (bytes) => scanner.push(bytes),
    rows: () => rows,
    riskAt({ instanceType, zone }, nowMs) {
      scanner.end();
      const pool = pools.get(`${instanceType}@${zone}`);
      if (pool === undefined) return undefined;
      pool.times ??= Float64Array.from(pool.atMs);
      const index = lastAtOrBefore(pool.times, nowMs);
      const at = pool.times[index];
      if (at === undefined || nowMs - at > freshMs) return undefined;
      return {
        crashProbability: pool.crash[index] ?? NaN,
        expectedFrequency: pool.expected[index] ?? NaN,
        source: 'family-stress',
      };
    },
  };
}
