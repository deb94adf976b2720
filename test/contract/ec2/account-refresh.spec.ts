import { expect } from 'chai';
import { capacityManagerEc2 } from '../../../src/adapters/ec2/capacity-manager-ec2.ts';
import { ec2Clients } from '../../../src/adapters/ec2/ec2-clients.ts';
import { AccountRecord, CombinedRecord } from '../../../src/server/fleet/account-record.ts';
import { accountRefresh } from '../../../src/server/fleet/account-refresh.ts';
import { fleetHazardModel } from '../../../src/server/fleet/fleet-hazard-model.ts';
import { FleetRecord } from '../../../src/server/fleet/fleet-record.ts';
import { awsPeer, type AwsPeer } from '../../peers/aws-peer.ts';
import { capacityManagerPeer, type CapacityManagerPeer } from '../../peers/capacity-manager-peer.ts';

const { signal } = new AbortController();
const region = 'ap-south-1';
const hourMs = 3_600_000;
const installedMs = Date.parse('2026-03-10T12:30:00Z');
const pools = [
  { instanceType: 'c5.large', zone: 'ap-south-1a', region, capacityType: 'spot' },
  { instanceType: 'm5.large', zone: 'ap-south-1a', region, capacityType: 'spot' },
] as const;

describe("a server's reading of EC2 Capacity Manager", () => {
  let peer: AwsPeer;
  let manager: CapacityManagerPeer;
  let nowMs = installedMs;
  const states: string[] = [];

  beforeEach(async () => {
    nowMs = installedMs;
    states.length = 0;
    manager = capacityManagerPeer({ home: region });
    peer = await awsPeer(manager.answers);
  });
  afterEach(() => peer.close());

  /** Sixty days of two types: forty hours an hour of each, one interrupted every second day, the other never. */
  function fill(): void {
    const lastMs = Date.parse('2026-03-10T11:00:00Z');
    manager.shape.hours = Array.from({ length: 60 * 24 }, (_, before) =>
      ['c5.large', 'm5.large'].map((type) => ({
        at: new Date(lastMs - before * hourMs).toISOString(),
        region,
        zoneId: 'aps1-az1',
        type,
        metrics: {
          'spot-total-usage-hrs-inst': 40,
          'spot-total-interruptions-inst': type === 'c5.large' && before % 48 === 20 ? 1 : 0,
        },
      })),
    ).flat();
    manager.shape.span = {
      earliest: new Date(lastMs - (60 * 24 - 1) * hourMs).toISOString(),
      latest: new Date(lastMs).toISOString(),
    };
  }

  function reader() {
    const record = new AccountRecord();
    const own = new FleetRecord();
    const clients = ec2Clients({
      endpoint: peer.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      patience: { attemptTimeoutMs: 2_000, attempts: 2, firstPauseMs: 1, greatestPauseMs: 4 },
    });
    const refresh = accountRefresh({
      manager: capacityManagerEc2(clients),
      record,
      homeRegions: [region],
      region,
      clock: { nowMs: () => nowMs },
      onState: (sentence) => void states.push(sentence),
    });
    const combined = new CombinedRecord(own, record, (zone) => (zone === 'aps1-az1' ? 'ap-south-1a' : zone));
    const model = fleetHazardModel({ record: combined, advisorBand: () => undefined, horizonHours: 12 });
    const frequencies = async () => {
      const said = await model.assess({ series: [], pools, onDemandPerHour: () => undefined, nowMs }, signal);
      return pools.map((pool) => said.get(`${pool.instanceType}@${pool.zone}`)?.expectedFrequency ?? NaN);
    };
    return { record, own, refresh, combined, frequencies };
  }

  it('an hour after installation the hazard is of what the account met in two months, without a notice of ours', async () => {
    const { refresh, frequencies, combined } = reader();
    const [before = 0, same = 0] = await frequencies();
    expect(before).to.equal(same);
    expect(await refresh.run(signal)).to.equal('unchanged');
    expect(states.at(-1)).to.include('takes in its first hours');
    fill();
    nowMs += hourMs;
    expect(await refresh.run(signal)).to.equal('changed');
    expect(states.at(-1)).to.match(/tells of the account's Spot hours and interruptions since 2026-01-1\d/);
    const [risky = 0, calm = 0] = await frequencies();
    // One in 48 × 40 node-hours, and none.
    expect(risky).to.be.within(0.5 * (12 / 1_920), 1.2 * (12 / 1_920));
    expect(calm).to.be.below(risky / 8);
    const found = combined.of('c5.large@ap-south-1a', nowMs);
    expect(found?.interruptedAtMs).to.equal(Date.parse('2026-03-09T15:00:00Z'));
  });

  it('asks for days of three months once a day, and for the hours of three days when a new one is there', async () => {
    fill();
    const { refresh } = reader();
    await refresh.run(signal);
    const questions = () => peer.requests.filter(({ Action }) => Action === 'GetCapacityManagerMetricData');
    expect(questions().map(({ Period }) => Period)).to.deep.equal(['86400', '3600']);
    expect(await refresh.run(signal)).to.equal('unchanged');
    expect(questions()).to.have.length(2);
    nowMs += hourMs;
    manager.shape.span = { earliest: '2026-01-10T00:00:00Z', latest: '2026-03-10T12:00:00Z' };
    expect(await refresh.run(signal)).to.equal('changed');
    expect(questions().map(({ Period }) => Period)).to.deep.equal(['86400', '3600', '3600']);
  });

  it('a correction takes the place of what was read, and what AWS may still correct is told by our own nodes', async () => {
    fill();
    const { refresh, own, combined } = reader();
    await refresh.run(signal);
    const before = combined.of('m5.large@ap-south-1a', nowMs);
    own.add({
      kind: 'notice',
      pool: 'm5.large@ap-south-1a',
      signal: 'TERMINATION',
      id: 'ours/1',
      atMs: nowMs - hourMs,
    });
    expect(combined.of('m5.large@ap-south-1a', nowMs)?.interruptions).to.be.closeTo(
      (before?.interruptions ?? 0) + 1,
      0.01,
    );
    const hit = '2026-03-10T11:00:00.000Z';
    manager.shape.hours = manager.shape.hours.map((one) =>
      one.at === hit && one.type === 'm5.large'
        ? { ...one, metrics: { ...one.metrics, 'spot-total-interruptions-inst': 1 } }
        : one,
    );
    manager.shape.span = { earliest: '2026-01-10T00:00:00Z', latest: '2026-03-10T15:00:00Z' };
    nowMs += 5 * hourMs;
    await refresh.run(signal);
    // AWS has counted the very interruption by now: still one.
    expect(combined.of('m5.large@ap-south-1a', nowMs)?.interruptions).to.be.closeTo(1, 0.02);
  });

  it('where we may not, or nobody enabled it, nothing fails and it is said once', async () => {
    const { refresh, record } = reader();
    peer.setFault('deny');
    await refresh.run(signal);
    await refresh.run(signal);
    expect(states).to.have.length(1);
    expect(states[0]).to.include(
      'Without EC2 Capacity Manager. AWS does not allow GetCapacityManagerAttributes',
    );
    peer.setFault(undefined);
    manager.shape.home = undefined;
    await refresh.run(signal);
    await refresh.run(signal);
    expect(states).to.have.length(2);
    expect(refresh.sentence()).to.include('is not enabled in ap-south-1');
    expect(record.poolKeys()).to.deep.equal([]);
  });

  it('what passes by itself is a failure, and what was known stays', async () => {
    fill();
    const { refresh, record } = reader();
    await refresh.run(signal);
    const known = record.version;
    nowMs += hourMs;
    manager.shape.span = { earliest: '2026-01-10T00:00:00Z', latest: '2026-03-10T12:00:00Z' };
    peer.setFault('throttle', ({ Action }) => Action === 'GetCapacityManagerMetricData');
    const failure = await refresh.run(signal).catch((error: unknown) => error);
    expect(String(failure)).to.include('throttled');
    expect(record.version).to.equal(known);
  });
});
