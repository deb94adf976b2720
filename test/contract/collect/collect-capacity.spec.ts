import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { capacityManagerEc2 } from '../../../src/adapters/ec2/capacity-manager-ec2.ts';
import { ec2Clients } from '../../../src/adapters/ec2/ec2-clients.ts';
import { directoryObjects } from '../../../src/adapters/files/directory-objects.ts';
import { collectCapacity } from '../../../src/offline/collect/collect-capacity.ts';
import { capacityDayRows } from '../../../src/offline/collect/capacity-days.ts';
import { SourceUnavailable } from '../../../src/errors/source-unavailable.ts';
import { awsPeer, type AwsPeer } from '../../peers/aws-peer.ts';
import {
  capacityManagerPeer,
  type CapacityHour,
  type CapacityManagerPeer,
} from '../../peers/capacity-manager-peer.ts';

const { signal } = new AbortController();
const home = 'eu-west-1';
const region = 'ap-south-1';
const hourMs = 3_600_000;
const nowMs = Date.parse('2026-03-10T12:30:00Z');

/** An hour of c5.large in one zone, so many hours before noon of the last day. */
function hour(before: number, metrics: Readonly<Record<string, number>>, more: Partial<CapacityHour> = {}) {
  const at = new Date(Date.parse('2026-03-10T11:00:00Z') - before * hourMs).toISOString();
  return { at, region, zoneId: 'aps1-az1', type: 'c5.large', metrics, ...more };
}

const use = (hours: number, interruptions = 0) => ({
  'spot-total-usage-hrs-inst': hours,
  'spot-total-interruptions-inst': interruptions,
});

