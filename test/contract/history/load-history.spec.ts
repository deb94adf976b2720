import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { loadHistory } from '../../../src/offline/history/load-history.ts';
import { openLocation } from '../../../src/processes/offline/open-location.ts';
import { reportText } from '../../../src/offline/history/history-report.ts';

const { signal } = new AbortController();
const header = 'timestamp_utc,region,availability_zone,instance_type,product,price_usd\n';

function rows(type: string, days: number, from = '2023-11-01'): string {
  return Array.from({ length: days }, (_, day) => {
    const at = new Date(Date.parse(from) + day * 86_400_000).toISOString().slice(0, 19);
    return `${at}Z,ap-south-1,aps1-az1,${type},Linux/UNIX,${(0.03 + day / 1000).toFixed(4)}\n`;
  }).join('');
}

describe('a price history on disk', () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'history-'))));
  afterEach(async () => await rm(directory, { recursive: true }));
  const put = async (name: string, content: string | Uint8Array) =>
    await writeFile(join(directory, name), content);

  it('may mix formats; every bad file is named and the rest is used', async () => {
    await put('good.csv', header + rows('c5.large', 10));
    await put('packed.csv.gz', gzipSync(header + rows('m5.large', 10)));
    await put(
      'dump.json',
      JSON.stringify({
        SpotPriceHistory: [
          {
            AvailabilityZone: 'ap-south-1a',
            InstanceType: 'r5.large',
            SpotPrice: '0.05',
            Timestamp: '2023-11-03T00:00:00Z',
          },
        ],
      }),
    );
    await put(
      'snapshots.csv',
      'snapshot_utc,source_commit\n2023-11-02T00:00:00Z,a\n2023-11-01T00:00:00Z,b\n',
    );
    await put('empty.csv', '');
    await put('other.csv', 'name,value\na,1\n');
    await put('broken.parquet', 'this is no parquet');
    await put('notes.md', '# not read');
    await put(
      'noise',
      Uint8Array.from({ length: 300 }, (_, index) => index % 256),
    );
    const { series, snapshotTimesMs, report } = await loadHistory(directory, openLocation, {}, signal);
    expect(series.map(({ instanceType }) => instanceType)).to.deep.equal([
      'c5.large',
      'm5.large',
      'r5.large',
    ]);
    expect([...(snapshotTimesMs ?? [])]).to.deep.equal([Date.parse('2023-11-01'), Date.parse('2023-11-02')]);
    const problems = new Map(report.files.map(({ path, problem }) => [path, problem]));
    expect(problems.get('good.csv')).to.equal(undefined);
    expect(problems.get('empty.csv')).to.equal('the file is empty (0 bytes)');
    expect(problems.get('other.csv')).to.contain('not a price history');
    expect(problems.get('broken.parquet')).to.contain('not readable');
    expect(problems.get('noise')).to.contain('not a price history');
    expect(problems.has('notes.md')).to.equal(false);
    expect(reportText(report)).to.match(/^[ -~\n]+$/);
    expect(report.points).to.equal(21);
    expect(reportText(report)).to.contain('zone ids').and.to.contain('empty.csv: the file is empty');
  });

  it('is used up to where a gzip file is cut off', async () => {
    const whole = gzipSync(header + rows('c5.large', 3_000, '2014-01-01'));
    await put('cut.csv.gz', whole.subarray(0, Math.floor(whole.length * 0.7)));
    const { series, report } = await loadHistory(join(directory, 'cut.csv.gz'), openLocation, {}, signal);
    expect(report.files[0]?.problem).to.equal('the gzip file is cut off; what was there is used');
    expect(series[0]?.atMs.length).to.be.greaterThan(1_000).and.lessThan(3_000);
  });

  it('is used up to where a gzip file is damaged', async () => {
    const noise = Array.from({ length: 40_000 }, (_, index) => String(Math.imul(index, 2_654_435_761) >>> 0));
    const whole = gzipSync(`${header}${rows('c5.large', 3_000, '2014-01-01')}${noise.join('\n')}\n`);
    whole.fill(0xff, Math.floor(whole.length * 0.7), Math.floor(whole.length * 0.7) + 50);
    await put('damaged.csv.gz', whole);
    const { series, report } = await loadHistory(directory, openLocation, {}, signal);
    expect(report.files[0]?.problem).to.contain('damaged');
    expect(series[0]?.atMs.length).to.be.greaterThan(1_000);
  });

  it('of fewer than seven days says that nothing can be learnt from it', async () => {
    await put('short.csv', header + rows('c5.large', 4));
    const { report } = await loadHistory(directory, openLocation, {}, signal);
    expect(report.notes[0]).to.contain('spans 3.0 days');
  });

  it('with days of silence names the gap', async () => {
    const pools = Array.from({ length: 25 }, (_, index) => `m${index}.large`);
    const text = pools.map((type) => rows(type, 9) + rows(type, 9, '2023-11-20')).join('');
    await put('gap.csv', header + text);
    const { report } = await loadHistory(directory, openLocation, {}, signal);
    expect(report.notes.join()).to.contain('the longest 11.0 days from 2023-11-09T00:00Z');
  });

  it('of which only the last days are asked for names no gap before them', async () => {
    // Prices in force when the span begins have stood for 1 to 25 days.
    const pools = Array.from({ length: 25 }, (_, index) => {
      const since = new Date(Date.parse('2023-11-01') + index * 86_400_000).toISOString().slice(0, 10);
      return (
        rows(`m${index}.large`, 1, since) +
        rows(`m${index}.large`, 9, '2023-12-01').replaceAll('0.03', '0.04')
      );
    });
    await put('long.csv', header + pools.join(''));
    const { report } = await loadHistory(
      directory,
      openLocation,
      { fromMs: Date.parse('2023-11-30') },
      signal,
    );
    expect(report.notes).to.deep.equal([]);
    expect((await loadHistory(directory, openLocation, {}, signal)).report.notes).to.have.length(0);
  });

  it('that is mostly one endless line passes through a bounded memory', async () => {
    // A sparse file: the zeros behind the rows are one line of 256 MiB.
    const path = join(directory, 'huge.csv');
    await writeFile(path, header + rows('c5.large', 10));
    await truncate(path, 256 * 2 ** 20);
    const before = process.memoryUsage().rss;
    const { series, report } = await loadHistory(path, openLocation, {}, signal);
    expect(series).to.have.length(1);
    expect(report.files[0]?.problem).to.contain('over 1 MiB');
    expect(process.memoryUsage().rss - before).to.be.lessThan(150e6);
  });

  it('that mostly repeats what is known keeps only what is new', async () => {
    // 400 looks at 1,000 pools whose price moves once: 27 MB of text, unpacked from gzip.
    const looks = Array.from({ length: 400 }, (_, look) => {
      const time = new Date(Date.parse('2023-11-01') + look * 3_600_000).toISOString();
      const price = look < 200 ? '0.0300' : '0.0310';
      return Array.from(
        { length: 1_000 },
        (_, pool) => `${time},ap-south-1,aps1-az1,c${pool}.large,Linux/UNIX,${price}\n`,
      ).join('');
    });
    await put('looks.csv.gz', gzipSync(header + looks.join('')));
    looks.length = 0;
    const { report } = await loadHistory(directory, openLocation, {}, signal);
    expect([report.rows, report.points, report.unchanged, report.pools]).to.deep.equal([
      400_000, 2_000, 398_000, 1_000,
    ]);
  });

  it('with a file whose prices lie between those that repeat in another is read once more, and nothing is lost', async () => {
    const line = (hours: number, type: string, price: string): string =>
      `${new Date(Date.parse('2023-11-01') + hours * 3_600_000).toISOString()},ap-south-1,aps1-az1,${type},Linux/UNIX,${price}\n`;
    const looks = Array.from({ length: 60 }, (_, look) =>
      ['c5.large', 'm5.large'].map((type) => line(6 * look, type, '0.0300')).join(''),
    ).join('');
    const changes = line(100, 'c5.large', '0.0400') + line(100.5, 'c5.large', '0.0410');
    await put('a-looks.csv', header + looks);
    await put('b-changes.csv', header + changes);
    const told: string[] = [];
    const { series, report } = await loadHistory(
      directory,
      openLocation,
      { onProgress: (sentence) => told.push(sentence) },
      signal,
    );
    expect(told.join()).to.contain('1 pools').and.contain('once more');
    const [c5, m5] = series.map(({ atMs, pricePerHour }) =>
      [...atMs].map((at, index) => [(at - Date.parse('2023-11-01')) / 3_600_000, pricePerHour[index]]),
    );
    // What stood in force was told again at 102 hours: the other price ends there.
    expect(c5).to.deep.equal([
      [0, 0.03],
      [100, 0.04],
      [100.5, 0.041],
      [102, 0.03],
    ]);
    expect(m5).to.deep.equal([[0, 0.03]]);
    expect([report.rows, report.points, report.unchanged]).to.deep.equal([122, 5, 117]);
  });

  it('with every kind of bad row uses the good ones and counts the others by their fault', async () => {
    const good = `${rows('c5.large', 9)}${rows('m5.large', 9)}`;
    const row = (time: string, zone: string, type: string, price: string): string =>
      `${time},ap-south-1,${zone},${type},Linux/UNIX,${price}\n`;
    const bad = [
      row('2023-11-02T05:00:00Z', 'aps1-az1', 'c5.large', '0'),
      row('2023-11-02T06:00:00Z', 'aps1-az1', 'c5.large', '-0.03'),
      row('2023-11-02T07:00:00Z', 'aps1-az1', 'c5.large', 'dear'),
      row('yesterday', 'aps1-az1', 'c5.large', '0.03'),
      row('2093-11-02T00:00:00Z', 'aps1-az1', 'c5.large', '0.03'),
      row('1970-01-01T00:00:00Z', 'aps1-az1', 'c5.large', '0.03'),
      row('2023-11-02T08:00:00Z', 'aps1-az1', 'large', '0.03'),
      '2023-11-02T00:00:00Z,ap\n',
      good.slice(0, good.indexOf('\n') + 1),
      row('2023-11-05T00:00:00Z', 'aps1-az1', 'c5.large', '0.0999'),
    ];
    await put('bad.csv', header + good + bad.join(''));
    const { series, report } = await loadHistory(directory, openLocation, {}, signal);
    expect(series.map(({ atMs }) => atMs.length)).to.deep.equal([9, 9]);
    expect(report.dropped).to.include({
      'price-not-positive': 2,
      'malformed-price': 1,
      'malformed-time': 1,
      'time-in-future': 1,
      'time-before-spot': 1,
      'malformed-type': 1,
      malformed: 1,
      duplicate: 1,
      conflicting: 1,
    });
    expect(reportText(report)).to.contain('with a price of zero or less').and.to.contain('a clock is wrong');
  });

  it('opens only the regions and days that were asked for', async () => {
    for (const [region, day] of [
      ['ap-south-1', '2023-08-01'],
      ['ap-south-1', '2023-12-24'],
      ['us-east-1', '2023-11-01'],
    ] as const) {
      const folder = join(directory, `region=${region}`, `day=${day}`);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'part.csv'), header + rows('c5.large', 1, day));
    }
    const { report } = await loadHistory(
      directory,
      openLocation,
      { regions: ['ap-south-1'], fromMs: Date.parse('2023-12-20') },
      signal,
    );
    expect(report.files.map(({ path }) => path)).to.deep.equal(['region=ap-south-1/day=2023-12-24/part.csv']);
  });

  it('beside collected facts is one pool under both spellings of its zone', async () => {
    await mkdir(join(directory, 'static'));
    await mkdir(join(directory, 'state'));
    await put(
      'static/ap-south-1.json',
      JSON.stringify({
        metadata: { last_updated: '2026-01-01T00:00:00Z', region: 'ap-south-1' },
        zones: { 'ap-south-1a': 'aps1-az1' },
        spot_advisor: {},
        instance_metadata: {},
      }),
    );
    await put('state/collect-ap-south-1.json', '{}');
    await put('ids.csv', header + rows('c5.large', 9));
    await put('names.csv', header + rows('c5.large', 9, '2023-11-10').replaceAll('aps1-az1', 'ap-south-1a'));
    const { series, report } = await loadHistory(directory, openLocation, {}, signal);
    expect(series.map(({ zone, atMs }) => [zone, atMs.length])).to.deep.equal([['ap-south-1a', 18]]);
    expect(report.files.map(({ path }) => path)).to.deep.equal(['ids.csv', 'names.csv']);
  });

  it('that is not there is a mistake of the caller', async () => {
    const failure = await loadHistory(join(directory, 'nowhere'), openLocation, {}, signal).catch(
      (error: unknown) => error,
    );
    expect(String(failure)).to.contain('There is no price history at');
  });
});
