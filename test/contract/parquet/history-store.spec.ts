import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { directoryObjects } from '../../../src/adapters/files/directory-objects.ts';
import { parquetBytes } from '../../../src/adapters/parquet/parquet-bytes.ts';
import { appendHistory } from '../../../src/offline/collect/history-store.ts';
import { loadHistory } from '../../../src/offline/history/load-history.ts';
import { openLocation } from '../../../src/processes/offline/open-location.ts';
import type { PriceSeries } from '../../../src/learning/price-series.ts';
import { pythonWithDuckDb as python } from '../../peers/duckdb.ts';

const { signal } = new AbortController();

function series(zone: string, changes: readonly (readonly [string, number])[]): PriceSeries {
  return {
    region: 'ap-south-1',
    zone,
    instanceType: 'c5.large',
    atMs: Float64Array.from(changes, ([at]) => Date.parse(at)),
    pricePerHour: Float64Array.from(changes, ([, price]) => price),
  };
}

const first = [
  series('ap-south-1a', [
    ['2023-11-01T10:00:00.250Z', 0.0301],
    ['2023-11-01T20:00:00Z', NaN],
    ['2023-11-02T01:00:00Z', 0.1 + 0.2],
  ]),
  series('ap-south-1b', [['2023-11-02T03:00:00Z', 0.05]]),
];
/** Repeats the last change, as overlapping collections do. */
const second = [
  series('ap-south-1b', [
    ['2023-11-02T03:00:00Z', 0.05],
    ['2023-11-02T09:00:00Z', 0.06],
  ]),
];

describe('the history store', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'history-store-'));
    const store = directoryObjects(directory);
    await appendHistory(store, 'ap-south-1', first, 'run1', parquetBytes, signal);
    await appendHistory(store, 'ap-south-1', second, 'run2', parquetBytes, signal);
  });
  after(async () => await rm(directory, { recursive: true }));

  it('adds files by region and day and never rewrites one', async () => {
    const keys = (await directoryObjects(directory).list('', signal)).map(({ key }) => key);
    expect(keys).to.deep.equal([
      'history/region=ap-south-1/day=2023-11-01/part-run1.parquet',
      'history/region=ap-south-1/day=2023-11-02/part-run1.parquet',
      'history/region=ap-south-1/day=2023-11-02/part-run2.parquet',
    ]);
  });

  it('gives back the very changes that were added, each once', async () => {
    const read = await loadHistory(directory, openLocation, {}, signal);
    expect(read.series).to.deep.equal([
      first[0],
      series('ap-south-1b', [
        ['2023-11-02T03:00:00Z', 0.05],
        ['2023-11-02T09:00:00Z', 0.06],
      ]),
    ]);
    expect(read.report.dropped.duplicate).to.equal(1);
  });

  it('is read by DuckDB as it is', function () {
    if (python === undefined) {
      this.skip();
    }
    const query = `SELECT region, CAST(day AS VARCHAR), availability_zone, instance_type, product, price_usd, epoch_ms(timestamp) FROM read_parquet('${directory}/history/**/*.parquet', hive_partitioning = true) ORDER BY ALL`;
    const script = `import duckdb, json, sys; print(json.dumps(duckdb.sql(sys.argv[1]).fetchall()))`;
    const rows: unknown = JSON.parse(execFileSync(python, ['-c', script, query], { encoding: 'utf8' }));
    const at = (time: string): number => Date.parse(time);
    const row = (day: string, zone: string, price: number | null, time: string) => [
      'ap-south-1',
      day,
      zone,
      'c5.large',
      'Linux/UNIX',
      price,
      at(time),
    ];
    expect(rows).to.deep.equal([
      row('2023-11-01', 'ap-south-1a', 0.0301, '2023-11-01T10:00:00.250Z'),
      row('2023-11-01', 'ap-south-1a', null, '2023-11-01T20:00:00Z'),
      row('2023-11-02', 'ap-south-1a', 0.1 + 0.2, '2023-11-02T01:00:00Z'),
      row('2023-11-02', 'ap-south-1b', 0.05, '2023-11-02T03:00:00Z'),
      row('2023-11-02', 'ap-south-1b', 0.05, '2023-11-02T03:00:00Z'),
      row('2023-11-02', 'ap-south-1b', 0.06, '2023-11-02T09:00:00Z'),
    ]);
  });

  it('takes Parquet that DuckDB wrote with another codec and other names', async function () {
    if (python === undefined) {
      this.skip();
    }
    const path = join(directory, 'exported.parquet');
    const query = `COPY (SELECT 'us-east-1a' AS "AvailabilityZone", 'm5.large' AS "InstanceType", '0.0412' AS "SpotPrice", TIMESTAMP '2023-11-05 10:00:00' AS "Timestamp", 'Linux/UNIX' AS "ProductDescription") TO '${path}' (FORMAT parquet, COMPRESSION zstd)`;
    execFileSync(python, ['-c', 'import duckdb, sys; duckdb.sql(sys.argv[1])', query]);
    const { series: read } = await loadHistory(path, openLocation, {}, signal);
    expect(read).to.have.length(1);
    expect(read[0]).to.include({ region: 'us-east-1', zone: 'us-east-1a', instanceType: 'm5.large' });
    expect([...(read[0]?.pricePerHour ?? [])]).to.deep.equal([0.0412]);
    expect(read[0]?.atMs[0]).to.equal(Date.parse('2023-11-05T10:00:00Z'));
  });
});
