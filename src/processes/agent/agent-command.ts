import './small-memory.ts';
import { once } from 'node:events';
import { Command } from 'commander';
import { webhook } from '../../adapters/webhook/posted-webhook.ts';
import { agentHttp } from '../../adapters/http/agent-http.ts';
import type { AgentOptions } from '../../agent/agent-ports.ts';
import { agent, type Agent } from '../../agent/agent-loops.ts';
import { agentConfig, type AgentConfig } from '../../config/agent-config.ts';
import { agentSettings } from '../../config/agent-settings.ts';
import { addSettingFlags, settingFlags } from '../../config/setting-flags.ts';
import { flag } from '../../config/setting.ts';
import { yesOrNo } from '../../config/value-types.ts';
import { configFileSettings, settingsFile } from '../../config/settings-file.ts';
import { agentMetrics } from '../../agent/agent-metrics.ts';
import { jsonLog } from '../../telemetry/log.ts';
import { agentAdapters } from './agent-adapters.ts';
import type { CommandContext } from '../command-context.ts';
import { toldSettings, withExitCodes } from '../settings-command.ts';
import { doctor } from './agent-doctor.ts';
import { version } from '../version.ts';

const doctorSettings = {
  json: flag(yesOrNo, 'false', '', 'JSON instead of lines'),
} as const;

/** `spot-expander agent` and `spot-expander agent doctor`. */
export function agentCommand(context: CommandContext): Command {
  const command = (name: string, exitCodes: string) =>
    withExitCodes(
      addSettingFlags(addSettingFlags(new Command(name), configFileSettings), agentSettings),
      exitCodes,
    );
  const doctorCommand = addSettingFlags(
    command('doctor', '0 all is well, 1 something is broken, 2 used wrongly'),
    doctorSettings,
  )
    .description('check the metadata service, the Node and the permissions, and say what is wrong')
    .action(async (_options: unknown, self: Command) => {
      // Flags before and after the word doctor both count.
      const options = self.optsWithGlobals<Record<string, unknown>>();
      const { json } = toldSettings({ table: doctorSettings }, options, context);
      await doctor(configFrom(options, context), json, context);
    });
  return command('agent', '0 stopped when told to, 1 failed, 2 used wrongly')
    .description("watch this instance's metadata and drain its Node before AWS takes it")
    .addCommand(doctorCommand)
    .action(async (options: Record<string, unknown>) => run(configFrom(options, context), context));
}

function configFrom(options: Readonly<Record<string, unknown>>, context: CommandContext): AgentConfig {
  const { config: given } = toldSettings({ table: configFileSettings }, options, context);
  const file = given === undefined ? undefined : settingsFile(given);
  return agentConfig({ flags: settingFlags(agentSettings, options), environment: context.environment, file });
}

async function run(config: AgentConfig, context: CommandContext): Promise<void> {
  const { settings, nodeName, policy } = config;
  const log = jsonLog(settings.log_level, 'agent');
  const holder: { agent?: Agent } = {};
  const pollAgeMs = () => {
    const atMs = holder.agent?.lastGoodPollMs();
    return atMs === undefined ? undefined : Date.now() - atMs;
  };
  const isRefusing = () => holder.agent?.isRefusing() ?? false;
  const startedMs = Date.now();
  const metrics = agentMetrics({
    // Without any good poll the age grows from the start, so that an alert on it speaks.
    pollAgeSeconds: () => (pollAgeMs() ?? Date.now() - startedMs) / 1_000,
    isRefusing,
    drain: () => holder.agent?.drainState() ?? { decision: 'NONE', isWaiting: false },
    version: version(),
  });
  const refusals = new Set<string>();
  const adapters = await agentAdapters(config, context.environment, (by, what) => {
    metrics.forbidden.inc({ by });
    const first = !refusals.has(by);
    refusals.add(by);
    if (first) log.error({ by }, `the API server refuses what the agent asks: ${what}`);
    else log.debug({ by }, what);
  });
  const server = agentHttp({
    pollAgeMs,
    maxPollAgeMs: settings.max_poll_age,
    isRefusing,
    metricsText: metrics.text,
    metricsType: metrics.contentType,
  });
  server.listen(settings.http_listen.port, settings.http_listen.host);
  await once(server, 'listening');
  log.info({ address: server.address(), node: nodeName }, 'the agent has started');
  const options: AgentOptions = {
    nodeName,
    policy,
    pollMs: settings.poll_interval,
    maintenancePollMs: settings.maintenance_interval,
    dryRun: settings.dry_run,
    ownPod: ownPod(settings.pod_namespace, settings.pod_name),
    slotRenewMs: 20_000,
    concurrency: settings.eviction_concurrency,
    shutdownGraceMs: settings.shutdown_grace,
  };
  holder.agent = agent(
    {
      ...adapters,
      webhook: webhookFor(config, log.warn.bind(log)),
      nowMs: Date.now,
      chance: Math.random,
      log,
      metrics,
    },
    options,
  );
  await holder.agent.run(context.signal);
  server.closeAllConnections();
  server.close();
  log.info({}, 'the agent has stopped');
}

function ownPod(namespace: string | undefined, name: string | undefined): AgentOptions['ownPod'] {
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

function webhookFor(
  { settings, webhook: told, webhookProxy }: AgentConfig,
  warn: Parameters<typeof webhook>[0]['warn'],
) {
  if (told === undefined) return undefined;
  return webhook({
    ...told,
    proxy: webhookProxy,
    noProxy: settings.webhook_no_proxy,
    timeoutMs: settings.webhook_timeout,
    attempts: 4,
    warn,
  });
}
