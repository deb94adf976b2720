import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { awsPeer, spotPriceHistory, type AwsPeer, type PriceRow } from '../peers/aws-peer.ts';
import { capacityManagerPeer } from '../peers/capacity-manager-peer.ts';
import { until } from '../peers/until.ts';
import { bareEnvironment, run, served, type Run } from './served.ts';

const region = 'ap-south-1';
const hourMs = 3_600_000;
const nowMs = Date.now();
const fromMs = nowMs - 60 * 24 * hourMs;

const types = [
  ['c5.large', 2, 4096],
  ['m5.large', 2, 8192],
  ['r5.xlarge', 4, 32_768],
] as const;
const zones = ['ap-south-1a', 'ap-south-1b', 'ap-south-1c'];

/** Two months of nine pools: each moves every three hours and rises by several per cent every few days. */
const rows: readonly PriceRow[] = zones.flatMap((zone, zoneAt) =>
  types.flatMap(([type], typeAt) =>
    Array.from({ length: 60 * 8 }, (_, step): PriceRow => {
      const swing = Math.sin((step + 7 * zoneAt + 3 * typeAt) / (11 + typeAt));
      const spike = (step + 5 * zoneAt) % 29 < 2 ? 1.06 : 1;
      const price = 0.03 * (typeAt + 1) * (1 + 0.01 * swing) * spike;
      return { zone, type, price: price.toFixed(4), at: new Date(fromMs + step * 3 * hourMs).toISOString() };
    }),
  ),
);

const namespace = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"';
const zoneItems = zones.map(
  (zone, at) => `<item><zoneName>${zone}</zoneName><zoneId>aps1-az${at + 1}</zoneId></item>`,
);
const typeItems = types.map(
  ([type, cores, mib]) =>
    `<item><instanceType>${type}</instanceType><vCpuInfo><defaultVCpus>${cores}</defaultVCpus></vCpuInfo><memoryInfo><sizeInMiB>${mib}</sizeInMiB></memoryInfo><processorInfo><supportedArchitectures><item>x86_64</item></supportedArchitectures></processorInfo></item>`,
);
const advisor = JSON.stringify({
  ranges: [],
  spot_advisor: {
    [region]: { Linux: Object.fromEntries(types.map(([type], at) => [type, { s: 60, r: at }])) },
  },
});
const priceList = [
  '"TermType","Unit","PricePerUnit","Currency","Instance Type","Operating System","Tenancy","CapacityStatus","Pre Installed S/W"',
  ...types.map(([type], at) => `"OnDemand","Hrs","0.${9 + at}","USD","${type}","Linux","Shared","Used","NA"`),
].join('\n');

