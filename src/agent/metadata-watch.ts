import { setTimeout as sleep } from 'node:timers/promises';
import type { MetadataSource } from '../ports/instance-metadata.ts';
import type { AgentOptions, AgentPorts } from './agent-ports.ts';
import type { NoticeBoard } from './notice-board.ts';

export interface MetadataWatch {
  /** Ends only with the signal. */
  run(signal: AbortSignal): Promise<void>;
  /** When the Spot notice was last read well; undefined: never. */
  readonly lastGoodMs: () => number | undefined;
}

const longestPauseMs = 10_000;

/**
 * The pause before the next poll. Jitter only shortens it, so that a notice is never seen later than one interval;
 * failures stretch it, because a throttled service gets worse by asking.
 */
export function pollPauseMs(pollMs: number, failures: number, chance: number): number {
  if (failures === 0) return pollMs * (1 - 0.1 * chance);
  return Math.max(pollMs, Math.min(longestPauseMs, pollMs * 2 ** Math.min(failures, 8))) * (1 - 0.5 * chance);
}

export function metadataWatch(
  ports: Pick<AgentPorts, 'metadata' | 'nowMs' | 'chance' | 'log' | 'metrics'>,
  options: Pick<AgentOptions, 'pollMs' | 'maintenancePollMs'>,
  board: NoticeBoard,
): MetadataWatch {
  const { log, metrics } = ports;
  let lastGoodMs: number | undefined;
  let maintenanceReadMs = -Infinity;
  const problems = new Map<MetadataSource, string>();
  let staleSaid = false;

  /** Each source counts as soon as it is read: a slow one delays no other. */
  async function readOne(source: MetadataSource, signal: AbortSignal): Promise<boolean> {
    const { poll, problem } = await ports.metadata.read(source, signal);
    const nowMs = ports.nowMs();
    metrics.polls.labels(problem === undefined ? 'ok' : 'failed').inc();
    if (problem !== undefined) metrics.pollProblems.labels(problem.kind).inc();
    if (problem === undefined && source === 'spot') lastGoodMs = nowMs;
    if (problem === undefined && source === 'maintenance') maintenanceReadMs = nowMs;
    sayProblem(source, problem?.kind, problem?.advice);
    const { began, stale } = board.fold(poll, nowMs);
    for (const notice of began) {
      metrics.notices.labels(notice.kind).inc();
      log.warn({ notice }, `a ${notice.kind} notice has begun`);
    }
    if (source === 'spot' && problem === undefined) sayStale(stale);
    return problem === undefined;
  }

  /** A fault that stays is said once, and its end once. */
  function sayProblem(source: MetadataSource, kind: string | undefined, advice: string | undefined): void {
    const before = problems.get(source);
    if (before === kind) return;
    if (kind === undefined) {
      problems.delete(source);
      log.info({ source, was: before }, 'the metadata service answers again');
    } else {
      problems.set(source, kind);
      log.warn({ source, problem: kind }, advice ?? kind);
    }
  }

  function sayStale(stale: boolean): void {
    if (stale && !staleSaid) {
      metrics.notices.labels('stale').inc();
      log.info({}, 'a Spot notice lingers whose time has passed; nothing is done about it');
    }
    staleSaid = stale;
  }

  return {
    lastGoodMs: () => lastGoodMs,
    async run(signal) {
      const isOver = () => signal.aborted;
      let failures = 0;
      while (!isOver()) {
        const isMaintenanceDue = ports.nowMs() - maintenanceReadMs >= options.maintenancePollMs;
        const sources: MetadataSource[] = [
          'spot',
          'rebalance',
          'group',
          ...(isMaintenanceDue ? (['maintenance'] as const) : []),
        ];
        try {
          const good = await Promise.all(sources.map((source) => readOne(source, signal)));
          failures = good.every(Boolean) ? 0 : failures + 1;
        } catch (error) {
          if (isOver()) return;
          failures += 1;
          log.error({ err: error }, 'reading the metadata service failed in a way that was not foreseen');
        }
        await sleep(pollPauseMs(options.pollMs, failures, ports.chance()), undefined, { signal }).catch(
          () => undefined,
        );
      }
    },
  };
}
