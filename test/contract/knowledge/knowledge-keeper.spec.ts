import { mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { ec2Clients } from '../../../src/adapters/ec2/ec2-clients.ts';
import { marketEc2 } from '../../../src/adapters/ec2/market-ec2.ts';
import { writeFileAtomically } from '../../../src/adapters/files/atomic-write.ts';
import { fileDocuments } from '../../../src/adapters/files/file-documents.ts';
import type { Pool } from '../../../src/decision/pool.ts';
import { alwaysSafe, mockRisk } from '../../../src/server/knowledge/fixed-risk-models.ts';
import type { Refresh } from '../../../src/server/knowledge/knowledge-events.ts';
import {
  startKnowledgeKeeper,
  type KnowledgeKeeper,
  type KnowledgeKeeperOptions,
} from '../../../src/server/knowledge/knowledge-keeper.ts';
import type { RefreshTimes } from '../../../src/server/knowledge/refresh-times.ts';
import type { PriceSeries } from '../../../src/learning/price-series.ts';
import type { Documents } from '../../../src/ports/documents.ts';
import type { Market } from '../../../src/ports/market.ts';
import type { RiskModel } from '../../../src/ports/risk-model.ts';
import { systemClock } from '../../../src/telemetry/system-clock.ts';
import { awsPeer, spotPriceHistory } from '../../peers/aws-peer.ts';

const quick: RefreshTimes = {
  staticFileMs: 5,
  fileTimeoutMs: 200,
  marketMs: 5,
  marketTimeoutMs: 200,
  regionFactsMs: 5,
  groupsMs: 5,
  accountRecordMs: 50,
  callTimeoutMs: 200,
  riskCheckMs: 2,
  riskTimeoutMs: 200,
  firstPauseMs: 2,
  greatestPauseMs: 10,
};

const hour = 3_600_000;

function pool(instanceType: string, zone: string, capacityType: Pool['capacityType'] = 'spot'): Pool {
  return { instanceType, zone, region: 'ap-south-1', capacityType };
}

const c5a = pool('c5.large', 'ap-south-1a');

function staticText(price: number, observedAt = new Date().toISOString()): string {
  return JSON.stringify({
    metadata: { last_updated: observedAt, region: 'ap-south-1', source: 'a test' },
    spot_advisor: { 'c5.large@ap-south-1': { code: 1 } },
    instance_metadata: { 'c5.large': { vcpu: 2, memory_gb: 4, architecture: 'x86_64' } },
    on_demand: { 'c5.large': 0.085 },
    spot: { 'c5.large@ap-south-1a': price },
  });
}

/** Eight days of one pool's hourly prices, the newest being `price`. */
function week(price: number, zone = 'ap-south-1a'): PriceSeries {
  const atMs = Float64Array.from({ length: 200 }, (_, index) => Date.now() - (199 - index) * hour);
  const pricePerHour = atMs.map((_, index) => (index === 199 ? price : 0.03 + (index % 2) / 1_000));
  return { region: 'ap-south-1', zone, instanceType: 'c5.large', atMs, pricePerHour };
}

describe('the knowledge keeper', () => {
  const keepers: KnowledgeKeeper[] = [];
  const told: Refresh[] = [];

  function keeper(options: Partial<KnowledgeKeeperOptions>): KnowledgeKeeper {
    const made = startKnowledgeKeeper({
      regions: ['ap-south-1'],
      riskModel: () => undefined,
      maxPriceAgeMs: 6 * hour,
      stalePrices: 'ignore',
      times: quick,
      clock: systemClock,
      signal: new AbortController().signal,
      events: { onRefresh: (refresh) => void told.push(refresh) },
      ...options,
    });
    keepers.push(made);
    return made;
  }

  async function until(fact: () => boolean): Promise<void> {
    while (!fact()) await wait(2);
  }

  function staticFile(text: string): { readonly path: string; readonly store: Documents } {
    const path = join(mkdtempSync(join(tmpdir(), 'knowledge-')), 'static.json');
    writeFileSync(path, text);
    return { path, store: fileDocuments() };
  }

  afterEach(() => {
    for (const one of keepers.splice(0)) one.stop();
    told.length = 0;
  });

  it('answers from the static file alone: type, band, prices, no risk of its own', async () => {
    const one = keeper({ staticFile: staticFile(staticText(0.031)) });
    await one.ready(2_000);
    const known = one.current();
    expect(known.instanceType('c5.large')?.vcpu).to.equal(2);
    expect(known.advisorBand(c5a)?.code).to.equal(1);
    expect(known.prices(c5a)).to.include({ spotPerHour: 0.031, onDemandPerHour: 0.085 });
    expect(known.risk(c5a)).to.equal(undefined);
    expect(known.risk(pool('c5.large', 'ap-south-1a', 'on-demand'))).to.deep.equal({
      crashProbability: 0,
      expectedFrequency: 0,
      source: 'on-demand',
    });
    expect(one.status().degradations).to.deep.equal([
      'No risk model is in use; the Spot Advisor’s bands take its place.',
    ]);
  });

  it('takes a new file without a restart, keeps the old one when the new is broken, and says so once', async () => {
    const file = staticFile(staticText(0.031));
    const one = keeper({ staticFile: file });
    await one.ready(2_000);
    await writeFileAtomically(file.path, staticText(0.032));
    await until(() => one.current().prices(c5a)?.spotPerHour === 0.032);
    writeFileSync(file.path, staticText(-1));
    await until(() => told.some(({ outcome }) => outcome === 'refused'));
    await wait(40);
    expect(told.filter(({ outcome }) => outcome === 'refused')).to.have.length(1);
    expect(told.find(({ outcome }) => outcome === 'refused')?.sentence).to.include(
      'spot["c5.large@ap-south-1a"]: must be above 0',
    );
    expect(one.current().prices(c5a)?.spotPerHour).to.equal(0.032);
    expect(one.status().degradations.join(' ')).to.include('must be above 0');
    await writeFileAtomically(file.path, staticText(0.033));
    await until(() => one.current().prices(c5a)?.spotPerHour === 0.033);
    expect(one.status().degradations.join(' ')).not.to.include('must be above 0');
  });

  it('follows a mounted file whose link is swapped, and is never seen with half a file', async () => {
    const place = mkdtempSync(join(tmpdir(), 'knowledge-'));
    writeFileSync(join(place, 'v1'), staticText(0.031));
    writeFileSync(join(place, 'v2'), staticText(0.032));
    symlinkSync('v1', join(place, 'static.json'));
    const one = keeper({ staticFile: { path: join(place, 'static.json'), store: fileDocuments() } });
    await one.ready(2_000);
    symlinkSync('v2', join(place, 'next'));
    renameSync(join(place, 'next'), join(place, 'static.json'));
    const seen = new Set<number | undefined>();
    await until(() => {
      const price = one.current().prices(c5a)?.spotPerHour;
      seen.add(price);
      return price === 0.032;
    });
    const whole = staticText(0.034);
    writeFileSync(join(place, 'v2'), whole.slice(0, 200));
    await wait(20);
    seen.add(one.current().prices(c5a)?.spotPerHour);
    writeFileSync(join(place, 'v2'), whole);
    await until(() => one.current().prices(c5a)?.spotPerHour === 0.034);
    expect([...seen].every((price) => price === 0.031 || price === 0.032)).to.equal(true);
  });

  it('uses old prices and says how old they are, or ignores them, as the policy says', async () => {
    const old = new Date(Date.now() - 664 * 24 * hour).toISOString();
    const using = keeper({ staticFile: staticFile(staticText(0.031, old)), stalePrices: 'use-and-say' });
    const ignoring = keeper({ staticFile: staticFile(staticText(0.031, old)), stalePrices: 'ignore' });
    await Promise.all([using.ready(2_000), ignoring.ready(2_000)]);
    expect(using.current().prices(c5a)?.spotPerHour).to.equal(0.031);
    expect(using.current().pricesAreStale).to.equal(false);
    expect(using.status().degradations[0]).to.match(
      /^Spot prices are 664 days old \(\d{4}-.* UTC\); they are used all the same\.$/,
    );
    expect(ignoring.current().prices(c5a)).to.deep.equal({ onDemandPerHour: 0.085 });
    expect(ignoring.current().pricesAreStale).to.equal(true);
    expect(ignoring.status().degradations[0]).to.match(/they are not used\.$/);
    expect(using.status().ageSeconds.spot_prices).to.be.closeTo(664 * 86_400, 100);
  });

  it('gives what a uniform model says to every Spot pool, known or not', async () => {
    const mock = keeper({ riskModel: () => mockRisk });
    const safe = keeper({ riskModel: () => alwaysSafe });
    await mock.ready(2_000);
    expect(mock.current().risk(c5a)).to.include({ crashProbability: 0.5, source: 'mock' });
    expect(safe.current().risk(pool('x9.huge', 'nowhere'))).to.include({ crashProbability: 0 });
    expect(mock.current().risk(pool('c5.large', 'ap-south-1a', 'on-demand'))?.source).to.equal('on-demand');
    expect(mock.status().risk.model).to.match(/^mock: no trained model is in use/);
  });

  it('reads a market that pages and throttles, and scores its pools off the request path', async () => {
    const rows = Array.from({ length: 30 }, (_, index) => ({
      zone: 'ap-south-1a',
      type: 'c5.large',
      price: (0.03 + index / 1_000).toFixed(4),
      at: new Date(Date.now() - (30 - index) * 6 * hour).toISOString(),
    }));
    const peer = await awsPeer({ DescribeSpotPriceHistory: spotPriceHistory(rows, 7, new Set([0, 2])) });
    peer.queueFaults('throttle', 'server-error', 'throttle');
    const clients = ec2Clients({
      endpoint: peer.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      patience: { firstPauseMs: 1, greatestPauseMs: 4 },
    });
    const scored: number[] = [];
    const model: RiskModel = {
      name: 'family-stress',
      description: 'a test',
      assess: ({ series }) => {
        scored.push(series.length);
        return Promise.resolve(
          new Map([
            [
              'c5.large@ap-south-1a',
              { crashProbability: 0.7, expectedFrequency: 0.1, source: 'family-stress' },
            ],
          ] as const),
        );
      },
    };
    const one = keeper({
      market: marketEc2(clients),
      riskModel: () => model,
      times: { ...quick, marketMs: 60_000, marketTimeoutMs: 10_000 },
    });
    await one.ready(10_000);
    expect(one.current().prices(c5a)?.spotPerHour).to.be.closeTo(0.059, 1e-9);
    expect(one.current().risk(c5a)).to.include({ crashProbability: 0.7 });
    expect(one.current().pricesAreStale).to.equal(false);
    const before = scored.length;
    for (let look = 0; look < 1_000; look++) one.current().risk(c5a);
    await wait(20);
    expect(scored.slice(before - 1)).to.deep.equal([1]);
    one.stop();
    clients.close();
    await peer.close();
  });

  it('keeps prices and their age when the market fails later, and treats an empty answer as a fault', async () => {
    const answers: (readonly PriceSeries[] | Error)[] = [[week(0.05)], [], new Error('away')];
    let calls = 0;
    const market: Market = {
      history: () => {
        const answer = answers[Math.min(calls++, answers.length - 1)]!;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    };
    const one = keeper({ market });
    await until(() => calls >= 4);
    expect(one.current().prices(c5a)?.spotPerHour).to.equal(0.05);
    const sentences = told.filter(({ outcome }) => outcome === 'failed').map(({ sentence }) => sentence);
    expect(sentences.slice(0, 2)).to.deep.equal([
      'The market named no pool of ap-south-1; known prices stay.',
      'away',
    ]);
    expect(one.status().degradations).to.include('Spot prices of ap-south-1: away');
  });

  it('asks for the whole window first and for what is new afterwards', async () => {
    const asked: number[] = [];
    const market: Market = {
      history: ({ sinceMs }) => {
        asked.push(Date.now() - sinceMs);
        return Promise.resolve([week(0.05)]);
      },
    };
    keeper({ market });
    await until(() => asked.length >= 3);
    expect(asked[0]).to.be.closeTo(8 * 24 * hour, 10_000);
    expect(asked[1]).to.be.closeTo(hour, 10_000);
    expect(asked[2]).to.be.closeTo(hour, 10_000);
  });

  it('shows a model that does not read prices every pool that has one, though no history is known', async () => {
    const model: RiskModel = {
      name: 'fleet-hazard',
      description: 'a test',
      assess: ({ pools = [], series }) =>
        Promise.resolve(
          new Map(
            pools.map(({ instanceType, zone }) => [
              `${instanceType}@${zone}` as const,
              { crashProbability: 0.6, expectedFrequency: series.length, source: 'fleet-hazard' as const },
            ]),
          ),
        ),
    };
    const one = keeper({ staticFile: staticFile(staticText(0.031)), riskModel: () => model });
    await one.ready(2_000);
    expect(one.current().risk(c5a)).to.deep.equal({
      crashProbability: 0.6,
      expectedFrequency: 0,
      source: 'fleet-hazard',
    });
  });

  it('drops what a model read out of prices that are too old to be used', async () => {
    let now = Date.now();
    const clock = { nowMs: () => now, monotonicMs: () => performance.now() };
    let calls = 0;
    const market: Market = {
      history: () => (calls++ === 0 ? Promise.resolve([week(0.05)]) : Promise.reject(new Error('away'))),
    };
    const model: RiskModel = {
      name: 'family-stress',
      description: 'a test',
      assess: () =>
        Promise.resolve(
          new Map([
            [
              'c5.large@ap-south-1a',
              { crashProbability: 0.7, expectedFrequency: 0.1, source: 'family-stress' },
            ],
          ] as const),
        ),
    };
    const one = keeper({ market, riskModel: () => model, clock });
    await one.ready(2_000);
    expect(one.current().risk(c5a)?.crashProbability).to.equal(0.7);
    now += 7 * hour;
    expect(one.current().pricesAreStale).to.equal(true);
    expect(one.current().risk(c5a)).to.equal(undefined);
  });

  it('scores anew when prices change, when the model changes and when an hour has passed', async () => {
    let now = Date.now();
    const clock = { nowMs: () => now, monotonicMs: () => performance.now() };
    const scored: string[] = [];
    const modelOf = (description: string): RiskModel => ({
      name: 'family-stress',
      description,
      assess: () => {
        scored.push(description);
        return Promise.resolve(new Map());
      },
    });
    let model = modelOf('first');
    const file = staticFile(staticText(0.031));
    const one = keeper({ staticFile: file, riskModel: () => model, clock });
    await one.ready(2_000);
    await wait(20);
    const atRest = scored.length;
    await wait(20);
    expect(scored).to.have.length(atRest);
    model = modelOf('second');
    await until(() => scored.at(-1) === 'second');
    let before = scored.length;
    await writeFileAtomically(file.path, staticText(0.04));
    await until(() => scored.length > before);
    before = scored.length;
    now += hour + 1;
    await until(() => scored.length > before);
  });

  it('lets the operator’s words on a group outrank the Auto Scaling group’s', async () => {
    const facts = (source: 'configuration' | 'auto-scaling-group') => ({
      instanceTypes: ['c5.large'],
      zones: ['ap-south-1a'],
      capacityType: 'spot' as const,
      onDemandShare: 0,
      source,
    });
    const one = keeper({
      groups: {
        groups: () =>
          Promise.resolve(
            new Map([
              ['a', facts('auto-scaling-group')],
              ['b', facts('auto-scaling-group')],
            ]),
          ),
      },
      configuredGroup: (id) => (id === 'a' ? facts('configuration') : undefined),
    });
    await one.ready(2_000);
    expect(one.current().groupFacts('a', {})?.source).to.equal('configuration');
    expect(one.current().groupFacts('b', {})?.source).to.equal('auto-scaling-group');
    expect(one.current().groupFacts('c', {})).to.equal(undefined);
  });

  it('completes the operator’s words on a group with the Auto Scaling group’s, fact by fact', async () => {
    const group = {
      instanceTypes: ['c5.large', 'm5.large'],
      zones: ['ap-south-1a'],
      capacityType: 'unknown' as const,
      onDemandShare: 0,
      source: 'auto-scaling-group' as const,
    };
    const one = keeper({
      groups: { groups: () => Promise.resolve(new Map([['a', group]])) },
      configuredGroup: () => ({
        instanceTypes: [],
        zones: ['ap-south-1b'],
        capacityType: 'spot',
        onDemandShare: 0,
        source: 'configuration',
      }),
    });
    await one.ready(2_000);
    expect(one.current().groupFacts('a', {})).to.deep.equal({
      ...group,
      zones: ['ap-south-1b'],
      capacityType: 'spot',
      source: 'configuration',
    });
  });

  it('says in plain words that the model in use is mock', async () => {
    const one = keeper({ riskModel: () => mockRisk });
    await one.ready(2_000);
    expect(one.status().degradations).to.include('The risk model is mock: it knows nothing of any pool.');
  });

  it('is ready at the time-out and answers at once though every source hangs, heeding no signal', async () => {
    const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
    const one = keeper({
      staticFile: { path: 'dead-disk.json', store: { read: () => never() } },
      market: { history: () => never() },
      regionFacts: { zoneIds: () => never(), instanceTypes: () => never() },
      groups: { groups: () => never() },
      riskModel: () => ({ name: 'family-stress', description: 'hangs', assess: () => never() }),
    });
    const started = performance.now();
    await one.ready(50);
    expect(performance.now() - started).to.be.lessThan(1_000);
    expect(one.current().prices(c5a)).to.equal(undefined);
    expect(one.current().risk(c5a)).to.equal(undefined);
    await until(() => told.length >= 6);
    expect(new Set(told.map(({ source }) => source))).to.deep.equal(
      new Set(['static_intelligence', 'spot_prices', 'zones', 'instance_types', 'node_groups', 'risk_table']),
    );
    expect(told.every(({ sentence }) => sentence.includes('no answer within 200 ms'))).to.equal(true);
  });

  it('goes on with what it knows while a source that worked hangs', async () => {
    let hang = false;
    const store = fileDocuments();
    const file = staticFile(staticText(0.031));
    let reads = 0;
    const one = keeper({
      staticFile: {
        path: file.path,
        store: {
          read: (...asked) => {
            reads++;
            return hang ? new Promise(() => undefined) : store.read(...asked);
          },
        },
      },
    });
    await one.ready(2_000);
    hang = true;
    await until(() => told.some(({ outcome }) => outcome === 'failed'));
    const readsThen = reads;
    await wait(60);
    // One read waits on the dead disk, no second one joins it.
    expect(reads).to.equal(readsThen);
    expect(one.current().prices(c5a)?.spotPerHour).to.equal(0.031);
  });
});
