import { createHash } from 'node:crypto';
import { imdsClient } from '../../src/adapters/imds/imds-client.ts';
import { drainSlots } from '../../src/adapters/kubernetes/drain-slots.ts';
import { kubeAccess } from '../../src/adapters/kubernetes/kube-access.ts';
import { kubeClient, type KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { nodeCluster } from '../../src/adapters/kubernetes/kube-node-cluster.ts';
import { agentClock } from '../../src/agent/agent-clock.ts';
import { AgentTelemetry } from '../../src/agent/agent-telemetry.ts';
import { NodeAgent } from '../../src/agent/node-agent.ts';
import { signalAnnotation } from '../../src/drain/marks.ts';
import { defaultDrainPolicy } from '../../src/drain/drain-policy.ts';
import type { NodeCluster } from '../../src/ports/node-cluster.ts';
import { agentMetrics } from '../../src/agent/agent-metrics.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { systemClock } from '../../src/telemetry/system-clock.ts';
import type { World } from './agent-world.ts';
import { fakeImds, type FakeImds } from './fake-imds.ts';

export interface FleetAgent {
  readonly imds: FakeImds;
  /** 0 until then. */
  readonly seenAtMs: () => number;
  readonly markedAtMs: () => number;
  readonly nodeWrites: () => number;
  /** When each write that marked its Node was answered. */
  readonly marksAtMs: readonly number[];
  /** Everything written to the API server. */
  readonly apiWrites: () => number;
}

export interface FleetOptions {
  readonly name: string;
  readonly pollMs: number;
  readonly rebalanceTtlMs: number;
}

const fleetDefaults: FleetOptions = {
  name: 'fleet',
  pollMs: 2_000,
  rebalanceTtlMs: defaultDrainPolicy.rebalanceTtlMs,
};

/** Many agents in this process, each with its own Node, metadata service and connections. */
export async function agentFleet(
  world: World,
  count: number,
  options: Partial<FleetOptions> = {},
): Promise<{ readonly agents: readonly FleetAgent[]; stop(): Promise<void> }> {
  const { name, pollMs, rebalanceTtlMs } = { ...fleetDefaults, ...options };
  const access = await kubeAccess(world.kubeconfig, {});
  const started = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const imds = await fakeImds();
      imds.instanceId = `i-${name}${String(index).padStart(12, '1')}`;
      const holder = `${name}-${index}`;
      await world.addNode(holder, { instanceId: imds.instanceId });
      const plain = kubeClient(access, { timeoutMs: 5_000, maxConnections: 4, userAgent: 'fleet' });
      let apiWrites = 0;
      const client: KubeClient = {
        ...plain,
        call(call, signal) {
          if (call.method !== 'GET') apiWrites += 1;
          return plain.call(call, signal);
        },
      };
      const marksAtMs: number[] = [];
      const cluster = nodeCluster(client, holder);
      let writes = 0;
      let seenAtMs = 0;
      let markedAtMs = 0;
      const changeNode: NodeCluster['changeNode'] = async (change, signal) => {
        const changed = await cluster.changeNode(change, signal);
        if (changed !== 'conflict') writes += 1;
        if (typeof changed === 'object') markedAtMs ||= Date.now();
        if (typeof changed === 'object' && typeof change.annotations[signalAnnotation] === 'string')
          marksAtMs.push(Date.now());
        return changed;
      };
      const clock = agentClock(systemClock);
      const metrics = agentMetrics({
        pollAgeSeconds: () => 0,
        isRefusing: () => false,
        drain: () => ({ decision: 'NONE', isWaiting: false }),
        version: '0',
      });
      const log = {
        ...silentLog,
        warn: (_fields: unknown, message: string) => {
          if (message.includes('has begun')) seenAtMs ||= Date.now();
        },
      };
      const one = new NodeAgent(
        {
          metadata: imdsClient({
            endpoint: imds.url,
            timeoutMs: 1_000,
            tokenTtlSeconds: 21_600,
            nowMs: () => performance.now(),
          }),
          cluster: { ...cluster, changeNode },
          slots: ({ zone }) =>
            drainSlots(client, {
              namespace: 'default',
              holder,
              zone,
              total: 10,
              perZone: 4,
              leaseSeconds: 60,
              nowMs: clock.nowMs,
            }),
          webhook: undefined,
          clock,
          wallMs: Date.now,
          chance: Math.random,
          seal: (text) => createHash('sha256').update(text).digest('hex'),
          telemetry: new AgentTelemetry(metrics, log),
        },
        {
          nodeName: holder,
          identifyBy: 'provider-id',
          policy: { ...defaultDrainPolicy, minNodeAgeMs: 0, rebalanceTtlMs },
          pollMs,
          maintenancePollMs: 30_000,
          dryRun: false,
          ownPod: undefined,
          slotRenewMs: 20_000,
          slotLostMs: 50_000,
          concurrency: 12,
          shutdownGraceMs: 1_000,
        },
      );
      one.start();
      const seen: FleetAgent = {
        imds,
        seenAtMs: () => seenAtMs,
        markedAtMs: () => markedAtMs,
        nodeWrites: () => writes,
        marksAtMs,
        apiWrites: () => apiWrites,
      };
      return { seen, client, one };
    }),
  );
  return {
    agents: started.map(({ seen }) => seen),
    async stop() {
      await Promise.all(started.map(({ one }) => one.stop()));
      for (const { seen, client } of started) {
        client.close();
        await seen.imds.close();
      }
    },
  };
}
