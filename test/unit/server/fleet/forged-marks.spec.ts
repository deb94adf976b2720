import { expect } from 'chai';
import { signalAnnotation, signalText } from '../../../../src/drain/marks.ts';
import type { NodeView } from '../../../../src/drain/observed.ts';
import type { FleetJournal, JournalEntry } from '../../../../src/ports/fleet-journal.ts';
import type { NodeListener } from '../../../../src/ports/node-feed.ts';
import { FleetRecord } from '../../../../src/server/fleet/fleet-record.ts';
import { FleetWatch } from '../../../../src/server/fleet/fleet-watch.ts';
import { sightingOf } from '../../../../src/server/fleet/sighting.ts';
import { aNode, start } from '../../drain/simulated-node.ts';

const key = 'c5.large@ap-south-1a' as const;
const pool = { instanceType: 'c5.large', zone: 'ap-south-1a', capacityType: 'spot' } as const;
const minute = 60_000;
const hour = 3_600_000;
const year = 365 * 24 * hour;
const labels = {
  'node.kubernetes.io/instance-type': 'c5.large',
  'topology.kubernetes.io/zone': 'ap-south-1a',
  'eks.amazonaws.com/capacityType': 'SPOT',
};

function spotNode(over: Partial<NodeView> = {}): NodeView {
  return aNode({ labels, createdAtMs: start - hour, ...over });
}

interface Forged {
  readonly id?: string;
  readonly seenAtMs?: number;
  readonly instanceId?: string;
}

function marked(
  { id = 'spot-interruption/x', seenAtMs = start, instanceId = '' }: Forged = {},
  over: Partial<NodeView> = {},
): NodeView {
  const notice = {
    kind: 'spot-interruption',
    id,
    present: true,
    action: 'terminate',
    atMs: start + 2 * minute,
    seenAtMs,
  } as const;
  const text = signalText({
    kind: 'TERMINATION',
    notice,
    markedAtMs: start,
    deadlineMs: undefined,
    instanceId,
    bootId: '',
  });
  return spotNode({ annotations: { [signalAnnotation]: text }, ...over });
}

interface Watched {
  readonly watch: FleetWatch;
  readonly listener: NodeListener;
  readonly clock: { nowMs: number };
  readonly lines: JournalEntry[];
  readonly warned: string[];
  readonly stop: () => Promise<void>;
}

async function watched(lines: JournalEntry[] = [], nowMs = start): Promise<Watched> {
  const clock = { nowMs };
  const warned: string[] = [];
  const stop = new AbortController();
  const journal: FleetJournal = {
    isFull: () => false,
    read: () => Promise.resolve([...lines]),
    append: (entries) => Promise.resolve(void lines.push(...entries)),
    replace: (entries) => Promise.resolve(void lines.splice(0, lines.length, ...entries)),
  };
  const { promise, resolve } = Promise.withResolvers<NodeListener>();
  const watch = new FleetWatch({
    feed: {
      lastHeardMs: () => start,
      run: (listener, signal) =>
        new Promise((end) => {
          resolve(listener);
          signal.addEventListener('abort', () => end());
        }),
    },
    journal,
    nowMs: () => clock.nowMs,
    hoursEveryMs: 1e9,
    info: () => undefined,
    warn: (_, sentence) => void warned.push(sentence),
  });
  const running = watch.run(stop.signal);
  const listener = await promise;
  return {
    watch,
    listener,
    clock,
    lines,
    warned,
    stop: () => {
      stop.abort();
      return running;
    },
  };
}

