import { expect } from 'chai';
import fc from 'fast-check';
import { signalAnnotation, signalText } from '../../../../src/drain/marks.ts';
import type { NodeView } from '../../../../src/drain/observed.ts';
import type { Notice } from '../../../../src/drain/notice.ts';
import { FleetRecord } from '../../../../src/server/fleet/fleet-record.ts';
import {
  combinedRisk,
  fleetHazard,
  interruptionProbability,
  fleetFactor,
} from '../../../../src/server/fleet/fleet-hazard.ts';
import { fleetHazardModel } from '../../../../src/server/fleet/fleet-hazard-model.ts';
import { FleetWatch } from '../../../../src/server/fleet/fleet-watch.ts';
import { defaultHeatRules, HotPools } from '../../../../src/server/fleet/hot-pools.ts';
import { sightingOf } from '../../../../src/server/fleet/sighting.ts';
import type { FleetJournal, JournalEntry } from '../../../../src/ports/fleet-journal.ts';
import type { NodeFeed, NodeListener } from '../../../../src/ports/node-feed.ts';
import { aNode, instanceId, rebalanceAt, start, terminateAt } from '../../drain/simulated-node.ts';

const pool = {
  instanceType: 'c5.large',
  zone: 'ap-south-1a',
  region: 'ap-south-1',
  capacityType: 'spot',
} as const;
const key = 'c5.large@ap-south-1a' as const;
const hour = 3_600_000;

const spotLabels = {
  'node.kubernetes.io/instance-type': 'c5.large',
  'topology.kubernetes.io/zone': 'ap-south-1a',
  'eks.amazonaws.com/capacityType': 'SPOT',
};

function markedNode(notice: Notice, over: Partial<NodeView> = {}) {
  const kind =
    notice.kind === 'rebalance' ? 'REBALANCE' : notice.kind === 'maintenance' ? 'MAINTENANCE' : 'TERMINATION';
  const mark = {
    kind,
    notice,
    markedAtMs: start,
    deadlineMs: undefined,
    instanceId: over.providerId?.split('/').at(-1) ?? instanceId,
    bootId: '',
  } as const;
  return aNode({ labels: spotLabels, annotations: { [signalAnnotation]: signalText(mark) }, ...over });
}

describe('hot pools', () => {
  it('a termination makes its type and zone hot, and only that', () => {
    const hot = new HotPools();
    hot.hear({ pool: key, signal: 'TERMINATION', atMs: start });
    expect(hot.signal(pool, start)).to.deep.equal({
      kind: 'TERMINATION',
      atMs: start,
      expiresAtMs: start + defaultHeatRules.TERMINATION.ttlMs,
      heat: 1,
    });
    expect(hot.signal({ ...pool, zone: 'ap-south-1b' }, start)).to.equal(undefined);
    expect(hot.signal({ ...pool, instanceType: 'c5.xlarge' }, start)).to.equal(undefined);
    expect(hot.signal({ ...pool, capacityType: 'on-demand' }, start)).to.equal(undefined);
  });

  it('a notice of the future counts from when it is heard, and keeps no later one out', () => {
    const hot = new HotPools();
    const week = 7 * 24 * hour;
    hot.hear({ pool: key, signal: 'TERMINATION', atMs: start + week }, start);
    expect(hot.signal(pool, start)?.expiresAtMs).to.equal(start + defaultHeatRules.TERMINATION.ttlMs);
    hot.sweep(start + 2 * hour);
    expect(hot.all(start + 2 * hour)).to.deep.equal([]);
    hot.hear({ pool: key, signal: 'TERMINATION', atMs: start + 2 * hour }, start + 2 * hour);
    expect(hot.signal(pool, start + 2 * hour)?.heat).to.equal(1);
  });

  it('a notice that was heard while our clock ran ahead keeps no later one out', () => {
    const hot = new HotPools();
    const year = 365 * 24 * hour;
    hot.hear({ pool: key, signal: 'TERMINATION', atMs: start + year }, start + year);
    expect(hot.signal(pool, start)).to.equal(undefined);
    hot.hear({ pool: key, signal: 'TERMINATION', atMs: start }, start);
    expect(hot.signal(pool, start)?.atMs).to.equal(start);
  });

  it('a termination outranks a later rebalance while it is hot; afterwards the rebalance shows', () => {
    const hot = new HotPools({
      TERMINATION: { ttlMs: 1_000, initialHeat: 1 },
      REBALANCE: { ttlMs: 5_000, initialHeat: 0.5 },
    });
    hot.hear({ pool: key, signal: 'TERMINATION', atMs: start });
    hot.hear({ pool: key, signal: 'REBALANCE', atMs: start + 500 });
    expect(hot.signal(pool, start + 900)?.kind).to.equal('TERMINATION');
    expect(hot.signal(pool, start + 1_100)?.kind).to.equal('REBALANCE');
    expect(hot.signal(pool, start + 5_500)).to.equal(undefined);
  });

  it('heat is within 0..1, never rises without a notice, and an older notice never cools a pool', () => {
    const times = fc.integer({ min: 0, max: 2 * hour });
    fc.assert(
      fc.property(fc.array(times, { minLength: 1, maxLength: 6 }), times, times, (atMs, one, other) => {
        const hot = new HotPools();
        for (const at of atMs) hot.hear({ pool: key, signal: 'TERMINATION', atMs: start + at });
        const last = start + Math.max(...atMs);
        const [early, late] = [last + Math.min(one, other), last + Math.max(one, other)];
        const before = hot.signal(pool, early)?.heat ?? 0;
        const after = hot.signal(pool, late)?.heat ?? 0;
        expect(before).to.be.within(0, 1);
        expect(after).to.be.at.most(before);
        expect(hot.signal(pool, last)?.atMs).to.equal(last);
      }),
    );
  });

  it('forgets what has cooled down', () => {
    const hot = new HotPools();
    hot.hear({ pool: key, signal: 'REBALANCE', atMs: start });
    expect(hot.all(start)).to.have.length(1);
    hot.sweep(start + hour);
    expect(hot.all(start)).to.deep.equal([]);
  });
});

