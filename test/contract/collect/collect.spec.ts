import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { publicDocuments } from '../../../src/adapters/advisor-feed/advisor-feed.ts';
import { ec2Clients } from '../../../src/adapters/ec2/ec2-clients.ts';
import { marketEc2 } from '../../../src/adapters/ec2/market-ec2.ts';
import { regionFactsEc2 } from '../../../src/adapters/ec2/region-facts-ec2.ts';
import { directoryObjects } from '../../../src/adapters/files/directory-objects.ts';
import { parquetBytes } from '../../../src/adapters/parquet/parquet-bytes.ts';
import { collectHistory } from '../../../src/offline/collect/collect-history.ts';
import { collectRegion } from '../../../src/offline/collect/collect-region.ts';
import { loadHistory } from '../../../src/offline/history/load-history.ts';
import { openLocation } from '../../../src/processes/offline/open-location.ts';
import { advisorEntries } from '../../../src/formats/advisor-document.ts';
import { staticIntelligenceOf } from '../../../src/formats/static-intelligence-document.ts';
import { awsPeer, spotPriceHistory, type AwsPeer, type PriceRow } from '../../peers/aws-peer.ts';

const { signal } = new AbortController();
const region = 'ap-south-1';
const nowMs = Date.parse('2026-01-10T00:00:00Z');

const advisor = JSON.stringify({
  ranges: [],
  spot_advisor: {
    [region]: {
      Linux: { 'c5.large': { s: 66, r: 1 }, 'm5.large': { s: -12, r: 4 }, 'x.odd': { s: 1, r: 9 } },
    },
  },
});
const priceList = [
  '"FormatVersion","v1.0"',
  '"Publication Date","2026-01-01T00:00:00Z"',
  '"TermType","Unit","PricePerUnit","Currency","Instance Type","Operating System","Tenancy","CapacityStatus","Pre Installed S/W"',
  '"OnDemand","Hrs","0.0850000000","USD","c5.large","Linux","Shared","Used","NA"',
  '"OnDemand","Hrs","0.9000000000","USD","c5.large","Windows","Shared","Used","NA"',
  '"OnDemand","Hrs","0.0930000000","USD","c5.large","Linux","Dedicated","Used","NA"',
  '"Reserved","Hrs","0.0100000000","USD","c5.large","Linux","Shared","Used","NA"',
].join('\n');

const rows: readonly PriceRow[] = [
  { zone: 'ap-south-1a', type: 'c5.large', price: '0.0300', at: '2025-12-20T00:00:00.000Z' },
  { zone: 'ap-south-1a', type: 'c5.large', price: '0.0310', at: '2026-01-03T10:00:00.000Z' },
  { zone: 'ap-south-1a', type: 'c5.large', price: '0.0320', at: '2026-01-09T23:00:00.000Z' },
  { zone: 'ap-south-1b', type: 'm5.large', price: '0.0500', at: '2026-01-08T00:00:00.000Z' },
];

const zones = () =>
  `<DescribeAvailabilityZonesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><availabilityZoneInfo><item><zoneName>ap-south-1a</zoneName><zoneId>aps1-az1</zoneId></item></availabilityZoneInfo></DescribeAvailabilityZonesResponse>`;
const types = () =>
  `<DescribeInstanceTypesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><instanceTypeSet><item><instanceType>c5.large</instanceType><vCpuInfo><defaultVCpus>2</defaultVCpus></vCpuInfo><memoryInfo><sizeInMiB>4096</sizeInMiB></memoryInfo><processorInfo><supportedArchitectures><item>x86_64</item></supportedArchitectures></processorInfo></item></instanceTypeSet></DescribeInstanceTypesResponse>`;

