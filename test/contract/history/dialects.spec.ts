import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { expect } from 'chai';
import { reportText } from '../../../src/offline/history/history-report.ts';
import { loadHistory, type PriceHistory } from '../../../src/offline/history/load-history.ts';
import { openLocation } from '../../../src/processes/offline/open-location.ts';

const { signal } = new AbortController();
const fixtures = 'test/fixtures/field';

/** Every change as `type@zone time price`, prices to four digits; what is no change to four digits is left out. */
function changes({ series }: PriceHistory): readonly string[] {
  return series.flatMap(({ instanceType, zone, atMs, pricePerHour }) => {
    const prices = Array.from(pricePerHour, (price) => price.toFixed(4));
    return prices.flatMap((price, index) =>
      price === prices[index - 1]
        ? []
        : `${instanceType}@${zone} ${new Date(atMs[index] ?? 0).toISOString()} ${price}`,
    );
  });
}

describe('a price history in the dialects of the field', () => {
  let directory: string;
  let expected: readonly string[];
  let rows: readonly (readonly [zone: string, type: string, price: string, at: string])[];
  before(async () => {
    expected = changes(await loadHistory(`${fixtures}/steampipe.json`, openLocation, {}, signal));
    const text = await readFile(`${fixtures}/steampipe.json`, 'utf8');
    rows = (JSON.parse(text) as Record<string, string>[]).map((row) => [
      row['availability_zone'] ?? '',
      row['instance_type'] ?? '',
      row['spot_price'] ?? '',
      row['create_timestamp'] ?? '',
    ]);
  });
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'dialects-'))));
  afterEach(async () => await rm(directory, { recursive: true }));

  async function loaded(name: string, content: string | Uint8Array): Promise<PriceHistory> {
    await writeFile(join(directory, name), content);
    return await loadHistory(directory, openLocation, {}, signal);
  }

  async function readsTheSame(name: string, content: string | Uint8Array): Promise<void> {
    const history = await loaded(name, content);
    expect(history.report.files.map(({ problem }) => problem)).to.deep.equal([undefined]);
    expect(Object.values(history.report.dropped).reduce((sum, count) => sum + count, 0)).to.equal(0);
    expect(changes(history)).to.deep.equal(expected);
  }

  function csv(delimiter: string, timeOf: (at: string) => string, head = true): string {
    const titles = ['AvailabilityZone', 'InstanceType', 'SpotPrice', 'Timestamp'];
    const lines = rows.map(([zone, type, price, at]) => [zone, type, price, timeOf(at)].join(delimiter));
    return `${[...(head ? [titles.join(delimiter)] : []), ...lines].join('\n')}\n`;
  }
  const plain = (at: string): string => at;
  const epoch =
    (factor: number, ending = '') =>
    (at: string): string =>
      `${BigInt(Date.parse(at)) * BigInt(factor)}${ending}`;

  it('holds changes of several pools to begin with', () => {
    expect(expected.length).to.be.greaterThan(50);
  });

  for (const name of ['pandas-records.json', 'ps5.json', 'steampipe.csv', 'utf16.json', 'epochfloatms.csv'])
    it(`reads ${name} as the same series`, async () => {
      const history = await loadHistory(`${fixtures}/${name}`, openLocation, {}, signal);
      expect(history.report.files[0]?.problem).to.equal(undefined);
      expect(changes(history)).to.deep.equal(expected);
    });

  for (const [what, timeOf] of [
    ['seconds', (at: string) => String(Date.parse(at) / 1000)],
    ['seconds with a fraction', (at: string) => `${Date.parse(at) / 1000}.000`],
    ['milliseconds', epoch(1)],
    ['milliseconds with a fraction', epoch(1, '.0')],
    ['microseconds', epoch(1_000)],
    ['nanoseconds', epoch(1_000_000)],
  ] as const)
    it(`reads times in ${what} since 1970`, async () => {
      await readsTheSame('a.csv', csv(',', timeOf));
    });

  it('reads numbers of each of these in JSON as well', async () => {
    for (const factor of [1e-3, 1, 1e3, 1e6]) {
      const text = rows.map(([AvailabilityZone, InstanceType, SpotPrice, at]) =>
        JSON.stringify({
          AvailabilityZone,
          InstanceType,
          SpotPrice: Number(SpotPrice),
          Timestamp: Date.parse(at) * factor,
        }),
      );
      await readsTheSame('a.jsonl', text.join('\n'));
    }
  });

  it('reads a file without a header by what stands in its first row', async () => {
    await readsTheSame('a.csv', csv(',', plain, false));
  });

  it('reads what aws ec2 describe-spot-price-history --output text prints', async () => {
    const lines = rows.map(([zone, type, price, at]) =>
      ['SPOTPRICEHISTORY', zone, type, 'Linux/UNIX', price, at].join('\t'),
    );
    await readsTheSame('a.txt', `${lines.join('\n')}\n`);
  });

  it('reads tabs and semicolons between the fields', async () => {
    await readsTheSame('a.tsv', csv('\t', plain));
    await rm(join(directory, 'a.tsv'));
    await readsTheSame('a.csv', csv(';', plain));
  });

  for (const [what, packed] of [
    ['a.csv.gz', (text: string) => gzipSync(text)],
    ['a.csv.zst', (text: string) => zstdCompressSync(text)],
    ['a.csv.zip', (text: string) => zipSync({ 'a.csv': Buffer.from(text) })],
    ['utf16le.csv', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['utf16le-without-mark.csv', (text: string) => Buffer.from(text, 'utf16le')],
    ['utf16be.csv', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['utf16be-without-mark.csv', (text: string) => Buffer.from(text, 'utf16le').swap16()],
    ['utf8-with-mark.csv', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['utf16-in-gzip.csv.gz', (text: string) => gzipSync(Buffer.from(`\ufeff${text}`, 'utf16le'))],
  ] as const)
    it(`reads ${what}`, async () => {
      await readsTheSame(what, packed(csv(',', plain)));
    });

  it('reads the files of an archive one after the other, each in its own dialect', async () => {
    const whole = csv(',', plain).split('\n');
    const [head = '', ...lines] = whole;
    const half = Math.floor(lines.length / 2);
    await readsTheSame(
      'both.zip',
      zipSync({
        'folder/first.csv': Buffer.from([head, ...lines.slice(0, half)].join('\n')),
        'second.tsv': Buffer.from([head, ...lines.slice(half)].join('\n').replaceAll(',', '\t')),
        '__MACOSX/._first.csv': Buffer.from([0, 5, 22, 7]),
      }),
    );
  });

  it('names what it cannot unpack, and each file whose name is of no format', async () => {
    await mkdir(join(directory, 'deep'));
    await writeFile(join(directory, 'good.csv'), csv(',', plain));
    await writeFile(join(directory, 'a.json.bz2'), Buffer.from('BZh91AY&SY'));
    await writeFile(join(directory, 'prices.xlsx'), 'x');
    await writeFile(join(directory, 'deep', 'prices.db'), 'x');
    const history = await loadHistory(directory, openLocation, {}, signal);
    const text = reportText(history.report);
    expect(text).to.match(/^a\.json\.bz2: packed in a way that is not read: unpack it/m);
    expect(text).to.match(
      /^Not opened, since their names are of no format .*: deep\/prices\.db, prices\.xlsx\.$/m,
    );
    expect(changes(history)).to.deep.equal(expected);
  });

  it('counts impossible dates and dates that may be of two months, and takes those of one', async () => {
    const text = [
      'Timestamp,AvailabilityZone,InstanceType,SpotPrice',
      '2023-04-31T00:00:00Z,us-east-1a,c5.large,0.03',
      '2023-02-29,us-east-1a,c5.large,0.03',
      '31/4/2023 5:00,us-east-1a,c5.large,0.03',
      '1/2/2024 5:00,us-east-1a,c5.large,0.031',
      '1/13/2024 5:00,us-east-1a,c5.large,0.032',
      '14/1/2024 17:30:05,us-east-1a,c5.large,0.033',
      '1/15/2024 5:00:00 PM,us-east-1a,c5.large,0.034',
      '',
    ].join('\n');
    const { report, ...history } = await loaded('a.csv', text);
    expect(report.dropped).to.include({ 'malformed-time': 3, 'ambiguous-time': 1 });
    expect(changes({ report, ...history })).to.deep.equal([
      'c5.large@us-east-1a 2024-01-13T05:00:00.000Z 0.0320',
      'c5.large@us-east-1a 2024-01-14T17:30:05.000Z 0.0330',
      'c5.large@us-east-1a 2024-01-15T17:00:00.000Z 0.0340',
    ]);
    expect(reportText(report)).to.include('Dropped 1 rows with a date such as 1/2/2024');
  });

  it('is used up to where a zstd or zip file is cut off', async () => {
    const long = `${csv(',', plain)}${'us-east-1a,c5.large,0.05,2024-01-12T00:00:00Z\n'.repeat(50_000)}`;
    const noise = long.replaceAll(/0\.05,/g, () => `${(0.05 + Math.random()).toFixed(6)},`);
    for (const [name, bytes] of [
      ['a.csv.zst', zstdCompressSync(noise)],
      ['a.csv.zip', zipSync({ 'a.csv': Buffer.from(noise) })],
    ] as const) {
      await writeFile(join(directory, name), bytes.subarray(0, Math.floor(bytes.length * 0.7)));
      const { report } = await loadHistory(join(directory, name), openLocation, {}, signal);
      expect(report.files[0]?.problem, name).to.match(/cut off|damaged/);
      expect(report.rows, name).to.be.greaterThan(10_000);
    }
  });

  it('does not follow a file that unpacks out of all proportion', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(600 << 20, `${'x'.repeat(200)}\n`));
    const { report } = await loaded('bomb.csv.zst', bomb);
    expect(report.files[0]?.problem).to.match(/unpacks to more than 250 times its size/);
  });

  it('keeps a bounded number of pools of a file that names new ones without end', async function () {
    this.timeout(120_000);
    const lines = Array.from(
      { length: 160_000 },
      (_, index) => `2024-01-11T00:00:00Z,us-east-1a,c${index}.large,0.03\n`,
    );
    const { report } = await loaded('a.csv', `time,zone,type,price\n${lines.join('')}`);
    expect(report.pools).to.equal(150_000);
    expect(report.dropped['too-many-pools']).to.equal(10_000);
  });
});
