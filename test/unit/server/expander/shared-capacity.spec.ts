import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ClusterUnavailable } from '../../../../src/errors/cluster-unavailable.ts';
import {
  capacityRecord,
  capacityRecordText,
  type RestEntry,
} from '../../../../src/formats/capacity-record.ts';
import type { SharedDocument, SharedDocumentState } from '../../../../src/ports/shared-document.ts';
import { SharedCapacity, type SyncResult } from '../../../../src/server/expander/shared-capacity.ts';
import { until } from '../../../peers/until.ts';

const minutes = 60_000;
const rest = (group: string, sinceMs = Date.now()): RestEntry => ({
  kind: 'rest',
  of: 'group',
  type: 'c5.large',
  zone: 'ap-south-1a',
  region: 'ap-south-1',
  capacity: 'spot',
  group,
  since: new Date(sinceMs).toISOString(),
  until: new Date(sinceMs + 10 * minutes).toISOString(),
  evidence: 'nothing came',
  by: 'test',
});

/** A document in memory that behaves as the API server's: versions, conflicts, watches. */
class Board {
  state: SharedDocumentState = { version: undefined, text: '' };
  trouble: ClusterUnavailable | undefined;
  writes = 0;
  conflicts = 0;
  private count = 0;
  private readonly watchers = new Set<(state: SharedDocumentState) => void>();

  set(text: string | undefined): void {
    this.state =
      text === undefined ? { version: undefined, text: '' } : { version: String((this.count += 1)), text };
    for (const watcher of this.watchers) watcher(this.state);
  }

  view(): SharedDocument {
    const answer = async <T>(work: () => T): Promise<T> => {
      await sleep(1);
      if (this.trouble !== undefined) throw this.trouble;
      return work();
    };
    return {
      place: 'the board',
      read: () => answer(() => this.state),
      follow: async (_, onChange, signal) => {
        this.watchers.add(onChange);
        onChange(this.state);
        await sleep(60_000, undefined, { signal, ref: false }).catch(() => undefined);
        this.watchers.delete(onChange);
      },
      make: () =>
        answer(() => {
          if (this.state.version === undefined) this.set('');
        }),
      write: (text, version) =>
        answer(() => {
          this.writes += 1;
          if (version !== this.state.version) {
            this.conflicts += 1;
            return 'conflict';
          }
          this.set(text);
          return 'written';
        }),
    };
  }

  groups(): readonly string[] {
    return capacityRecord(this.state.text, Date.now())
      .entries.map((entry) => ('group' in entry ? String(entry['group']) : ''))
      .sort();
  }
}

