import { ClusterUnavailable } from '../../errors/cluster-unavailable.ts';
import {
  capacityRecord,
  capacityRecordText,
  entryKey,
  isRest,
  mergedEntries,
  type CapacityEntry,
  type RecordChange,
  type RestEntry,
} from '../../formats/capacity-record.ts';
import { pause, pauseMs, usualJitter, type Pace } from '../../patience/pace.ts';
import type { SharedDocument, SharedDocumentState } from '../../ports/shared-document.ts';

export const syncResults = ['read', 'written', 'conflict', 'failed', 'denied', 'doubted'] as const;

export type SyncResult = (typeof syncResults)[number];

export interface SharedCapacityOptions {
  readonly document: SharedDocument;
  /** What this server remembered from before its start. */
  readonly restored: readonly RestEntry[];
  /** What others have seen begin and end. */
  readonly hear: (begun: readonly RestEntry[], ended: readonly RestEntry[]) => void;
  readonly nowMs: () => number;
  /** 0 ≤ chance < 1. */
  readonly chance: () => number;
  readonly onSync: (result: SyncResult, sentence: string, error?: unknown) => void;
  readonly pauses?: Partial<Pauses>;
}

export interface Pauses {
  /** Changes of one moment are written together. */
  readonly gatherMs: number;
  readonly retry: Pace;
  /** Where the right is missing: somebody may grant it. */
  readonly deniedMs: number;
}

const usualPauses: Pauses = {
  gatherMs: 200,
  retry: { firstPauseMs: 500, greatestPauseMs: 60_000, jitter: usualJitter },
  deniedMs: 600_000,
};

/** An API server that has just started denies everything until it has read its roles: so many denials say nothing yet. */
const deniedForMoments = 6;

/** More changes than this wait for no outage: those that end first are forgotten, since they are over first. */
const mostWaiting = 512;

/**
 * Capacity memory that replicas share. What happens here is merged into the record, what others have written is heard; an entry
 * that was there and is gone before its time was taken out by somebody who saw it end, or by a person who wants it forgotten.
 * Nothing waits for it: an API server that is away costs agreement, not answers.
 */
export class SharedCapacity {
  private readonly options: SharedCapacityOptions;
  private readonly pauses: Pauses;
  private known: ReadonlyMap<string, CapacityEntry> | undefined;
  private readonly begun = new Map<string, CapacityEntry>();
  private readonly over = new Map<string, CapacityEntry>();
  private wake: (() => void) | undefined;

  constructor(options: SharedCapacityOptions) {
    this.options = options;
    this.pauses = { ...usualPauses, ...options.pauses };
  }

  /** What has happened here, to be written down soon. */
  tell({ begun, ended }: RecordChange): void {
    for (const entry of ended) {
      this.begun.delete(entryKey(entry));
      this.over.set(entryKey(entry), entry);
    }
    for (const entry of begun) this.begun.set(entryKey(entry), entry);
    for (const waiting of [this.begun, this.over])
      for (const key of waiting.keys()) if (waiting.size > mostWaiting) waiting.delete(key);
    this.wake?.();
  }

  /** Reads, follows and writes until the signal; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.patiently(signal, (heard) => this.followOnce(heard, signal)),
      this.patiently(signal, (heard) => this.writeOnce(heard, signal)),
    ]);
  }

  /** Again and again, with pauses that grow while it fails. */
  private async patiently(signal: AbortSignal, work: (heard: () => void) => Promise<void>): Promise<void> {
    const isOver = () => signal.aborted;
    let failures = 0;
    const heard = () => (failures = 0);
    while (!isOver())
      try {
        await work(heard);
      } catch (error) {
        if (isOver()) return;
        failures += 1;
        const isDenied = error instanceof ClusterUnavailable && error.status === 403;
        this.options.onSync(
          isDenied ? 'denied' : 'failed',
          isDenied
            ? `${this.options.document.place} may not be read and written: replicas do not share what rests (the role needs get, watch, create and patch of this one name)`
            : `${this.options.document.place} cannot be had: what rests is not shared for now`,
          error,
        );
        await pause(
          isDenied && failures > deniedForMoments ? this.pauses.deniedMs : this.retryPauseMs(failures),
          signal,
        );
      }
  }