describe('from nothing to a server that knows its region, as built processes', function () {
  this.timeout(120_000);
  const home = mkdtempSync(join(tmpdir(), 'collected-'));
  const store = join(home, 'store');
  const environment = bareEnvironment(home, {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  const capacityManager = capacityManagerPeer();
  let ec2: AwsPeer;
  let feed: Server;
  let feedUrl = '';
  let isFeedBroken = false;
  const running: Run[] = [];

  before(async () => {
    ec2 = await awsPeer({
      ...capacityManager.answers,
      DescribeSpotPriceHistory: spotPriceHistory(rows, 300, new Set([1])),
      DescribeAvailabilityZones: () =>
        `<DescribeAvailabilityZonesResponse ${namespace}><availabilityZoneInfo>${zoneItems.join('')}</availabilityZoneInfo></DescribeAvailabilityZonesResponse>`,
      DescribeInstanceTypes: () =>
        `<DescribeInstanceTypesResponse ${namespace}><instanceTypeSet>${typeItems.join('')}</instanceTypeSet></DescribeInstanceTypesResponse>`,
    });
    feed = createServer((request, response) => {
      if (isFeedBroken) response.writeHead(503).end();
      else response.end(request.url === '/advisor.json' ? advisor : priceList);
    });
    feed.listen(0, '127.0.0.1');
    await once(feed, 'listening');
    feedUrl = `http://127.0.0.1:${(feed.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    isFeedBroken = false;
    ec2.setFault(undefined);
    await Promise.all(running.splice(0).map((one) => one.stop()));
  });
  after(async () => {
    feed.closeAllConnections();
    feed.close();
    await ec2.close();
    rmSync(home, { recursive: true, force: true });
  });

  function program(...args: string[]): Run {
    const one = run(args, environment);
    running.push(one);
    return one;
  }
  const collect = (...more: string[]) =>
    program(
      'collect',
      '--region',
      region,
      '--out',
      store,
      '--days',
      '60',
      '--pause',
      '0ms',
      '--ec2-endpoint',
      ec2.endpoint,
      '--advisor-url',
      `${feedUrl}/advisor.json`,
      '--price-list-url',
      `${feedUrl}/{region}.csv`,
      ...more,
    );
  const parts = () =>
    readdirSync(join(store, 'history'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.parquet'))
      .toSorted();
  const staticFile = () => readFileSync(join(store, `static/${region}.json`), 'utf8');

  it('a run that is killed in the middle goes on where it was', async () => {
    const first = collect();
    await until('some parts to be written', () => parts().length >= 6, 60_000).catch(() => undefined);
    await first.stop();
    const before = parts();
    expect(before.length, first.stderr()).to.be.at.least(6);
    const asked = ec2.requests.length;
    const second = collect();
    expect(await second.exitCode, second.stderr()).to.equal(0);
    expect(parts()).to.include.members(before);
    expect(parts().length).to.be.above(before.length);
    const starts = ec2.requests.slice(asked).flatMap(({ StartTime }) => StartTime ?? []);
    expect(Math.min(...starts.map((text) => Date.parse(text)))).to.be.above(nowMs - 58 * 24 * hourMs);
    expect(second.stderr()).to.contain('all is new');
  });

  it('throttling is waited out, and nothing that stands is written again', async () => {
    const before = parts();
    ec2.queueFaults('throttle', 'throttle', 'reset');
    const again = collect();
    expect(await again.exitCode, again.stderr()).to.equal(0);
    expect(parts()).to.include.members(before);
  });

  it('a source that breaks is named, leaves the last good file, and is taken when it is back', async () => {
    const good = JSON.parse(staticFile()) as { spot_advisor: unknown; on_demand: unknown };
    isFeedBroken = true;
    const round = collect('--every', '1s', '--no-history');
    await until(
      'a round with a failure',
      () => /source/.test(round.stderr()) && round.stderr().includes('next in'),
      90_000,
    );
    const kept = JSON.parse(staticFile()) as typeof good;
    expect(kept.spot_advisor).to.deep.equal(good.spot_advisor);
    expect(kept.on_demand).to.deep.equal(good.on_demand);
    isFeedBroken = false;
    const said = round.stderr().length;
    await until('a good round', () => round.stderr().slice(said).includes('all is new'), 90_000);
    round.signal('SIGTERM');
    expect(await round.exitCode).to.equal(0);
  });

  it('the record of EC2 Capacity Manager is enabled when asked, awaited, and collected; doctor says which', async () => {
    const doctor = async () => {
      const asked = program('doctor', '--region', region, '--ec2-endpoint', ec2.endpoint);
      expect(await asked.exitCode, asked.stderr()).to.equal(0);
      return asked.lines.join('\n');
    };
    const records = (...more: string[]) => collect('--no-history', '--no-static', ...more);
    expect(await doctor())
      .to.contain('ok    ap-south-1 spot prices: of 9 pools')
      .and.to.contain('warn  EC2 Capacity Manager: EC2 Capacity Manager is not enabled in ap-south-1');
    const enabling = records('--enable-capacity-manager');
    expect(await enabling.exitCode, enabling.stderr()).to.equal(0);
    expect(enabling.stderr()).to.contain('is enabled in ap-south-1 now');
    expect(await doctor()).to.contain('takes in its first hours (said by AWS)');
    const latestMs = Math.floor(nowMs / hourMs) * hourMs - 2 * hourMs;
    capacityManager.shape.ingestion = 'ingestion-complete';
    capacityManager.shape.span = {
      earliest: new Date(latestMs - 30 * hourMs).toISOString(),
      latest: new Date(latestMs).toISOString(),
    };
    capacityManager.shape.hours = Array.from({ length: 31 }, (_, before) => ({
      at: new Date(latestMs - before * hourMs).toISOString(),
      region,
      zoneId: 'aps1-az1',
      type: 'c5.large',
      metrics: { 'spot-total-usage-hrs-inst': 20, 'spot-total-interruptions-inst': before === 3 ? 1 : 0 },
    }));
    const collected = records();
    expect(await collected.exitCode, collected.stderr()).to.equal(0);
    expect(collected.stderr()).to.contain('31 hours of pools, 1 interruptions');
    expect(readdirSync(join(store, `capacity/region=${region}`))).to.have.length.within(2, 3);
    expect(await doctor()).to.match(
      /ok {4}EC2 Capacity Manager: enabled in ap-south-1 for this account: hours from/,
    );
  });

  it('EC2 that refuses is said in one sentence, with exit code 1 and the file as it was', async () => {
    const before = staticFile();
    ec2.setFault('deny');
    isFeedBroken = true;
    const refused = collect();
    expect(await refused.exitCode).to.equal(1);
    expect(refused.stderr()).to.match(/not authorized|denied|UnauthorizedOperation/i);
    expect(staticFile()).to.equal(before);
  });

  it('a model is trained on what was collected, and a server answers from both', async () => {
    const trained = program(
      'train',
      '--history',
      `${store}/history`,
      '--on-demand',
      `${store}/static`,
      '--region',
      region,
      '--shard',
      '0/1',
      '--out',
      `${store}/models`,
      '--window-days',
      '40',
      '--trees',
      '20',
      '--draws',
      '20',
      '--publish-below-baseline',
    );
    expect(await trained.exitCode, trained.stderr()).to.equal(0);
    expect(readdirSync(`${store}/models/${region}`)).to.include.members([
      'family-stress-12h.onnx',
      'family-stress-12h.card.json',
    ]);
    const server = await served(
      [
        '--region',
        region,
        '--static-data',
        `${store}/static/${region}.json`,
        '--model',
        `${store}/models/${region}/family-stress-12h.onnx`,
      ],
      environment,
    );
    running.push(server);
    const health = (await (await fetch(`http://127.0.0.1:${server.httpPort}/health`)).json()) as {
      reasons: string[];
    };
    expect(health.reasons.join(' ')).to.not.match(/stands in|Risk model:/);
    const answer = await fetch(`http://127.0.0.1:${server.httpPort}/api/v1/rank`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ pools: [{ pool: 'c5.large@ap-south-1a' }, { pool: 'm5.large@ap-south-1b' }] }),
    });
    const ranked = JSON.stringify(await answer.json());
    expect(ranked).to.contain('c5.large').and.contain('m5.large');
  });

  it('a server that begins before the first collection stands on what is bundled and says so', async () => {
    const server = await served(
      ['--region', region, '--static-data', `${home}/later/static.json`, '--model', `${home}/later/m.onnx`],
      environment,
    );
    running.push(server);
    const log = server.lines.join('\n');
    expect(log).to.contain('which is bundled, stands in');
    const metrics = await (await fetch(`http://127.0.0.1:${server.httpPort}/metrics`)).text();
    expect(metrics).to.match(/spot_source_age_seconds\{source="model"\} \d/);
  });
});
