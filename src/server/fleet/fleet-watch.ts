import type { NodeView } from '../../drain/observed.ts';
import type { PoolKey } from '../../decision/pool.ts';
import type { FleetJournal, JournalEntry } from '../../ports/fleet-journal.ts';
import type { NodeFeed, NodeListener } from '../../ports/node-feed.ts';
import { FleetRecord } from './fleet-record.ts';
import { HotPools } from './hot-pools.ts';
import { sightingOf, type PoolNotice, type Sighting } from './sighting.ts';

export interface FleetWatchOptions {
  readonly feed: NodeFeed;
  /** Undefined: nothing is kept over a restart but what the nodes carry. */
  readonly journal: FleetJournal | undefined;
  readonly nowMs: () => number;
  /** How often node-hours are written down. */
  readonly hoursEveryMs: number;
  /** Each notice once, also over restarts where there is a journal. */
  readonly onNotice?: (notice: PoolNotice) => void;
  readonly info: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

interface SeenNode {
  readonly sighting: Sighting;
  /** Up to when its hours are counted. */
  readonly countedToMs: number;
  readonly seenMs: number;
}

const msPerHour = 3_600_000;

/** Hours are counted by the minute: a longer gap is a clock that was set, and no time that nodes have run. */
const longestGapMs = 2 * msPerHour;

/** The server's eye on the fleet: every signal makes its pool hot at once, and all of it becomes evidence. */
export class FleetWatch {
  readonly hotPools = new HotPools();
  readonly record = new FleetRecord();
  private readonly nodes = new Map<string, SeenNode>();
  private readonly options: FleetWatchOptions;
  private readonly unwritten: JournalEntry[] = [];
  private isWritable = true;
  private writing: Promise<void> = Promise.resolve();

  constructor(options: FleetWatchOptions) {
    this.options = options;
  }

  /** When the API server was last heard of, on the feed's own clock; undefined: never. */
  get lastHeardMs(): number | undefined {
    return this.options.feed.lastHeardMs();
  }

  get nodesSeen(): number {
    return this.nodes.size;
  }

  /** A launch in this pool brought no node: as far as capacity tells it is empty. */
  foundEmpty(pool: PoolKey): void {
    const entry: JournalEntry = { kind: 'shortage', pool, atMs: this.options.nowMs() };
    this.record.add(entry);
    this.write([entry]);
  }

  /** Reads the journal and watches until the signal; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    await this.learn();
    const timer = setInterval(() => this.countHours(), this.options.hoursEveryMs);
    const listener: NodeListener = {
      listed: (nodes) => {
        const names = new Set(nodes.map((one) => one.uid));
        for (const [uid, { sighting }] of this.nodes) if (!names.has(uid)) this.forget(sighting);
        for (const node of nodes) this.see(node);
      },
      changed: (node) => this.see(node),
      gone: (node) => {
        // A mark and the deletion may come in one step.
        this.see(node);
        this.forget(this.nodes.get(node.uid)?.sighting);
      },
    };
    await this.options.feed.run(listener, signal);
    clearInterval(timer);
    this.countHours();
    await this.writing;
  }

  private async learn(): Promise<void> {
    try {
      for (const entry of (await this.options.journal?.read()) ?? []) {
        const isNew = this.record.add(this.notAhead(entry));
        if (entry.kind === 'notice' && isNew) this.hotPools.hear(entry, this.options.nowMs());
      }
    } catch (error) {
      this.options.warn({ err: error }, 'the fleet journal cannot be read; evidence starts anew');
    }
  }

  private see(node: NodeView): void {
    const current = sightingOf(node);
    if (current === undefined) return;
    const nowMs = this.options.nowMs();
    const known = this.nodes.get(current.uid);
    // A machine is of one type and in one zone for life, whatever its labels come to say.
    const pool = known?.sighting.pool ?? current.pool;
    const notice = current.notice === undefined ? undefined : { ...current.notice, pool };
    const sighting = { ...current, pool, notice };
    this.nodes.set(current.uid, { sighting, countedToMs: known?.countedToMs ?? nowMs, seenMs: nowMs });
    if (sighting.doubt !== undefined && sighting.doubt !== known?.sighting.doubt)
      this.options.warn({ node: sighting.nodeName }, sighting.doubt);
    if (notice === undefined || notice.id === known?.sighting.notice?.id) return;
    const notBeforeMs = known?.seenMs ?? node.createdAtMs;
    this.hear(notice, this.believedAtMs(notice, notBeforeMs, known === undefined), sighting.nodeName);
  }

  /**
   * When the notice was given, as far as that is possible: after the node was last seen without it, or was made, and before now. A
   * notice of the future that was counted before a restart counts from then.
   */
  private believedAtMs(notice: PoolNotice, notBeforeMs: number, isFirstSight: boolean): number {
    const nowMs = this.options.nowMs();
    const countedMs = this.record.countedAtMs(notice);
    if (isFirstSight && countedMs !== undefined && notice.atMs > nowMs) return Math.min(countedMs, nowMs);
    return Math.min(Math.max(notice.atMs, notBeforeMs), nowMs);
  }