  private retryPauseMs(failures: number): number {
    return pauseMs(this.pauses.retry, failures, this.options.chance());
  }

  private async followOnce(heard: () => void, signal: AbortSignal): Promise<void> {
    const { document } = this.options;
    const startedMs = performance.now();
    const state = await document.read(signal);
    heard();
    this.learn(state);
    await document.follow(
      state.version ?? '',
      (next) => {
        heard();
        this.learn(next);
      },
      signal,
    );
    // A server that ends every watch at once must not be asked in a circle.
    if (performance.now() - startedMs < 1_000) await pause(1_000, signal);
  }

  private async writeOnce(heard: () => void, signal: AbortSignal): Promise<void> {
    if (this.begun.size === 0 && this.over.size === 0) {
      await this.awaken(signal);
      return;
    }
    await pause(this.pauses.gatherMs, signal);
    if (signal.aborted) return;
    const { document, nowMs, onSync } = this.options;
    let state = await document.read(signal);
    if (state.version === undefined) {
      await document.make(signal);
      state = await document.read(signal);
    }
    if (state.version === undefined) throw new Error(`${document.place} was made and is gone again`);
    const [begun, ended] = [[...this.begun.values()], [...this.over.values()]];
    const { entries } = capacityRecord(state.text, nowMs());
    const result = await document.write(
      capacityRecordText(mergedEntries(entries, { begun, ended }, nowMs())),
      state.version,
      signal,
    );
    heard();
    onSync(
      result,
      result === 'written' ? 'what rests is shared' : 'somebody else wrote what rests at the same time',
    );
    if (result === 'conflict') {
      await pause(this.retryPauseMs(1), signal);
      return;
    }
    // What has changed since waits for the next time.
    for (const entry of begun) forget(this.begun, entry);
    for (const entry of ended) forget(this.over, entry);
  }

  private learn({ version, text }: SharedDocumentState): void {
    const { hear, nowMs, onSync, restored } = this.options;
    const { entries, doubts } = capacityRecord(text, nowMs());
    onSync('read', 'what rests is read');
    if (doubts.length > 0)
      onSync('doubted', `of ${this.options.document.place} this is not believed: ${doubts.join('; ')}`);
    const now = new Map(entries.map((entry) => [entryKey(entry), entry]));
    if (this.known === undefined && version === undefined && restored.length > 0)
      this.tell({ begun: restored, ended: [] });
    // At the start a record that is there knows better than our own disk what has ended meanwhile.
    const before =
      this.known ?? new Map(version === undefined ? [] : restored.map((one) => [entryKey(one), one]));
    const gone = [...before.values()].filter(
      (entry) =>
        now.get(entryKey(entry))?.since !== entry.since &&
        Date.parse(entry.until) > nowMs() &&
        this.begun.get(entryKey(entry))?.since !== entry.since,
    );
    const news = entries.filter((entry) => this.over.get(entryKey(entry))?.since !== entry.since);
    this.known = now;
    hear(news.filter(isRest), gone.filter(isRest));
  }

  private async awaken(signal: AbortSignal): Promise<void> {
    const woken = Promise.withResolvers<undefined>();
    const go = () => woken.resolve(undefined);
    this.wake = go;
    signal.addEventListener('abort', go, { once: true });
    if (signal.aborted) go();
    await woken.promise;
    this.wake = undefined;
    signal.removeEventListener('abort', go);
  }
}

function forget(waiting: Map<string, CapacityEntry>, entry: CapacityEntry): void {
  if (waiting.get(entryKey(entry)) === entry) waiting.delete(entryKey(entry));
}