describe('a mark that was forged', () => {
  it('under 2,001 ids is one interruption of one node, and one line of the journal', async () => {
    const { watch, listener, lines, stop } = await watched();
    listener.listed([spotNode()]);
    for (let time = 0; time < 2_001; time += 1) listener.changed(marked({ id: `forged-${time}` }));
    expect(watch.record.of(key, start)?.interruptions).to.equal(1);
    expect(watch.record.noticesCounted).to.equal(1);
    await stop();
    expect(lines.filter(({ kind }) => kind === 'notice')).to.have.length(1);
  });

  it('with an id of 250 KB is not believed, said once, and written nowhere', async () => {
    const { watch, listener, lines, warned, stop } = await watched();
    for (let time = 0; time < 3; time += 1) listener.changed(marked({ id: 'x'.repeat(250_000) }));
    expect(watch.hotPools.all(start)).to.deep.equal([]);
    expect(watch.record.of(key, start)).to.equal(undefined);
    await stop();
    expect(JSON.stringify(lines)).to.have.length.below(1_000);
    expect(warned).to.deep.equal(['the mark on node-a is not believed: its id has 250000 characters']);
  });

  it('of another instance is not believed', async () => {
    const { watch, listener, warned, stop } = await watched();
    listener.changed(marked({ instanceId: 'i-00000000000000bad' }));
    await stop();
    expect(watch.hotPools.all(start)).to.deep.equal([]);
    expect(warned.join()).to.equal(
      'the mark on node-a is not believed: it is of i-00000000000000bad, the node is i-0123456789abcdef0',
    );
  });

  for (const [when, seenAtMs] of [
    ['of the next century', start + 75 * year],
    ['of long ago', start - 50 * year],
  ] as const) {
    it(`${when} is of between the node's last sight without it and now`, async () => {
      const { watch, listener, clock, stop } = await watched();
      listener.listed([spotNode()]);
      clock.nowMs = start + 10 * minute;
      listener.changed(marked({ seenAtMs }));
      expect(watch.record.of(key, clock.nowMs)?.interruptedAtMs).to.be.within(start, clock.nowMs);
      await stop();
    });

    it(`${when} keeps no real one out, of its own node or of another`, async () => {
      for (const uid of ['uid-node-a', 'another']) {
        const { watch, listener, clock, stop } = await watched();
        listener.listed([spotNode()]);
        listener.changed(marked({ seenAtMs, id: 'forged' }));
        clock.nowMs = start + 10 * hour;
        expect(watch.hotPools.signal(pool, clock.nowMs)).to.equal(undefined);
        listener.changed(marked({ seenAtMs: clock.nowMs, id: 'real' }, { uid }));
        expect(watch.hotPools.signal(pool, clock.nowMs)?.heat).to.equal(1);
        await stop();
      }
    });

    it(`${when} makes no pool hot anew with every restart`, async () => {
      const first = await watched();
      first.listener.listed([spotNode()]);
      first.listener.changed(marked({ seenAtMs }));
      await first.stop();
      const later = start + 10 * hour;
      const again = await watched(first.lines, later);
      again.listener.listed([marked({ seenAtMs })]);
      expect(again.watch.hotPools.signal(pool, later)).to.equal(undefined);
      expect(again.watch.record.of(key, later)?.interruptions).to.be.closeTo(1, 0.01);
      await again.stop();
    });
  }

  it('before a real one that came while the server was away does not keep it out', async () => {
    const first = await watched();
    first.listener.listed([spotNode()]);
    first.listener.changed(marked({ id: 'forged' }));
    await first.stop();
    const later = start + 10 * hour;
    const again = await watched(first.lines, later);
    again.listener.listed([marked({ id: 'real', seenAtMs: later - minute })]);
    expect(again.watch.hotPools.signal(pool, later)?.kind).to.equal('TERMINATION');
    await again.stop();
  });

  it('does not move a node to another pool: neither heat nor hours are of what its labels come to say', async () => {
    const { watch, listener, clock, stop } = await watched();
    listener.listed([spotNode()]);
    const other = { ...labels, 'node.kubernetes.io/instance-type': 'p5.48xlarge' };
    listener.changed(marked({}, { labels: other }));
    clock.nowMs = start + hour;
    listener.gone(marked({}, { labels: other }));
    await stop();
    expect(watch.record.poolKeys()).to.deep.equal([key]);
    expect(watch.record.of(key, clock.nowMs)).to.include({ hours: 1 });
  });

  it('says nothing on a node that is labelled with another zone than its instance is in', () => {
    const elsewhere = { ...labels, 'topology.kubernetes.io/zone': 'ap-south-1b' };
    expect(sightingOf(marked({}, { labels: elsewhere }))).to.equal(undefined);
    expect(
      sightingOf(marked({}, { labels: { ...labels, 'node.kubernetes.io/instance-type': 'x y' } })),
    ).to.equal(undefined);
  });
});

describe('what a pool can have met', () => {
  it('is replayed from the journal under the same rules, also what an earlier version wrote', () => {
    const record = new FleetRecord();
    for (let time = 0; time < 2_001; time += 1)
      record.add({ kind: 'notice', pool: key, signal: 'TERMINATION', id: `one-node/${time}`, atMs: start });
    record.add({ kind: 'notice', pool: key, signal: 'REBALANCE', id: 'one-node/r', atMs: start });
    record.add({ kind: 'counted', id: 'other/known', atMs: start });
    record.add({ kind: 'notice', pool: key, signal: 'TERMINATION', id: 'other/known', atMs: start });
    expect(record.of(key, start)).to.include({ interruptions: 1, rebalances: 1 });
  });

  it('has no more hours than its nodes have run, whatever the clock is set to', async () => {
    const { watch, listener, clock, stop } = await watched();
    listener.listed([spotNode()]);
    clock.nowMs = start + 3 * year;
    await stop();
    expect(watch.record.of(key, clock.nowMs)?.hours).to.be.at.most(2);
  });

  it('long ago weighs as little as its age says, in whatever order it is told', () => {
    const entries: readonly JournalEntry[] = [
      { kind: 'hours', pool: key, hours: 10, atMs: start },
      { kind: 'notice', pool: key, signal: 'TERMINATION', id: 'a/x', atMs: start - 120 * 24 * hour },
    ];
    for (const order of [entries, entries.toReversed()]) {
      const record = new FleetRecord();
      for (const entry of order) record.add(entry);
      expect(record.of(key, start)?.interruptions).to.be.closeTo(0.25, 1e-9);
      expect(record.of(key, start)?.hours).to.be.closeTo(10, 1e-9);
    }
  });

  it('is kept of at most 2,000 pools and 4,000 nodes', () => {
    const record = new FleetRecord();
    for (let index = 0; index < 5_000; index += 1)
      record.add({
        kind: 'notice',
        pool: `t${index}.large@ap-south-1a`,
        signal: 'TERMINATION',
        id: `node-${index}/x`,
        atMs: start,
      });
    expect(record.poolKeys()).to.have.length(2_000);
    const kinds = Object.groupBy(record.entries(), ({ kind }) => kind);
    expect(kinds.total).to.have.length(2_000);
    expect(kinds.counted).to.have.length(4_000);
    expect(kinds.span).to.have.length(2_000);
    expect(JSON.stringify(record.entries()).length).to.be.below(1024 * 1024);
  });
});