describe('capacity memory that replicas share', () => {
  let stopping: AbortController;
  beforeEach(() => (stopping = new AbortController()));
  afterEach(() => stopping.abort());

  function replica(board: Board, restored: readonly RestEntry[] = [], pauses: { deniedMs?: number } = {}) {
    const heard = new Map<string, RestEntry>(restored.map((one) => [one.group, one]));
    const synced: SyncResult[] = [];
    const shared = new SharedCapacity({
      document: board.view(),
      restored,
      hear: (begun, ended) => {
        for (const { group } of ended) heard.delete(group);
        for (const entry of begun) heard.set(entry.group, entry);
      },
      nowMs: Date.now,
      chance: Math.random,
      onSync: (result) => void synced.push(result),
      pauses: {
        gatherMs: 2,
        retry: { firstPauseMs: 4, greatestPauseMs: 20, jitter: 0.5 },
        deniedMs: 30,
        ...pauses,
      },
    });
    void shared.run(stopping.signal);
    return { shared, heard, synced };
  }
  const knows = (one: { heard: ReadonlyMap<string, unknown> }, ...groups: readonly string[]) =>
    until(`it to know ${groups.join()}`, () =>
      Promise.resolve([...one.heard.keys()].sort().join() === groups.join()),
    );

  it('what one sees begin and end the others hear', async () => {
    const board = new Board();
    const [one, other] = [replica(board), replica(board)];
    const dry = rest('a');
    one.shared.tell({ begun: [dry], ended: [] });
    await knows(other, 'a');
    other.shared.tell({ begun: [], ended: [dry] });
    await knows(one);
    expect(board.groups()).to.deep.equal([]);
  });

  it('ten that write at once lose nothing: conflicts are read again and merged', async () => {
    const board = new Board();
    const ten = Array.from({ length: 10 }, () => replica(board));
    const names = ten.map((_, index) => `g${index}`);
    ten.forEach(({ shared }, index) => shared.tell({ begun: [rest(`g${index}`)], ended: [] }));
    await Promise.all(ten.map((one) => knows(one, ...names)));
    expect(board.groups()).to.deep.equal(names);
    expect(board.conflicts).to.be.above(0);
  });

  it('an outage delays what is shared and loses nothing of it', async () => {
    const board = new Board();
    const [one, other] = [replica(board), replica(board)];
    board.trouble = new ClusterUnavailable('the API server is away');
    one.shared.tell({ begun: [rest('a')], ended: [] });
    await until('it to be told', () => Promise.resolve(one.synced.includes('failed')));
    board.trouble = undefined;
    await knows(other, 'a');
  });

  it('where the right is missing it is said, and looked for again', async () => {
    const board = new Board();
    board.trouble = new ClusterUnavailable('forbidden', { status: 403 });
    const one = replica(board);
    one.shared.tell({ begun: [rest('a')], ended: [] });
    await until('it to be told', () => Promise.resolve(one.synced.includes('denied')));
    board.trouble = undefined;
    await until('the record', () => Promise.resolve(board.groups().includes('a')));
  });

  it('an API server that denies everything while it starts is asked again at once, not in ten minutes', async () => {
    const board = new Board();
    board.trouble = new ClusterUnavailable('forbidden', { status: 403 });
    const one = replica(board, [], { deniedMs: 600_000 });
    one.shared.tell({ begun: [rest('a')], ended: [] });
    await until('it to be told', () => Promise.resolve(one.synced.includes('denied')));
    board.trouble = undefined;
    await until('the record', () => Promise.resolve(board.groups().includes('a')));
  });

  it('a record that a person deletes is forgotten by all, and made anew by the next rest', async () => {
    const board = new Board();
    const [one, other] = [replica(board), replica(board)];
    one.shared.tell({ begun: [rest('a')], ended: [] });
    await Promise.all([knows(one, 'a'), knows(other, 'a')]);
    board.set(undefined);
    await Promise.all([knows(one), knows(other)]);
    other.shared.tell({ begun: [rest('b')], ended: [] });
    await knows(one, 'b');
  });

  it('a restart shares what its disk remembers where there is no record, and believes the record where there is one', async () => {
    const board = new Board();
    const [dry, ended] = [rest('a'), rest('b')];
    const first = replica(board, [dry]);
    await until('the record', () => Promise.resolve(board.groups().join() === 'a'));
    await knows(first, 'a');
    const second = replica(board, [dry, ended]);
    await knows(second, 'a');
    expect(board.groups()).to.deep.equal(['a']);
  });

  it('what nobody can believe is told and replaced by the next writing', async () => {
    const board = new Board();
    board.set('x'.repeat(1_000_000));
    const one = replica(board);
    await until('the doubt', () => Promise.resolve(one.synced.includes('doubted')));
    one.shared.tell({ begun: [rest('a')], ended: [] });
    await until('the record', () => Promise.resolve(board.groups().join() === 'a'));
    expect(board.state.text.length).to.be.below(1_000);
  });

  it('entries of other programs are carried on', async () => {
    const board = new Board();
    const soon = new Date(Date.now() + minutes).toISOString();
    const hot = { kind: 'hot', key: 'c5.large@ap-south-1a', since: new Date().toISOString(), until: soon };
    board.set(capacityRecordText([hot]));
    const one = replica(board);
    one.shared.tell({ begun: [rest('a')], ended: [] });
    await until('both', () =>
      Promise.resolve(capacityRecord(board.state.text, Date.now()).entries.length === 2),
    );
    expect(capacityRecord(board.state.text, Date.now()).entries).to.deep.include(hot);
  });
});
