import type { Clock } from '../../ports/clock.ts';
import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';
import type { Log } from '../../telemetry/log.ts';

/**
 * `dropped`: not written because too much was waiting, the recording is larger than the whole bound, or writing is off.
 * `removed`: an old recording that made room.
 */
export type RecordingResult = 'stored' | 'dropped' | 'failed' | 'removed';

export type RecordingStore = Pick<ObjectStore, 'list' | 'put' | 'delete'>;

export interface RecorderOptions {
  /** Recordings are its objects `NAME.json.gz`; others are left alone. */
  readonly store: RecordingStore;
  readonly compressed: (text: string) => Promise<Uint8Array>;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly onResult: (result: RecordingResult) => void;
  /** Requests can be large: only so many wait for the disk. */
  readonly maxWaiting?: number;
  /** How long nothing is written after a fault. */
  readonly offMs?: number;
}

export interface NamedText {
  readonly name: string;
  readonly text: string;
}

export interface Recorder {
  /** Returns at once and never throws; `recording` is called later, off the answer's path. */
  readonly record: (recording: () => NamedText) => void;
  /** Waits for what is still being written, at most `waitMs`. */
  readonly close: (waitMs: number) => Promise<void>;
}

/** Writes recordings one after the other. A slow disk fills the short queue, a broken one turns recording off for a while. */
export function recorder(options: RecorderOptions): Recorder {
  const { clock, log, onResult, maxWaiting = 16, offMs = 60_000 } = options;
  const waiting: (() => NamedText)[] = [];
  const kept = keptRecordings(options);
  let offUntilMs = Number.NEGATIVE_INFINITY;
  let writing: Promise<void> | undefined;

  const writeAll = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      // Serialising is synchronous work: calls that came in meanwhile go first.
      await new Promise((resolve) => setImmediate(resolve));
      try {
        onResult(await kept.store(next()));
      } catch (error) {
        offUntilMs = clock.monotonicMs() + offMs;
        onResult('failed');
        waiting.splice(0).forEach(() => onResult('dropped'));
        log.warn({ err: error, offMs }, 'a recording could not be written; recording is off for a while');
      }
    }
    writing = undefined;
  };

  return {
    record: (recording) => {
      if (clock.monotonicMs() < offUntilMs || waiting.length >= maxWaiting) {
        onResult('dropped');
        return;
      }
      waiting.push(recording);
      writing ??= writeAll();
    },
    close: async (waitMs) => {
      if (writing === undefined) return;
      const { promise: late, resolve: giveUp } = Promise.withResolvers<undefined>();
      const timer = setTimeout(() => giveUp(undefined), waitMs);
      await Promise.race([writing, late]);
      clearTimeout(timer);
    },
  };
}

/** Of the root; names begin with their time, so that the first is the oldest. */
const recordingKey = /^[^/]+\.json\.gz$/;
/** For what a store has to do around one recording. */
const storeLimitMs = 60_000;

/** What the store holds, oldest first, within the bound. */
function keptRecordings({ store, compressed, maxBytes, onResult }: RecorderOptions) {
  let entries: StoredObject[] | undefined;
  let bytesHeld = 0;

  const makeRoom = async (bytes: number, signal: AbortSignal) => {
    entries ??= (await store.list('', signal)).filter(({ key }) => recordingKey.test(key));
    bytesHeld = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    while (bytesHeld + bytes > maxBytes) {
      const oldest = entries[0];
      if (oldest === undefined) return;
      await store.delete(oldest.key, signal);
      entries.shift();
      bytesHeld -= oldest.bytes;
      onResult('removed');
    }
  };

  return {
    store: async ({ name, text }: NamedText): Promise<'stored' | 'dropped'> => {
      const bytes = await compressed(text);
      if (bytes.byteLength > maxBytes) return 'dropped';
      const signal = AbortSignal.timeout(storeLimitMs);
      const key = `${name}.json.gz`;
      try {
        await makeRoom(bytes.byteLength, signal);
        await store.put(key, bytes, signal);
      } catch (error) {
        // What is on the disk is no longer certain: the next attempt looks again.
        entries = undefined;
        throw error;
      }
      entries?.push({ key, bytes: bytes.byteLength });
      return 'stored';
    },
  };
}
