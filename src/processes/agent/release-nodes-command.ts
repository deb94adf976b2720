import { Command } from 'commander';
import { markedCluster } from '../../adapters/kubernetes/kube-marked-cluster.ts';
import { releaseNodes, type Released } from '../../agent/released-nodes.ts';
import { releaseSettings } from '../../config/release-settings.ts';
import type { SettingValues } from '../../config/setting.ts';
import { ClusterUnavailable } from '../../errors/cluster-unavailable.ts';
import { pause, pauseMs, usualJitter } from '../../patience/pace.ts';
import type { MarkedCluster } from '../../ports/marked-cluster.ts';
import type { CommandContext } from '../command-context.ts';
import { openedCluster } from '../opened-cluster.ts';
import { readSettings, withSettings } from '../settings-command.ts';

/** Of the looks at what is left. */
const lookPace = { firstPauseMs: 200, greatestPauseMs: 2_000, jitter: usualJitter } as const;
/** Of the looks for agents that still run. */
const agentsPace = { ...lookPace, firstPauseMs: 1_000 } as const;

type Settings = SettingValues<typeof releaseSettings>;

/** `spot-expander release-nodes`: what agents have set in the cluster is taken back, once no agent is left. */
export function releaseNodesCommand(context: CommandContext): Command {
  return withSettings(
    new Command('release-nodes'),
    { table: releaseSettings },
    '0 nothing of ours is left, 1 something is (each is named), 2 used wrongly',
  )
    .description('take back everything that agents have set on any Node, once they have gone')
    .action(async (options: Readonly<Record<string, unknown>>) => {
      const settings = readSettings({ table: releaseSettings }, options, context);
      await released(settings, settings.wait, context);
    });
}

async function released(settings: Settings, waits: boolean, context: CommandContext): Promise<void> {
  const apis = await openedCluster(settings.kubeconfig, context.environment, {
    timeoutMs: settings.api_timeout,
    userAgent: 'spot-expander-release-nodes',
  });
  const limit = AbortSignal.timeout(settings.timeout);
  const signal = AbortSignal.any([limit, context.signal]);
  const progress = (sentence: string): void => context.writeError(`${sentence}\n`);
  const cluster = markedCluster(apis, settings.namespace ?? apis.namespace);
  try {
    if (waits && !settings.dry_run) await agentsGone(cluster, settings, progress, signal);
    const result = await releaseNodes(
      cluster,
      { dryRun: settings.dry_run, concurrency: settings.concurrency, pace: lookPace, progress },
      signal,
    );
    tell(result, settings.dry_run, context);
  } catch (error) {
    if (context.signal.aborted) throw new Error('stopped before everything was taken back', { cause: error });
    if (limit.aborted)
      throw new Error(
        `not everything could be taken back within ${settings.timeout / 1_000} s; run it again, or with a longer --timeout`,
        { cause: error },
      );
    throw error;
  } finally {
    apis.close();
  }
}

/** An agent that still evacuates its Node would mark it again. */
async function agentsGone(
  cluster: MarkedCluster,
  { instance_of: release }: Settings,
  progress: (sentence: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let said = '';
  for (let failures = 0; ;) {
    let askedMs: number | undefined;
    try {
      const agents = await cluster.agents(release, Date.now(), signal);
      if (agents === 'denied')
        progress('pods may not be listed: whether agents still run is not known, going on');
      if (typeof agents === 'string' || agents.length === 0) return;
      const sentence = `waiting for ${agents.length} agents to end: ${agents.slice(0, 3).join(', ')}${agents.length > 3 ? ', …' : ''}`;
      failures = 0;
      if (sentence !== said) progress(sentence);
      said = sentence;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ClusterUnavailable)) throw error;
      failures += 1;
      askedMs = error.retryAfterMs;
      progress(`the API server cannot be used, trying on: ${error.message}`);
    }
    await pause(pauseMs(agentsPace, failures, Math.random(), askedMs), signal);
    signal.throwIfAborted();
  }
}

function tell({ nodes, claims, places, refused }: Released, dryRun: boolean, context: CommandContext): void {
  const parts = [`${nodes} nodes`, `${claims} NodeClaims`, `${places} Leases`].join(', ');
  context.writeOut(dryRun ? `${parts} would be released\n` : `${parts} released\n`);
  for (const sentence of refused) context.writeError(`not taken back: ${sentence}\n`);
  if (refused.length > 0) context.setExitCode(1);
}