  private hear(notice: PoolNotice, atMs: number, nodeName: string): void {
    this.hotPools.hear({ ...notice, atMs }, this.options.nowMs());
    const entry: JournalEntry = { kind: 'notice', ...notice, atMs };
    if (!this.record.add(entry)) return;
    this.options.onNotice?.(notice);
    this.options.info(
      { pool: notice.pool, signal: notice.signal, node: nodeName, atMs },
      `${notice.pool} is hot: ${notice.signal} on ${nodeName}`,
    );
    this.write([entry]);
  }

  /** A journal written while our clock ran ahead must not keep a pool just interrupted until it gets there. */
  private notAhead(entry: JournalEntry): JournalEntry {
    return { ...entry, atMs: Math.min(entry.atMs, this.options.nowMs()) };
  }

  private forget(sighting: Sighting | undefined): void {
    if (sighting === undefined) return;
    this.write(this.hoursOf([sighting.uid]));
    this.nodes.delete(sighting.uid);
  }

  private countHours(): void {
    this.write(this.hoursOf([...this.nodes.keys()]));
    this.hotPools.sweep(this.options.nowMs());
  }

  /** One entry a pool, counted into the record and taken off the nodes. */
  private hoursOf(uids: readonly string[]): readonly JournalEntry[] {
    const atMs = this.options.nowMs();
    const hours = new Map<PoolKey, number>();
    for (const uid of uids) {
      const node = this.nodes.get(uid);
      if (node === undefined) continue;
      const { pool } = node.sighting;
      hours.set(
        pool,
        (hours.get(pool) ?? 0) + Math.min(longestGapMs, Math.max(0, atMs - node.countedToMs)) / msPerHour,
      );
      this.nodes.set(uid, { ...node, countedToMs: atMs });
    }
    const entries = [...hours]
      .filter(([, amount]) => amount > 0)
      .map(([pool, amount]): JournalEntry => ({ kind: 'hours', pool, hours: amount, atMs }));
    for (const entry of entries) this.record.add(entry);
    return entries;
  }

  /** In order, beside everything else; a disk that refuses costs evidence and nothing more. */
  private write(entries: readonly JournalEntry[]): void {
    if (this.options.journal === undefined || entries.length === 0) return;
    this.unwritten.push(...entries);
    this.writing = this.writing.then(() => this.flush());
  }

  private async flush(): Promise<void> {
    const { journal, info, warn } = this.options;
    // The record holds exactly what is written and these: a sum in their place counts nothing twice. After a fault it also
    // holds what could not be written then.
    const entries = this.unwritten.splice(0);
    if (journal === undefined || entries.length === 0) return;
    try {
      if (journal.isFull() || !this.isWritable) await journal.replace(this.record.entries());
      else await journal.append(entries);
      if (!this.isWritable)
        info({}, 'the fleet journal is written again, with all that was learnt meanwhile');
      this.isWritable = true;
    } catch (error) {
      if (this.isWritable)
        warn(
          { err: error },
          'the fleet journal cannot be written; a restart before it can be again loses what is learnt now',
        );
      this.isWritable = false;
    }
  }
}
