import { once } from 'node:events';
import type { Server } from 'node:http';
import { agentHttp } from '../../adapters/http/agent-http.ts';
import { webhook } from '../../adapters/webhook/posted-webhook.ts';
import { agentClock } from '../../agent/agent-clock.ts';
import { agentMetrics, type AgentMetrics } from '../../agent/agent-metrics.ts';
import type { AgentOptions, AgentPorts } from '../../agent/agent-ports.ts';
import { AgentTelemetry } from '../../agent/agent-telemetry.ts';
import { NodeAgent } from '../../agent/node-agent.ts';
import type { AgentConfig } from '../../config/agent-config.ts';
import type { ListenAddress } from '../../config/value-types.ts';
import { jsonLog, type Log } from '../../telemetry/log.ts';
import { systemClock } from '../../telemetry/system-clock.ts';
import type { Clock } from '../../ports/clock.ts';
import { version } from '../version.ts';
import { agentAdapters, drainLeaseSeconds } from './agent-adapters.ts';
import { agentKey } from './agent-key.ts';

/** What a test puts in the place of the world; everything left out is real. */
export interface AgentOverrides extends Partial<
  Pick<AgentPorts, 'metadata' | 'cluster' | 'slots' | 'webhook' | 'chance' | 'seal'>
> {
  readonly systemClock?: Clock;
  readonly log?: Log;
  readonly options?: Partial<AgentOptions>;
}

const listenAgainMs = 2_000;

/** The agent's process: the agent of this node, and the pages that tell of it. Created, started, stopped. */
export class AgentService {
  private readonly config: AgentConfig;
  private readonly telemetry: AgentTelemetry;
  private readonly metrics: AgentMetrics;
  readonly agent: NodeAgent;
  private readonly servers: Server[] = [];
  private readonly retries: NodeJS.Timeout[] = [];

  private constructor(
    config: AgentConfig,
    agent: NodeAgent,
    metrics: AgentMetrics,
    telemetry: AgentTelemetry,
  ) {
    this.config = config;
    this.agent = agent;
    this.metrics = metrics;
    this.telemetry = telemetry;
  }

  /** @throws UsageError when there is no way to the cluster. */
  static async create(
    config: AgentConfig,
    environment: Readonly<Record<string, string | undefined>>,
    overrides: AgentOverrides = {},
  ): Promise<AgentService> {
    const { settings } = config;
    const log = overrides.log ?? jsonLog(settings.log_level, 'agent');
    const wall = overrides.systemClock ?? systemClock;
    const clock = agentClock(wall);
    const startedMs = wall.monotonicMs();
    const made: { agent?: NodeAgent } = {};
    const metrics = agentMetrics({
      // Without any good poll the age grows from the start, so that an alert on it speaks.
      pollAgeSeconds: () => (made.agent?.pollAgeMs ?? wall.monotonicMs() - startedMs) / 1_000,
      isRefusing: () => made.agent?.isRefusing ?? false,
      drain: () => made.agent?.drainState ?? { decision: 'NONE', isWaiting: false },
      version: version(),
    });
    const telemetry = new AgentTelemetry(metrics, log);
    const adapters = await agentAdapters(config, environment, {
      nowMs: clock.nowMs,
      onForbidden: (by, what) => telemetry.forbidden(by, what),
    });
    const key = agentKey(settings.state_dir);
    if (key.isShortLived !== undefined) telemetry.keyShortLived(key.isShortLived);
    made.agent = new NodeAgent(
      {
        ...adapters,
        webhook: webhookFor(config, log.warn.bind(log)),
        chance: Math.random,
        seal: key.seal,
        ...overrides,
        clock,
        wallMs: wall.nowMs,
        telemetry,
      },
      { ...agentOptions(config), ...overrides.options },
    );
    return new AgentService(config, made.agent, metrics, telemetry);
  }

  /** Returns once its addresses listen and the watch has begun. */
  async start(): Promise<void> {
    const { http_listen: health, metrics_listen: metrics } = this.config.settings;
    const sources = {
      pollAgeMs: () => this.agent.pollAgeMs,
      maxPollAgeMs: this.config.settings.max_poll_age,
      isRefusing: () => this.agent.isRefusing,
      stoodStill: () => this.agent.stoodStill,
      metricsText: this.metrics.text,
      metricsType: this.metrics.contentType,
    };
    this.agent.start();
    const server = agentHttp(sources, metrics === undefined ? 'all' : 'health');
    await Promise.all([
      this.listen(server, health),
      ...(metrics === undefined ? [] : [this.listen(agentHttp(sources, 'metrics'), metrics)]),
    ]);
    this.telemetry.started(server.address(), this.config.nodeName);
  }

  /** A port that somebody else has taken keeps nobody from draining: it is tried again and again. */
  private async listen(server: Server, { host, port }: ListenAddress): Promise<void> {
    this.servers.push(server);
    const isOpen = async (): Promise<boolean> => {
      try {
        server.listen(port, host);
        await once(server, 'listening');
        return true;
      } catch (error) {
        this.telemetry.portUnusable(port, error);
        return false;
      }
    };
    if (await isOpen()) return;
    this.retries.push(
      setInterval(() => {
        if (!server.listening) void isOpen();
      }, listenAgainMs).unref(),
    );
  }

  /** Resolves when the agent has been stopped; rejects when it ended of itself. */
  get ended(): Promise<void> {
    return this.agent.ended;
  }

  async stop(): Promise<void> {
    try {
      await this.agent.stop();
    } finally {
      for (const retry of this.retries) clearInterval(retry);
      for (const server of this.servers) {
        server.closeAllConnections();
        server.close();
      }
      this.telemetry.stopped();
    }
  }
}

function agentOptions({ settings, nodeName, policy }: AgentConfig): AgentOptions {
  const { pod_namespace: namespace, pod_name: name } = settings;
  return {
    nodeName,
    identifyBy: settings.identify_by,
    policy,
    pollMs: settings.poll_interval,
    maintenancePollMs: settings.maintenance_interval,
    dryRun: settings.dry_run,
    ownPod: namespace === undefined || name === undefined ? undefined : { namespace, name },
    slotRenewMs: 20_000,
    // Before others may take it: they see its last change up to a moment later than it was made.
    slotLostMs: (drainLeaseSeconds - 10) * 1_000,
    podEvents: settings.pod_events,
    concurrency: settings.eviction_concurrency,
    shutdownGraceMs: settings.shutdown_grace,
  };
}

function webhookFor(
  { settings, webhook: target, webhookProxy }: AgentConfig,
  warn: Parameters<typeof webhook>[0]['warn'],
) {
  if (target === undefined) return undefined;
  return webhook({
    ...target,
    proxy: webhookProxy,
    noProxy: settings.webhook_no_proxy,
    timeoutMs: settings.webhook_timeout,
    attempts: 4,
    warn,
  });
}
