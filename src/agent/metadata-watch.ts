import { pauseMs, usualJitter } from '../patience/pace.ts';
import type { MetadataSource } from '../ports/instance-metadata.ts';
import type { AgentOptions, AgentPorts } from './agent-ports.ts';
import type { NoticeBoard } from './notice-board.ts';

export interface MetadataWatch {
  /** Ends only with the signal. */
  run(signal: AbortSignal): Promise<void>;
  /** When the Spot notice was last read well, on the monotonic clock; undefined: never. */
  readonly lastGoodMs: () => number | undefined;
  /** When a read of the Spot notice last came to an end, well or not, or the watch was made; monotonic. */
  readonly lastTurnMs: () => number;
  /** Resolves when each source has been read or has failed once. */
  readonly firstRound: Promise<unknown>;
}

const greatestPauseMs = 10_000;
/** What is due so soon after another read is read with it: one waking for all of them. */
const togetherShare = 0.25;

/**
 * The pause before the next poll. Jitter only shortens it, so that a notice is never seen later than one interval;
 * failures stretch it, because a throttled service gets worse by asking.
 */
export function pollPauseMs(pollMs: number, failures: number, chance: number): number {
  const steady = { firstPauseMs: pollMs, greatestPauseMs: pollMs, jitter: 0.1 };
  if (failures === 0) return pauseMs(steady, 1, chance);
  const slower = { firstPauseMs: 2 * pollMs, greatestPauseMs: Math.max(pollMs, greatestPauseMs) };
  return pauseMs({ ...slower, jitter: usualJitter }, failures, chance);
}

/** One document of the metadata service, with a pace of its own. */
interface Watched {
  readonly source: MetadataSource;
  readonly everyMs: number;
  failures: number;
  dueMs: number;
  isReading: boolean;
}

/** Each source has its own pace and its own failures: one that is refused, slow or hanging delays no other. */
export function metadataWatch(
  ports: Pick<AgentPorts, 'metadata' | 'clock' | 'wallMs' | 'chance' | 'telemetry'>,
  options: Pick<AgentOptions, 'pollMs' | 'maintenancePollMs'>,
  board: NoticeBoard,
): MetadataWatch {
  const { clock, telemetry, metadata } = ports;
  const { pollMs } = options;
  const every: Readonly<Record<MetadataSource, number>> = {
    spot: pollMs,
    rebalance: pollMs,
    group: pollMs,
    maintenance: options.maintenancePollMs,
  };
  const sources: readonly MetadataSource[] = ['spot', 'rebalance', 'group', 'maintenance'];
  const watched = sources.map((source): Watched => ({
    source,
    everyMs: every[source],
    failures: 0,
    dueMs: -Infinity,
    isReading: false,
  }));
  const firstReads = new Map(sources.map((source) => [source, Promise.withResolvers<undefined>()]));
  let lastGoodMs: number | undefined;
  let lastTurnMs = clock.monotonicMs();

  /** @returns whether the source could be read. */
  async function readOne(source: MetadataSource, signal: AbortSignal): Promise<boolean> {
    const { poll, problem } = await metadata.read(source, signal);
    telemetry.polled(source, problem);
    if (problem === undefined && source === 'spot') lastGoodMs = clock.monotonicMs();
    // While a notice stands its deadline must not move, whatever any clock says.
    if (board.standing.length === 0) {
      const byMs = clock.setBy(metadata.awsNowMs?.() ?? ports.wallMs());
      if (byMs !== 0) telemetry.clockSet(byMs);
    }
    const { began, stale } = board.fold(poll, clock.nowMs());
    for (const notice of began) telemetry.noticeBegan(notice);
    if (source === 'spot' && problem === undefined) telemetry.staleNotice(stale);
    return problem === undefined;
  }

  async function turn(one: Watched, signal: AbortSignal): Promise<void> {
    one.isReading = true;
    try {
      one.failures = (await readOne(one.source, signal)) ? 0 : one.failures + 1;
    } catch (error) {
      if (signal.aborted) return;
      one.failures += 1;
      telemetry.ownFault(`reading ${one.source}`, error);
    } finally {
      one.isReading = false;
    }
    const nowMs = clock.monotonicMs();
    if (one.source === 'spot') lastTurnMs = nowMs;
    // A source that cannot be read is tried at the pace of a poll, however seldom it is read otherwise.
    const paceMs = one.failures === 0 ? one.everyMs : pollMs;
    one.dueMs = nowMs + pollPauseMs(paceMs, one.failures, ports.chance());
    firstReads.get(one.source)?.resolve(undefined);
  }

  return {
    lastGoodMs: () => lastGoodMs,
    lastTurnMs: () => lastTurnMs,
    firstRound: Promise.all([...firstReads.values()].map(({ promise }) => promise)),
    async run(signal) {
      const isOver = () => signal.aborted;
      const reads = new Set<Promise<void>>();
      // A timer and one listener for all of its life: this loop turns on every node for ever.
      let wake = (): void => undefined;
      const stop = () => wake();
      signal.addEventListener('abort', stop);
      while (!isOver()) {
        const idle = watched.filter(({ isReading }) => !isReading);
        const soonMs = clock.monotonicMs() + pollMs * togetherShare;
        if (idle.some(({ dueMs }) => dueMs <= clock.monotonicMs()))
          for (const one of idle.filter(({ dueMs }) => dueMs <= soonMs)) {
            const read = turn(one, signal).finally(() => reads.delete(read));
            reads.add(read);
          }
        const dueMs = Math.min(...watched.filter(({ isReading }) => !isReading).map((one) => one.dueMs));
        const waitMs = Math.max(1, Math.min(dueMs - clock.monotonicMs(), greatestPauseMs));
        const due = Promise.withResolvers<undefined>();
        wake = () => due.resolve(undefined);
        const timer = setTimeout(wake, waitMs);
        // A read that ends may be due again before anything else is.
        await Promise.race([due.promise, ...reads]);
        clearTimeout(timer);
      }
      signal.removeEventListener('abort', stop);
      await Promise.all(reads);
    },
  };
}