describe('what a node tells of its pool', () => {
  it('a Spot notice, with its kind and first sighting', () => {
    expect(sightingOf(markedNode(terminateAt(start + 120_000)))?.notice).to.deep.include({
      pool: key,
      signal: 'TERMINATION',
      atMs: start,
    });
    expect(sightingOf(markedNode(rebalanceAt()))?.notice?.signal).to.equal('REBALANCE');
  });

  it('nothing of Spot capacity when an Auto Scaling group scales in or a host is maintained', () => {
    const group: Notice = {
      kind: 'group-termination',
      id: 'group-termination/x',
      seenAtMs: start,
      present: true,
    };
    expect(sightingOf(markedNode(group))?.notice).to.equal(undefined);
  });

  it('nothing at all from an on-demand node, and from an unknown one only with a Spot notice', () => {
    const labels = { ...spotLabels, 'eks.amazonaws.com/capacityType': 'ON_DEMAND' };
    expect(sightingOf(markedNode(rebalanceAt(), { labels }))).to.equal(undefined);
    const unknown = {
      'node.kubernetes.io/instance-type': 'c5.large',
      'topology.kubernetes.io/zone': 'ap-south-1a',
    };
    expect(sightingOf(aNode({ labels: unknown }))).to.equal(undefined);
    expect(sightingOf(markedNode(rebalanceAt(), { labels: unknown }))?.pool).to.equal(key);
  });
});