describe('collecting what EC2 Capacity Manager knows', () => {
  let directory: string;
  let peer: AwsPeer;
  let manager: CapacityManagerPeer;
  const said: string[] = [];
  const retries: string[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'capacity-'));
    said.length = 0;
    retries.length = 0;
    manager = capacityManagerPeer({
      home,
      span: { earliest: '2026-03-07T06:00:00Z', latest: '2026-03-10T11:00:00Z' },
      hours: Array.from({ length: 77 }, (_, before) => hour(before, use(10, before === 5 ? 2 : 0))),
    });
    peer = await awsPeer(manager.answers);
  });
  afterEach(async () => {
    await peer.close();
    await rm(directory, { recursive: true });
  });

  const adapter = () =>
    capacityManagerEc2(
      ec2Clients({
        endpoint: peer.endpoint,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        patience: { attemptTimeoutMs: 2_000, attempts: 4, firstPauseMs: 1, greatestPauseMs: 4 },
        events: { onRetry: (_action, reason) => void retries.push(reason) },
      }),
    );

  async function opened() {
    const found = await adapter().open(
      { homeRegions: [region, home], enable: false, organization: false },
      signal,
    );
    if (found.kind !== 'open') throw new Error(found.sentence);
    return found;
  }

  async function collect(atMs = nowMs, stop: AbortSignal = signal, onStep?: () => void) {
    const found = await opened();
    return collectCapacity(
      { ...found, region, byAccount: found.organization, nowMs: atMs, pauseMs: 0 },
      {
        manager: adapter(),
        store: directoryObjects(directory),
        progress: (sentence) => void said.push(sentence),
        ...(onStep !== undefined && { onStep }),
      },
      stop,
    );
  }

  const days = async () => (await readdir(join(directory, `capacity/region=${region}`))).sort();
  async function kept() {
    const files = await Promise.all(
      (await days()).map((day) => readFile(join(directory, `capacity/region=${region}`, day))),
    );
    return files.flatMap((bytes) => capacityDayRows(bytes, region));
  }
  const questions = () =>
    peer.requests.filter(
      ({ Action, 'MetricName.1': metric }) =>
        Action === 'GetCapacityManagerMetricData' && metric === 'spot-total-usage-hrs-inst',
    );

  it('finds the region where it is enabled, and writes a file a day from the first hour that AWS has', async () => {
    const found = await opened();
    expect(found.homeRegion).to.equal(home);
    const { rows, interruptions, silentHours } = await collect();
    expect([rows, interruptions, silentHours]).to.deep.equal([77, 2, 0]);
    expect(await days()).to.deep.equal(
      [7, 8, 9, 10].map((day) => `day=2026-03-${`${day}`.padStart(2, '0')}.csv`),
    );
    const all = await kept();
    expect(all).to.have.length(77);
    expect(all.reduce((sum, { usageHours = 0 }) => sum + usageHours, 0)).to.equal(770);
    expect(questions()[0]?.['StartTime']).to.equal('2026-03-07T06:00:00Z');
    expect(said.at(-1)).to.include('up to 2026-03-10T12:00Z, 77 hours of pools, 2 interruptions');
  });

  it('reads every page, also the empty ones that carry a token', async () => {
    manager.shape.pageSize = 5;
    manager.shape.emptyBefore = new Set([0, 2]);
    expect((await collect()).rows).to.equal(77);
  });

  it('ends a listing whose token comes twice', async () => {
    manager.shape.endless = true;
    const failure = await collect().catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(SourceUnavailable);
    expect(String(failure)).to.include('the same page token twice');
  });

  it('waits when AWS throttles, and goes on', async () => {
    const found = await opened();
    peer.queueFaults('throttle', 'throttle');
    let rows = 0;
    for await (const page of adapter().figures(
      {
        homeRegion: found.homeRegion,
        region,
        sinceMs: nowMs - 90.5 * hourMs,
        untilMs: nowMs - 0.5 * hourMs,
        periodHours: 1,
        byAccount: false,
        figures: 'use',
      },
      signal,
    ))
      rows += page.length;
    expect(rows).to.equal(77);
    expect(retries).to.deep.equal(['throttled', 'throttled']);
  });

  it('asks the last two days again: what was corrected takes its place, what came late is there, the rest is not asked for', async () => {
    await collect();
    const asked = questions().length;
    const corrected = hour(3, use(12, 1));
    const late = hour(2, use(4), { type: 'm5.large' });
    manager.shape.hours = [...manager.shape.hours.filter(({ at }) => at !== corrected.at), corrected, late];
    const { rows } = await collect(nowMs + hourMs);
    const again = questions().slice(asked);
    expect(again[0]?.['StartTime']).to.equal('2026-03-08T12:00:00Z');
    expect(rows).to.equal(49);
    const all = await kept();
    expect(all).to.have.length(78);
    expect(all.find(({ atMs }) => atMs === Date.parse(corrected.at))).to.deep.include({
      usageHours: 12,
      interruptions: 1,
    });
    expect(all.filter(({ instanceType }) => instanceType === 'm5.large')).to.have.length(1);
  });

  it('keeps hours of which AWS says nothing any more, and counts them', async () => {
    await collect();
    manager.shape.hours = manager.shape.hours.filter(({ at }) => at < '2026-03-10T08:00');
    expect((await collect()).silentHours).to.equal(4);
    expect(await kept()).to.have.length(77);
  });

  it('goes on where a run was cut off', async () => {
    const stop = new AbortController();
    await collect(nowMs, stop.signal, () => stop.abort()).catch(() => undefined);
    expect(await days()).to.deep.equal(['day=2026-03-07.csv']);
    await collect();
    expect(await kept()).to.have.length(77);
  });

  it('asks for no more than the 90 days that AWS has', async () => {
    manager.shape.span = { earliest: '2025-01-01T00:00:00Z', latest: '2026-03-10T11:00:00Z' };
    await collect();
    expect(questions()[0]?.['StartTime']).to.equal('2025-12-10T13:00:00Z');
    expect(questions()).to.have.length(91);
  });

  it('tells accounts apart in an organization, and begins anew when that changes', async () => {
    await collect();
    manager.shape.organization = true;
    manager.shape.hours = ['111122223333', '444455556666'].map((account) => hour(1, use(3), { account }));
    expect((await collect()).rows).to.equal(2);
    expect(questions().at(-1)?.['GroupBy.3']).to.equal('account-id');
    const atOne = (await kept()).filter(({ atMs }) => atMs === Date.parse('2026-03-10T10:00:00Z'));
    expect(atOne.map(({ accountId }) => accountId)).to.deep.equal(['111122223333', '444455556666']);
  });

  it('tells what was asked for and came, and does without where that is refused', async () => {
    manager.shape.hours = [
      hour(1, { ...use(3), 'spot-capacity-total-requested-vcpu': 8, 'spot-inst-az-fulfillment-rate': 25 }),
    ];
    expect((await collect()).withoutFulfillment).to.equal(undefined);
    expect((await kept())[0]).to.deep.include({ requestedVcpus: 8, poolFulfillmentPercent: 25 });
    peer.setFault(
      'bad-parameter',
      ({ 'MetricName.1': metric }) => metric?.startsWith('spot-capacity') === true,
    );
    const { withoutFulfillment, rows } = await collect();
    expect(rows).to.equal(1);
    expect(withoutFulfillment).to.include('Value is invalid');
  });

  describe('where it cannot be read says once what to do', () => {
    const open = (enable = false, organization = false) =>
      adapter().open({ homeRegions: [region, home], enable, organization }, signal);

    it('not enabled', async () => {
      manager.shape.home = undefined;
      const found = await open();
      expect(found.kind).to.equal('absent');
      expect(found.kind === 'absent' && found.sentence)
        .to.include('is not enabled in ap-south-1, eu-west-1')
        .and.to.include('--enable-capacity-manager');
    });

    it('enabled when asked, in the first region, then ingestion under way', async () => {
      manager.shape.home = undefined;
      manager.shape.span = undefined;
      const found = await open(true, true);
      expect(found.kind === 'absent' && found.sentence).to.include('is enabled in ap-south-1 now');
      expect(peer.requests.at(-1)).to.include({
        Action: 'EnableCapacityManager',
        OrganizationsAccess: 'true',
      });
      const later = await open(true, true);
      expect(later.kind === 'absent' && later.sentence).to.include('takes in its first hours (said by AWS)');
      expect(peer.requests.filter(({ Action }) => Action === 'EnableCapacityManager')).to.have.length(1);
    });

    it('not allowed', async () => {
      peer.setFault('deny');
      const found = await open();
      expect(found.kind).to.equal('not-allowed');
      expect(found.kind === 'not-allowed' && found.sentence).to.include('docs/iam.md');
      expect(peer.requests).to.have.length(1);
    });

    it('a region without the service', async () => {
      await peer.close();
      peer = await awsPeer({});
      const found = await open();
      expect(found.kind === 'absent' && found.sentence).to.include('EC2 has no Capacity Manager in');
    });

    it('and what passes by itself is thrown', async () => {
      peer.setFault('throttle');
      const failure = await open().catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(SourceUnavailable);
    });
  });
});
