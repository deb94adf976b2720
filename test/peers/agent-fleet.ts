import { imdsClient } from '../../src/adapters/imds/imds-client.ts';
import { drainSlots } from '../../src/adapters/kubernetes/drain-slots.ts';
import { kubeAccess } from '../../src/adapters/kubernetes/kube-access.ts';
import { kubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { nodeCluster } from '../../src/adapters/kubernetes/node-cluster.ts';
import { agent } from '../../src/agent/agent.ts';
import { defaultDrainPolicy } from '../../src/drain/policy.ts';
import type { NodeCluster } from '../../src/ports/node-cluster.ts';
import { agentMetrics } from '../../src/telemetry/agent-metrics.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import type { World } from './agent-world.ts';
import { fakeImds, type FakeImds } from './fake-imds.ts';

export interface FleetAgent {
  readonly imds: FakeImds;
  /** 0 until then. */
  readonly seenAtMs: () => number;
  readonly markedAtMs: () => number;
  readonly nodeWrites: () => number;
}

/** Many agents in this process, each with its own Node, metadata service and connections. */
export async function agentFleet(
  world: World,
  count: number,
): Promise<{ readonly agents: readonly FleetAgent[]; stop(): Promise<void> }> {
  const stopping = new AbortController();
  const access = await kubeAccess(world.kubeconfig, {});
  const started = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const imds = await fakeImds();
      imds.instanceId = `i-${String(index).padStart(17, '1')}`;
      const holder = `fleet-${index}`;
      await world.addNode(holder, { instanceId: imds.instanceId });
      const client = kubeClient(access, { timeoutMs: 5_000, maxConnections: 4, userAgent: 'fleet' });
      const cluster = nodeCluster(client, holder);
      let writes = 0;
      let seenAtMs = 0;
      let markedAtMs = 0;
      const changeNode: NodeCluster['changeNode'] = async (change, signal) => {
        const changed = await cluster.changeNode(change, signal);
        if (changed !== 'conflict') writes += 1;
        if (typeof changed === 'object') markedAtMs ||= Date.now();
        return changed;
      };
      const one = agent(
        {
          metadata: imdsClient({
            endpoint: imds.url,
            timeoutMs: 1_000,
            tokenTtlSeconds: 21_600,
            nowMs: Date.now,
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
              nowMs: Date.now,
            }),
          webhook: undefined,
          nowMs: Date.now,
          chance: Math.random,
          log: {
            ...silentLog,
            warn: (_fields, message) => {
              if (message.includes('has begun')) seenAtMs ||= Date.now();
            },
          },
          metrics: agentMetrics({
            pollAgeSeconds: () => 0,
            isRefusing: () => false,
            drain: () => ({ decision: 'NONE', isWaiting: false }),
            version: '0',
          }),
        },
        {
          nodeName: holder,
          policy: { ...defaultDrainPolicy, minNodeAgeMs: 0 },
          pollMs: 2_000,
          maintenancePollMs: 30_000,
          dryRun: false,
          ownPod: undefined,
          slotRenewMs: 20_000,
          concurrency: 12,
          shutdownGraceMs: 1_000,
        },
      );
      const ended = one.run(stopping.signal);
      const seen: FleetAgent = {
        imds,
        seenAtMs: () => seenAtMs,
        markedAtMs: () => markedAtMs,
        nodeWrites: () => writes,
      };
      return { seen, client, ended };
    }),
  );
  return {
    agents: started.map(({ seen }) => seen),
    async stop() {
      stopping.abort(new Error('the fleet stops'));
      await Promise.all(started.map(({ ended }) => ended));
      for (const { seen, client } of started) {
        client.close();
        await seen.imds.close();
      }
    },
  };
}