/** A feed that the test plays by hand. */
function playedFeed() {
  let listener: NodeListener | undefined;
  const feed: NodeFeed = {
    lastHeardMs: () => start,
    async run(given, signal) {
      listener = given;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
  return { feed, play: () => listener! };
}

function memoryJournal(
  lines: JournalEntry[] = [],
  full = () => false,
): FleetJournal & { lines: JournalEntry[] } {
  const journal = {
    lines,
    isFull: full,
    read: () => Promise.resolve([...journal.lines]),
    append: (entries: readonly JournalEntry[]) => Promise.resolve(void journal.lines.push(...entries)),
    replace: (entries: readonly JournalEntry[]) => Promise.resolve(void (journal.lines = [...entries])),
  };
  return journal;
}

async function watching(
  journal: FleetJournal,
  work: (watch: FleetWatch, listener: NodeListener, clock: { nowMs: number }) => void,
) {
  const { feed, play } = playedFeed();
  const clock = { nowMs: start };
  const watch = new FleetWatch({
    feed,
    journal,
    nowMs: () => clock.nowMs,
    hoursEveryMs: 1e9,
    info: () => undefined,
    warn: () => undefined,
  });
  const stop = new AbortController();
  const run = watch.run(stop.signal);
  await new Promise((resolve) => setImmediate(resolve));
  work(watch, play(), clock);
  stop.abort();
  await run;
  return watch;
}

describe('fleet watch', () => {
  const marked = markedNode(terminateAt(start + 120_000));

  it('a mark makes the pool hot at once and is counted once, however often it is seen', async () => {
    const journal = memoryJournal();
    await watching(journal, (watch, listener) => {
      listener.listed([aNode({ labels: spotLabels })]);
      expect(watch.hotPools.signal(pool, start)).to.equal(undefined);
      listener.changed(marked);
      listener.changed(marked);
      listener.listed([marked]);
      expect(watch.hotPools.signal(pool, start)?.kind).to.equal('TERMINATION');
      expect(watch.record.of(key, start)?.interruptions).to.equal(1);
    });
    expect(journal.lines.filter((one) => one.kind === 'notice')).to.have.length(1);
  });

  it('a restarted server re-learns by listing, and from its journal when the node has gone', async () => {
    const journal = memoryJournal();
    await watching(journal, (_watch, listener) => {
      listener.changed(marked);
      listener.gone(marked);
    });
    await watching(journal, (watch, listener) => {
      expect(watch.hotPools.signal(pool, start + 60_000)?.kind).to.equal('TERMINATION');
      expect(watch.record.of(key, start)?.interruptions).to.equal(1);
      listener.listed([marked]);
      expect(watch.record.of(key, start)?.interruptions).to.equal(1);
    });
  });

  it('a pool that a launch found empty is evidence, also after a restart', async () => {
    const journal = memoryJournal();
    await watching(journal, (watch) => watch.foundEmpty(key));
    const again = await watching(journal, () => undefined);
    expect(again.record.of(key, start)).to.deep.include({ shortages: 1, emptyAtMs: start });
  });

  it('a node whose clock runs ahead keeps its pool just interrupted for no longer than any other', async () => {
    const ahead = markedNode({ ...terminateAt(start + 120_000), seenAtMs: start + 48 * hour });
    const journal = memoryJournal();
    for (const play of [(listener: NodeListener) => listener.changed(ahead), () => undefined])
      await watching(journal, (watch, listener) => {
        play(listener);
        expect(watch.record.of(key, start)?.interruptedAtMs).to.equal(start);
      });
  });

  it('counts the hours of every Spot node, also of those that go', async () => {
    const journal = memoryJournal();
    const watch = await watching(journal, (_watch, listener, clock) => {
      listener.listed([
        aNode({ labels: spotLabels }),
        aNode({ labels: spotLabels, uid: 'other', name: 'b' }),
      ]);
      clock.nowMs = start + hour;
      listener.gone(aNode({ labels: spotLabels }));
      clock.nowMs = start + 2 * hour;
    });
    expect(watch.record.of(key, start + 2 * hour)?.hours).to.be.closeTo(3, 0.01);
    const again = new FleetRecord();
    for (const entry of journal.lines) again.add(entry);
    expect(again.of(key, start + 2 * hour)?.hours).to.be.closeTo(3, 0.01);
  });

  it('a full journal is replaced by its sum, which counts nothing twice', async () => {
    const journal = memoryJournal([], () => true);
    const watch = await watching(journal, (_watch, listener, clock) => {
      listener.changed(marked);
      clock.nowMs = start + hour;
      listener.gone(marked);
    });
    const again = new FleetRecord();
    for (const entry of journal.lines) again.add(entry);
    expect(again.of(key, start + hour)).to.deep.equal(watch.record.of(key, start + hour));
  });
});

describe('a fleet watch whose journal cannot be written for a while', () => {
  it('writes all that was learnt meanwhile once it can, and says so', async () => {
    const journal = memoryJournal();
    let broken = true;
    const told: string[] = [];
    const write = async (work: () => Promise<void>) => {
      if (broken) throw new Error('no space left on device');
      await work();
    };
    const { feed, play } = playedFeed();
    const stop = new AbortController();
    const watch = new FleetWatch({
      feed,
      journal: {
        isFull: () => false,
        read: () => journal.read(),
        append: (entries) => write(() => journal.append(entries)),
        replace: (entries) => write(() => journal.replace(entries)),
      },
      nowMs: () => start,
      hoursEveryMs: 1e9,
      info: (_fields, sentence) => void told.push(sentence),
      warn: (_fields, sentence) => void told.push(sentence),
    });
    const run = watch.run(stop.signal);
    await new Promise((resolve) => setImmediate(resolve));
    const listener = play();
    listener.changed(markedNode(terminateAt(start + 120_000), { uid: 'one' }));
    await new Promise((resolve) => setImmediate(resolve));
    broken = false;
    listener.changed(markedNode(terminateAt(start + 120_000), { uid: 'two' }));
    stop.abort();
    await run;
    const again = new FleetRecord();
    for (const entry of journal.lines) again.add(entry);
    expect(again.of(key, start)?.interruptions).to.equal(2);
    expect(told.filter((one) => one.includes('journal'))).to.deep.equal([
      'the fleet journal cannot be written; a restart before it can be again loses what is learnt now',
      'the fleet journal is written again, with all that was learnt meanwhile',
    ]);
  });
});

describe('fleet hazard', () => {
  it('without evidence it is the advisor band', () => {
    const monthly = interruptionProbability(undefined, 0.1, 730, {
      strengthHours: 1e9,
      unknownMonthlyRate: 0.1,
    });
    expect(monthly).to.be.closeTo(0.1, 1e-6);
  });

  it('a fleet that is interrupted a hundred times as often as the bands say learns from a hundredth of the hours', () => {
    const factor = fleetFactor([
      { record: { hours: 1_000, interruptions: 10 }, advisorRate: 0.1 },
      { record: { hours: 1_000, interruptions: 19 }, advisorRate: undefined },
    ]);
    expect(factor).to.be.closeTo(30 / (1 + (2_000 * -Math.log(0.9)) / 730), 1e-9);
    expect(fleetFactor([{ record: { hours: 1e6, interruptions: 0 }, advisorRate: 0.1 }])).to.equal(1);
    expect(fleetFactor([])).to.equal(1);
    const prior = { strengthHours: 2_000, unknownMonthlyRate: 0.1, factor: 100 };
    const band = -Math.log(0.9) / 730;
    const untouched = interruptionProbability(undefined, 0.1, 1, prior);
    expect(untouched).to.be.closeTo(1 - (20 / 21) ** (band * 2_000), 1e-12);
    const struck = interruptionProbability({ hours: 5, interruptions: 1 }, 0.1, 1, prior);
    expect(struck / untouched).to.be.greaterThan(3);
  });

  it('with much evidence it is the fleet’s own rate, whatever the advisor says', () => {
    const seen = { hours: 1e7, interruptions: 1e4 };
    for (const rate of [0.025, 0.25])
      expect(interruptionProbability(seen, rate, 1)).to.be.closeTo(1 - Math.exp(-1e-3), 2e-6);
  });

  it('rises with interruptions, falls with quiet hours, and stays a probability', () => {
    const amounts = fc.record({
      hours: fc.integer({ min: 0, max: 1e6 }),
      interruptions: fc.integer({ min: 0, max: 1_000 }),
    });
    fc.assert(
      fc.property(amounts, fc.double({ min: 0, max: 1, noNaN: true }), (record, rate) => {
        const now = interruptionProbability(record, rate, 12);
        expect(now).to.be.within(0, 1);
        expect(
          interruptionProbability({ ...record, interruptions: record.interruptions + 1 }, rate, 12),
        ).to.be.greaterThan(now);
        expect(interruptionProbability({ ...record, hours: record.hours + 100 }, rate, 12)).to.be.at.most(
          now,
        );
        expect(fleetHazard(record, rate, 12).crashProbability).to.be.within(0, 1);
      }),
    );
  });

  it('combines with family stress as either-or, and a neutral stress changes no odds', () => {
    const hazard = fleetHazard({ hours: 1_000, interruptions: 3 }, 0.1, 12);
    const neutral = { crashProbability: 0.5, expectedFrequency: 0, source: 'family-stress' } as const;
    expect(combinedRisk(hazard, neutral)).to.deep.include({ expectedFrequency: hazard.expectedFrequency });
    expect(combinedRisk(hazard, neutral).crashProbability).to.be.closeTo(hazard.crashProbability, 1e-12);
    const stressed = combinedRisk(hazard, { ...neutral, crashProbability: 0.9, expectedFrequency: 0.4 });
    expect(stressed.crashProbability).to.be.greaterThan(hazard.crashProbability);
    expect(stressed.expectedFrequency).to.be.closeTo(1 - (1 - hazard.expectedFrequency) * 0.9, 1e-12);
  });

  it('as a risk model: one assessment a pool, the fleet’s own where the other model fails', async () => {
    const record = new FleetRecord();
    for (let index = 0; index < 20; index += 1)
      record.add({ kind: 'notice', pool: key, signal: 'TERMINATION', id: String(index), atMs: start });
    const empty = new Float64Array(0);
    const series = ['ap-south-1a', 'ap-south-1b'].map((zone) => ({
      region: 'ap-south-1',
      zone,
      instanceType: 'c5.large',
      atMs: empty,
      pricePerHour: empty,
    }));
    const told: (readonly [number, unknown])[] = [];
    const model = fleetHazardModel({
      onBeside: (failures, error) => told.push([failures, error instanceof Error && error.message]),
      record,
      advisorBand: () => ({ interruptRate: 0.075, code: 1 }),
      horizonHours: 12,
      beside: { name: 'family-stress', description: '', assess: () => Promise.reject(new Error('no model')) },
    });
    const assessed = await model.assess(
      { series, onDemandPerHour: () => undefined, nowMs: start },
      new AbortController().signal,
    );
    expect(told).to.deep.equal([[1, 'no model']]);
    expect(assessed.size).to.equal(2);
    expect(assessed.get(key)!.expectedFrequency).to.be.greaterThan(
      assessed.get('c5.large@ap-south-1b')!.expectedFrequency * 5,
    );
  });

  it('evidence loses half its weight in two months', () => {
    const record = new FleetRecord();
    record.add({ kind: 'total', pool: key, hours: 100, interruptions: 4, rebalances: 0, atMs: start });
    expect(record.of(key, start + 60 * 24 * hour)?.interruptions).to.be.closeTo(2, 1e-9);
  });
});