describe('collecting a region', () => {
  let directory: string;
  let feed: Server;
  let feedUrl = '';
  let fail: 'none' | 'status' | 'busy' | 'hang' | 'cut' | 'endless' = 'none';
  let ec2: AwsPeer;
  const said: string[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'collect-'));
    fail = 'none';
    said.length = 0;
    feed = createServer((request, response) => {
      const body = request.url === '/advisor.json' ? advisor : priceList;
      if (fail === 'status') response.writeHead(503).end();
      else if (fail === 'busy') {
        fail = 'none';
        response.writeHead(503, { 'retry-after': '1' }).end();
      } else if (fail === 'cut') {
        response.writeHead(200, { 'content-length': body.length });
        response.write(body.slice(0, 40), () => response.destroy());
      } else if (fail === 'endless') {
        response.writeHead(200);
        const more = setInterval(() => response.write('x'.repeat(100_000)), 1);
        response.on('close', () => clearInterval(more));
      } else if (fail === 'none') {
        if (request.headers['if-none-match'] === '"v1"') response.writeHead(304).end();
        else response.writeHead(200, { etag: '"v1"' }).end(body);
      }
    });
    feed.listen(0, '127.0.0.1');
    await once(feed, 'listening');
    feedUrl = `http://127.0.0.1:${(feed.address() as AddressInfo).port}`;
    ec2 = await awsPeer({
      DescribeSpotPriceHistory: spotPriceHistory(rows, 2),
      DescribeAvailabilityZones: zones,
      DescribeInstanceTypes: types,
    });
  });
  afterEach(async () => {
    feed.closeAllConnections();
    feed.close();
    await ec2.close();
    await rm(directory, { recursive: true });
  });

  function ports() {
    const clients = ec2Clients({
      endpoint: ec2.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      patience: { attemptTimeoutMs: 2_000, attempts: 2, firstPauseMs: 1, greatestPauseMs: 2 },
    });
    return {
      market: marketEc2(clients),
      facts: regionFactsEc2(clients),
      documents: publicDocuments({
        attempts: 2,
        pace: { firstPauseMs: 1, greatestPauseMs: 2, jitter: 0, greatestAskedMs: 1_000 },
        timeoutMs: 200,
        maxBytes: 1_000_000,
      }),
      store: directoryObjects(directory),
      parquetBytes,
      progress: (sentence: string) => void said.push(sentence),
    };
  }

  const order = () => ({
    region,
    instanceTypes: undefined,
    nowMs,
    advisorUrl: `${feedUrl}/advisor.json`,
    priceListUrl: `${feedUrl}/{region}/index.csv`,
  });

  async function written() {
    const reading = staticIntelligenceOf(await readFile(join(directory, `static/${region}.json`), 'utf8'));
    if (reading.kind === 'mistakes') throw new Error(reading.mistakes.join());
    return reading.facts;
  }

  it('writes a file that the server reads, bands, sizes, zones and both prices in it', async () => {
    expect(await collectRegion(order(), ports(), signal)).to.deep.equal([]);
    const facts = await written();
    expect(facts.advisor.get('c5.large@ap-south-1')).to.deep.equal({ interruptRate: 0.075, code: 1 });
    expect(facts.advisor.get('m5.large@ap-south-1')).to.deep.equal({ interruptRate: 0.25, code: 4 });
    expect(facts.advisor.has('x.odd@ap-south-1')).to.equal(false);
    expect(facts.onDemand.get('c5.large')).to.equal(0.085);
    expect(facts.instanceTypes.get('c5.large')).to.include({ vcpu: 2, memoryGib: 4, architecture: 'x86_64' });
    expect(facts.zoneIds.get('ap-south-1a')).to.equal('aps1-az1');
    expect(facts.spot.get('c5.large@ap-south-1a')).to.deep.equal({
      pricePerHour: 0.032,
      observedAtMs: Date.parse('2026-01-09T23:00:00Z'),
    });
    expect(said.join('\n')).to.contain('1 Spot Advisor entries cannot be read');
  });

  it('keeps what the Spot Advisor said that day, once, and next year in its place', async () => {
    await collectRegion(order(), ports(), signal);
    const path = join(directory, 'advisor/day=01-10.json.gz');
    const first = await readFile(path);
    const document = gunzipSync(first).toString('utf8');
    expect(advisorEntries(document, region).entries).to.have.length(2);
    expect(JSON.parse(document)).to.include({ collected_at: '2026-01-10T00:00:00.000Z' });
    await collectRegion({ ...order(), nowMs: nowMs + 6 * 3_600_000 }, ports(), signal);
    expect((await readFile(path)).equals(first)).to.equal(true);
    await collectRegion({ ...order(), nowMs: nowMs + 365 * 86_400_000 }, ports(), signal);
    expect(gunzipSync(await readFile(path)).toString('utf8')).to.include('"collected_at":"2027-01-10');
    expect(await readdir(join(directory, 'advisor'))).to.have.length(1);
  });

  for (const [fault, sentence] of [
    ['status', 'answered 503'],
    ['hang', 'no answer within 200 ms'],
    ['cut', 'failed'],
    ['endless', 'holds more than'],
  ] as const)
    it(`keeps the last good sections when a public document fails (${fault}) and says so`, async () => {
      await collectRegion(order(), ports(), signal);
      fail = fault;
      // An endless price list would be read for ever: it is bounded by the operator's patience, not by size.
      const problems = await collectRegion(
        { ...order(), ...(fault === 'endless' ? { priceListUrl: 'ftp://nowhere/x' } : {}) },
        ports(),
        signal,
      );
      expect(problems).to.have.length(2);
      expect(problems.join()).to.contain('spot_advisor stays as it was').and.to.contain(sentence);
      const facts = await written();
      expect(facts.advisor.size).to.equal(2);
      expect(facts.onDemand.get('c5.large')).to.equal(0.085);
    });

  it('reads a public document again after the pause that its server asks for', async () => {
    fail = 'busy';
    const startMs = performance.now();
    expect(await collectRegion(order(), ports(), signal)).to.deep.equal([]);
    expect(performance.now() - startMs).to.be.greaterThan(990);
    expect((await written()).advisor.size).to.equal(2);
  });

  it('leaves the file untouched when everything fails', async () => {
    await collectRegion(order(), ports(), signal);
    const before = await readFile(join(directory, `static/${region}.json`), 'utf8');
    fail = 'status';
    ec2.setFault('deny');
    const problems = await collectRegion({ ...order(), nowMs: nowMs + 1 }, ports(), signal);
    expect(problems).to.have.length(5);
    expect(await readFile(join(directory, `static/${region}.json`), 'utf8')).to.equal(before);
  });

  it('replaces a file that cannot be understood, and says so', async () => {
    await collectRegion(order(), ports(), signal);
    await writeFile(join(directory, `static/${region}.json`), 'garbage');
    const problems = await collectRegion(order(), ports(), signal);
    expect(problems).to.have.length(1);
    expect((await written()).advisor.size).to.equal(2);
  });

  it('collects history in windows that add up to the whole', async () => {
    await collectHistory({ region, instanceTypes: undefined, days: 10, nowMs, pauseMs: 0 }, ports(), signal);
    const { series, report } = await loadHistory(directory, openLocation, {}, signal);
    expect(series.map(({ zone, pricePerHour }) => [zone, [...pricePerHour]])).to.deep.equal([
      ['ap-south-1a', [0.03, 0.031, 0.032]],
      ['ap-south-1b', [0.05]],
    ]);
    expect(report.dropped.duplicate).to.equal(0);
    expect(said).to.have.length(4);
    expect(said.at(-1)).to.contain('(100 %)');
  });

  it('goes on where a run was cut off', async () => {
    const stop = new AbortController();
    const cut = { ...ports(), progress: () => stop.abort() };
    await collectHistory(
      { region, instanceTypes: undefined, days: 10, nowMs, pauseMs: 0 },
      cut,
      stop.signal,
    ).catch(() => undefined);
    const asked = ec2.requests.length;
    await collectHistory({ region, instanceTypes: undefined, days: 10, nowMs, pauseMs: 0 }, ports(), signal);
    expect(ec2.requests.length).to.be.greaterThan(asked);
    expect(said).to.have.length(3);
    const { series } = await loadHistory(directory, openLocation, {}, signal);
    expect(series.flatMap(({ pricePerHour }) => [...pricePerHour])).to.deep.equal([0.03, 0.031, 0.032, 0.05]);
  });

  it('asks only for what is new the next time', async () => {
    const plan = { region, instanceTypes: undefined, days: 10, pauseMs: 0 };
    await collectHistory({ ...plan, nowMs }, ports(), signal);
    const asked = ec2.requests.length;
    await collectHistory({ ...plan, nowMs: nowMs + 6 * 3_600_000 }, ports(), signal);
    const [question] = ec2.requests.slice(asked);
    expect(question?.['StartTime']).to.equal('2026-01-09T23:45:00Z');
  });

  it('starts over for other instance types', async () => {
    const plan = { region, days: 10, pauseMs: 0, nowMs };
    await collectHistory({ ...plan, instanceTypes: undefined }, ports(), signal);
    const asked = ec2.requests.length;
    await collectHistory({ ...plan, instanceTypes: ['m5.large'] }, ports(), signal);
    expect(ec2.requests[asked]?.['StartTime']).to.equal('2025-12-31T00:00:00Z');
  });
});

describe('public documents', () => {
  it('are read by https only, except on this machine', async () => {
    const failure = await publicDocuments()
      .read('http://example.org/x', undefined, signal)
      .catch((error: unknown) => error);
    expect(String(failure)).to.contain('is not an https:// address');
  });
});
