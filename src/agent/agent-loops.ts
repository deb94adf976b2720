import { setTimeout as sleep } from 'node:timers/promises';
import { MetadataUnavailable } from '../errors/metadata-unavailable.ts';
import type { InstanceIdentity } from '../ports/instance-metadata.ts';
import type { AgentOptions, AgentPorts } from './agent-ports.ts';
import { DrainLoop } from './drain-loop.ts';
import { metadataWatch, pollPauseMs } from './metadata-watch.ts';
import { NoticeBoard } from './notice-board.ts';
import type { DrainState } from './agent-metrics.ts';

export interface Agent {
  /** Ends some time after `stopping` is aborted, and never for any other reason. */
  run(stopping: AbortSignal): Promise<void>;
  /** Undefined before the first good poll. */
  readonly lastGoodPollMs: () => number | undefined;
  readonly isRefusing: () => boolean;
  readonly drainState: () => DrainState;
}

/** The agent of one node. */
export function agent(ports: AgentPorts, options: AgentOptions): Agent {
  const board = new NoticeBoard();
  const watch = metadataWatch(ports, options, board);
  let drains: DrainLoop | undefined;

  return {
    lastGoodPollMs: watch.lastGoodMs,
    isRefusing: () => drains?.isRefusing ?? false,
    drainState: () => drains?.state ?? { decision: 'NONE', isWaiting: false },
    async run(stopping) {
      const identity = await knownIdentity(ports, options, stopping);
      if (identity === undefined) return;
      ports.log.info(
        { ...identity, node: options.nodeName, dryRun: options.dryRun },
        'watching this instance',
      );
      drains = new DrainLoop(ports, options, identity, board);
      const ended = new AbortController();
      const patience = () =>
        void setTimeout(
          () => ended.abort(new Error('the shutdown grace is over')),
          options.shutdownGraceMs,
        ).unref();
      stopping.addEventListener('abort', patience, { once: true });
      const watching = watch.run(ended.signal);
      await drains.run(stopping, ended.signal);
      ended.abort(new Error('the agent stops'));
      await watching;
    },
  };
}

async function knownIdentity(
  ports: AgentPorts,
  options: AgentOptions,
  stopping: AbortSignal,
): Promise<InstanceIdentity | undefined> {
  const isStopping = () => stopping.aborted;
  for (let failures = 0; !isStopping(); failures += 1) {
    try {
      return await ports.metadata.identity(stopping);
    } catch (error) {
      if (!(error instanceof MetadataUnavailable)) {
        if (isStopping()) return undefined;
        throw error;
      }
      if (failures === 0)
        ports.log.warn({ problem: error.kind }, `this instance does not know itself yet: ${error.message}`);
      const pauseMs = pollPauseMs(options.pollMs, failures + 1, ports.chance());
      await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
  return undefined;
}
