import { expect } from 'chai';
import { ec2Clients, type Ec2Options } from '../../../src/adapters/ec2/ec2-clients.ts';
import { launchTemplatesEc2 } from '../../../src/adapters/ec2/launch-templates-ec2.ts';
import { marketEc2 } from '../../../src/adapters/ec2/market-ec2.ts';
import { regionFactsEc2 } from '../../../src/adapters/ec2/region-facts-ec2.ts';
import { SourceUnavailable } from '../../../src/errors/source-unavailable.ts';
import {
  awsPeer,
  history,
  spotPriceHistory,
  type Answer,
  type AwsPeer,
  type PriceRow,
} from '../../peers/aws-peer.ts';

const region = 'ap-south-1';
const rows: readonly PriceRow[] = [
  { zone: 'ap-south-1a', type: 'c5.large', price: '0.0300', at: '2026-01-01T00:00:00.000Z' },
  { zone: 'ap-south-1a', type: 'c5.large', price: '0.0310', at: '2026-01-08T10:00:00.000Z' },
  { zone: 'ap-south-1a', type: 'c5.large', price: '0.0320', at: '2026-01-09T00:00:00.000Z' },
  { zone: 'ap-south-1b', type: 'c5.large', price: '0.0400', at: '2026-01-05T00:00:00.000Z' },
  { zone: 'ap-south-1b', type: 'm5.large', price: '0.0500', at: '2026-01-08T00:00:00.000Z' },
];
const sinceMs = Date.parse('2026-01-08T00:00:00Z');
const signal = new AbortController().signal;

describe('the EC2 market', () => {
  let peer: AwsPeer | undefined;
  const retries: string[] = [];

  async function clientsOf(answers: Readonly<Record<string, Answer>>, patience: Ec2Options['patience'] = {}) {
    peer = await awsPeer(answers);
    retries.length = 0;
    const clients = ec2Clients({
      endpoint: peer.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      patience: { attemptTimeoutMs: 2_000, attempts: 4, firstPauseMs: 1, greatestPauseMs: 4, ...patience },
      events: { onRetry: (_action, reason) => void retries.push(reason) },
    });
    return { clients, peer };
  }

  async function unavailable(promise: Promise<unknown>): Promise<SourceUnavailable> {
    try {
      await promise;
    } catch (error) {
      if (error instanceof SourceUnavailable) return error;
      throw error;
    }
    throw new Error('it did not fail');
  }

  afterEach(async () => {
    await peer?.close();
    peer = undefined;
  });

  it('reads every page, also the empty ones that carry a token, into ascending series', async () => {
    const { clients, peer } = await clientsOf({
      DescribeSpotPriceHistory: spotPriceHistory(rows, 2, new Set([0, 1])),
    });
    const pages: number[] = [];
    const market = marketEc2(clients, { onPage: (_region, count) => void pages.push(count) });
    const series = await market.history({ region, sinceMs }, signal);
    expect(pages).to.deep.equal([0, 2, 0, 2, 1]);
    const first = series.find((one) => one.zone === 'ap-south-1a');
    expect([...(first?.pricePerHour ?? [])]).to.deep.equal([0.03, 0.031, 0.032]);
    expect(first?.atMs[0]).to.equal(Date.parse('2026-01-01T00:00:00Z'));
    expect(series.map((one) => `${one.instanceType}@${one.zone}`).sort()).to.deep.equal([
      'c5.large@ap-south-1a',
      'c5.large@ap-south-1b',
      'm5.large@ap-south-1b',
    ]);
    expect(peer.requests[0]).to.include({
      Action: 'DescribeSpotPriceHistory',
      'Filter.1.Name': 'product-description',
      'Filter.1.Value.1': 'Linux/UNIX',
    });
  });

  it('asks for the types that are wanted, two hundred a call', async () => {
    const { clients, peer } = await clientsOf({ DescribeSpotPriceHistory: spotPriceHistory(rows, 100) });
    const types = ['m5.large', ...Array.from({ length: 250 }, (_, index) => `c9.${index + 2}xlarge`)];
    const series = await marketEc2(clients).history({ region, sinceMs, instanceTypes: types }, signal);
    expect(series.map((one) => one.instanceType)).to.deep.equal(['m5.large']);
    expect(peer.requests).to.have.length(2);
    expect(peer.requests[0]?.['Filter.2.Value.200']).to.equal(types[199]);
    expect(peer.requests[1]?.['Filter.2.Value.51']).to.equal(types[250]);
  });

  it('counts duplicates and rows without a usable price, and uses the rest', async () => {
    const strange = [
      rows[0]!,
      rows[0]!,
      { ...rows[1]!, price: '0.0000' },
      { ...rows[2]!, price: 'NaN' },
      { ...rows[3]!, price: '-1' },
    ];
    const { clients } = await clientsOf({ DescribeSpotPriceHistory: () => history(strange, '') });
    const seen: unknown[] = [];
    const market = marketEc2(clients, { onHistory: (_region, counts) => void seen.push(counts) });
    const series = await market.history({ region, sinceMs }, signal);
    expect(series).to.have.length(1);
    expect(series[0]?.atMs).to.have.length(1);
    expect(seen).to.deep.equal([{ taken: 1, duplicates: 1, unusable: 3 }]);
  });

  it('tries again after throttling, faults of the service, resets and torn or senseless answers', async () => {
    const { clients, peer } = await clientsOf(
      { DescribeSpotPriceHistory: spotPriceHistory(rows, 100) },
      { attempts: 6 },
    );
    peer.queueFaults('throttle', 'server-error', 'reset', 'half-answer', 'not-xml');
    const series = await marketEc2(clients).history({ region, sinceMs }, signal);
    expect(series).to.have.length(3);
    expect(retries).to.deep.equal(['throttled', 'failed', 'failed', 'failed', 'failed']);
  });

  it('waits longer after each throttling, never beyond its bound', async () => {
    const pauses: number[] = [];
    const peerOf = await awsPeer({ DescribeSpotPriceHistory: spotPriceHistory(rows, 100) });
    peer = peerOf;
    peerOf.queueFaults(...Array.from({ length: 9 }, () => 'throttle' as const));
    const clients = ec2Clients({
      endpoint: peerOf.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      patience: { attemptTimeoutMs: 2_000, attempts: 10, firstPauseMs: 2, greatestPauseMs: 30 },
      events: { onRetry: (_action, _reason, pauseMs) => void pauses.push(pauseMs) },
    });
    await marketEc2(clients).history({ region, sinceMs }, signal);
    expect(pauses).to.have.length(9);
    expect(Math.max(...pauses)).to.be.at.most(30);
    expect(Math.max(...pauses.slice(5))).to.be.greaterThan(pauses[0]!);
  });

  it('waits as long as the service asks for, within its bound', async () => {
    const pauses: number[] = [];
    peer = await awsPeer({ DescribeSpotPriceHistory: spotPriceHistory(rows, 100) });
    peer.queueFaults('throttle-a-second', 'throttle');
    const clients = ec2Clients({
      endpoint: peer.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      patience: { firstPauseMs: 2, greatestPauseMs: 30, greatestAskedMs: 1_200 },
      events: { onRetry: (_action, _reason, pauseMs) => void pauses.push(pauseMs) },
    });
    const startMs = performance.now();
    await marketEc2(clients).history({ region, sinceMs }, signal);
    expect(performance.now() - startMs).to.be.greaterThan(990);
    expect(pauses[0]).to.equal(1_000);
    expect(pauses[1]).to.be.at.most(30);
  });

  it('gives up after its tries and says that it was throttled', async () => {
    const { clients, peer } = await clientsOf({});
    peer.setFault('throttle');
    const error = await unavailable(marketEc2(clients).history({ region, sinceMs }, signal));
    expect(error.reason).to.equal('throttled');
    expect(error.message).to.equal('AWS throttled DescribeSpotPriceHistory after 4 tries.');
    expect(error.cause).to.be.instanceOf(Error);
    expect(peer.requests).to.have.length(4);
  });

  for (const [fault, reason, sentence] of [
    ['deny', 'denied', 'AWS does not allow DescribeSpotPriceHistory (UnauthorizedOperation'],
    ['bad-parameter', 'failed', 'DescribeSpotPriceHistory failed: Value is invalid'],
  ] as const) {
    it(`does not try again after ${fault}`, async () => {
      const { clients, peer } = await clientsOf({});
      peer.setFault(fault);
      const error = await unavailable(marketEc2(clients).history({ region, sinceMs }, signal));
      expect(error.reason).to.equal(reason);
      expect(error.message).to.include(sentence);
      expect(peer.requests).to.have.length(1);
    });
  }

  it('leaves a try that hangs and takes the next', async () => {
    const { clients, peer } = await clientsOf(
      { DescribeSpotPriceHistory: spotPriceHistory(rows, 100) },
      { attemptTimeoutMs: 300 },
    );
    // The SDK is loaded by a first call, so that the time-out meets the peer alone.
    await marketEc2(clients).history({ region, sinceMs }, signal);
    peer.queueFaults('hang');
    expect(await marketEc2(clients).history({ region, sinceMs }, signal)).to.have.length(3);
    expect(retries).to.deep.equal(['timed-out']);
  });

  it('stops at once when its signal says so, also in the middle of a pause', async () => {
    const { clients, peer } = await clientsOf({}, { firstPauseMs: 60_000, greatestPauseMs: 60_000 });
    peer.setFault('throttle');
    const stop = new AbortController();
    const pending = unavailable(marketEc2(clients).history({ region, sinceMs }, stop.signal));
    while (retries.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    expect((await pending).reason).to.equal('stopped');
  });

  it('ends a listing whose page token repeats', async () => {
    const { clients } = await clientsOf({ DescribeSpotPriceHistory: () => history([], 'again') });
    const error = await unavailable(marketEc2(clients).history({ region, sinceMs }, signal));
    expect(error.message).to.include('the same page token twice');
  });

  it('says so when nothing listens or the name does not resolve', async () => {
    for (const endpoint of ['http://127.0.0.1:9', 'http://no-such-host.invalid:80']) {
      const clients = ec2Clients({
        endpoint,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        patience: { attempts: 2, firstPauseMs: 1, attemptTimeoutMs: 3_000 },
      });
      const error = await unavailable(marketEc2(clients).history({ region, sinceMs }, signal));
      expect(error.message).to.match(/^DescribeSpotPriceHistory (failed|gave no answer)/);
    }
  });

  it('reads zone names with their ids and instance types over pages', async () => {
    const page = (types: string, token: string) =>
      `<DescribeInstanceTypesResponse><instanceTypeSet>${types}</instanceTypeSet><nextToken>${token}</nextToken></DescribeInstanceTypesResponse>`;
    const type = (name: string, architecture: string, extra = '') =>
      `<item><instanceType>${name}</instanceType><processorInfo><supportedArchitectures><item>${architecture}</item></supportedArchitectures></processorInfo><vCpuInfo><defaultVCpus>4</defaultVCpus></vCpuInfo><memoryInfo><sizeInMiB>16384</sizeInMiB></memoryInfo>${extra}</item>`;
    const { clients } = await clientsOf({
      DescribeAvailabilityZones: () =>
        '<DescribeAvailabilityZonesResponse><availabilityZoneInfo><item><zoneName>ap-south-1a</zoneName><zoneId>aps1-az3</zoneId></item><item><zoneName>ap-south-1b</zoneName><zoneId>aps1-az1</zoneId></item></availabilityZoneInfo></DescribeAvailabilityZonesResponse>',
      DescribeInstanceTypes: (parameters) =>
        parameters['NextToken'] === undefined
          ? page(type('m6g.xlarge', 'arm64') + '<item><instanceType>odd.large</instanceType></item>', 't2')
          : page(
              type('g5.xlarge', 'x86_64', '<gpuInfo><gpus><item><count>2</count></item></gpus></gpuInfo>'),
              '',
            ),
    });
    const facts = regionFactsEc2(clients);
    expect([...(await facts.zoneIds(region, signal))]).to.deep.equal([
      ['ap-south-1a', 'aps1-az3'],
      ['ap-south-1b', 'aps1-az1'],
    ]);
    expect(await facts.instanceTypes(region, signal)).to.deep.equal([
      { instanceType: 'm6g.xlarge', vcpu: 4, memoryGib: 16, gpus: 0, architecture: 'arm64', family: 'm6g' },
      { instanceType: 'g5.xlarge', vcpu: 4, memoryGib: 16, gpus: 2, architecture: 'x86_64', family: 'g5' },
    ]);
  });

  it('reads what a launch template starts', async () => {
    const { clients, peer } = await clientsOf({
      DescribeLaunchTemplateVersions: () =>
        '<DescribeLaunchTemplateVersionsResponse><launchTemplateVersionSet><item><launchTemplateData><instanceType>c5.large</instanceType><instanceMarketOptions><marketType>spot</marketType></instanceMarketOptions></launchTemplateData></item></launchTemplateVersionSet></DescribeLaunchTemplateVersionsResponse>',
    });
    const templates = launchTemplatesEc2(clients);
    expect(await templates.launchTemplate({ id: 'lt-1', version: '$Latest' }, region, signal)).to.deep.equal({
      instanceType: 'c5.large',
      spot: true,
    });
    expect(peer.requests[0]).to.include({ LaunchTemplateId: 'lt-1', 'LaunchTemplateVersion.1': '$Latest' });
  });
});
