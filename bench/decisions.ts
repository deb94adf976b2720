import { readFileSync } from 'node:fs';
import type { Knowledge } from '../src/decision/knowledge.ts';
import { instanceTypeOf, zoneOf } from '../src/decision/node-labels.ts';
import { decideScaleUp } from '../src/decision/pipeline.ts';
import { defaultPolicy } from '../src/decision/policy.ts';
import type { Resources } from '../src/decision/resources.ts';
import type { NodeTemplate, PendingPod, ScaleUpRequest } from '../src/decision/scale-up-request.ts';
import type { NodeView } from '../src/drain/observed.ts';
import { FleetCounts } from '../src/server/fleet/fleet-counts.ts';
import { FleetRecord } from '../src/server/fleet/fleet-record.ts';
import { PoolHazards } from '../src/server/fleet/pool-hazard.ts';
import { bundledKnowledge, snapshot } from './bundled-knowledge.ts';
import type { Bench, Measurement } from './measurement.ts';
import { elapsed, quantile, threadMs } from './quantile.ts';
import type { Row } from './row.ts';

const gib = 2 ** 30;

/** The pipeline alone: 500 node groups through all six layers over the bundled snapshot, no two of one pool, a fleet of 10,000 Nodes in view. */
export const decisions: readonly Measurement[] = [
  {
    name: 'decision of 500 candidates',
    rows: async ({ quick }: Bench): Promise<readonly Row[]> => {
      const stop = new AbortController();
      try {
        const bundled = await bundledKnowledge(stop.signal);
        const request = scaleUpOf(500, 200);
        const fleet = await fleetOf(10_000, request, bundled);
        // As a server has it: where the fleet runs, and how often each pool was interrupted.
        const knowledge: Knowledge = { ...bundled, ...fleet };
        const decide = (): void => {
          const { answer } = decideScaleUp(request, knowledge, defaultPolicy, Date.now());
          if (answer.length !== 1) throw new Error(`${answer.length} ids were answered`);
        };
        const rounds = quick ? 400 : 1_500;
        const times = elapsed(rounds, decide, 200);
        const worked = elapsed(rounds, decide, 0, threadMs);
        const p99 = quantile(times, 0.99);
        return [
          {
            name: 'decision of 500 candidates p50',
            ours: quantile(times, 0.5),
            peer: undefined,
            unit: 'ms',
            target: undefined,
          },
          {
            name: 'decision of 500 candidates p99',
            ours: p99,
            peer: undefined,
            unit: 'ms',
            target: { words: '< 5 ms', met: p99 < 5 },
          },
          {
            name: 'decision of 500 candidates p99, work of its thread',
            ours: quantile(worked, 0.99),
            peer: undefined,
            unit: 'ms',
            target: undefined,
          },
        ];
      } finally {
        stop.abort();
      }
    },
  },
];

/** Nodes of every other group, a few groups with many of them. */
async function fleetOf(
  nodes: number,
  { nodes: groups }: ScaleUpRequest,
  known: Knowledge,
): Promise<Pick<Knowledge, 'fleet' | 'hazard'>> {
  const counts = new FleetCounts((type) => known.instanceType(type)?.vcpu);
  const templates = [...groups.values()].filter((_, index) => index % 2 === 0);
  const views = Array.from({ length: nodes }, (_, index): NodeView => {
    const labels = templates[Math.floor(templates.length * (index / nodes) ** 2)]?.labels ?? {};
    const uid = `node-${index}`;
    return {
      ...{ name: uid, uid, resourceVersion: '1', providerId: '', createdAtMs: 0, unschedulable: false },
      ...{ labels, annotations: {}, taints: [], bootId: '', condition: undefined, nodeClaim: undefined },
    };
  });
  const feed = counts.counting({
    lastHeardMs: () => 0,
    run: (listener) => {
      listener.listed(views);
      return Promise.resolve();
    },
  });
  const ignored = (): void => undefined;
  await feed.run({ listed: ignored, changed: ignored, gone: ignored }, new AbortController().signal);
  const record = new FleetRecord();
  for (const { labels } of templates) {
    const pool = `${instanceTypeOf(labels) ?? ''}@${zoneOf(labels) ?? ''}` as const;
    record.add({ kind: 'hours', pool, hours: 500, atMs: Date.now() });
  }
  const hazards = new PoolHazards(record, (pool) => known.advisorBand(pool));
  const fleet = counts.view();
  return { ...(fleet !== undefined && { fleet }), hazard: (pool) => hazards.perHour(pool, Date.now()) };
}

interface Snapshot {
  readonly zones: Readonly<Record<string, string>>;
  readonly spot: Readonly<Record<string, number>>;
  readonly instance_metadata: Readonly<Record<string, { readonly vcpu: number; readonly memory_gb: number }>>;
}

/** Each group is another pool of the snapshot; of the pods some prefer a zone and some want to be spread. */
function scaleUpOf(groups: number, podCount: number): ScaleUpRequest {
  const { zones, spot, instance_metadata: types } = JSON.parse(readFileSync(snapshot, 'utf8')) as Snapshot;
  const zoneNames = new Map(Object.entries(zones).map(([name, id]) => [id, name]));
  const nodes = new Map<string, NodeTemplate>();
  for (const pool of Object.keys(spot)) {
    const [instanceType = '', zoneId = ''] = pool.split('@');
    const facts = types[instanceType];
    if (facts === undefined || facts.vcpu < 2 || nodes.size === groups) continue;
    const size = { cpuMilli: facts.vcpu * 1_000, memoryBytes: facts.memory_gb * gib, gpus: 0 };
    nodes.set(`group-${nodes.size}`, template(instanceType, zoneNames.get(zoneId) ?? zoneId, size));
  }
  const pods = Array.from({ length: podCount }, (_, index) => pendingPod(index));
  const allPods = pods.map((_, index) => index);
  const options = [...nodes].map(([nodeGroupId, { allocatable }]) => ({
    nodeGroupId,
    nodeCount: Math.ceil((podCount * 500) / allocatable.cpuMilli),
    pods: allPods,
  }));
  return { options, pods, nodes, unreadable: { pods: 0, nodes: 0 } };
}

function template(instanceType: string, zone: string, size: Resources): NodeTemplate {
  return {
    name: `template-of-${instanceType}-${zone}`,
    labels: {
      'eks.amazonaws.com/capacityType': 'SPOT',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/os': 'linux',
      'node.kubernetes.io/instance-type': instanceType,
      'topology.kubernetes.io/region': 'ap-south-1',
      'topology.kubernetes.io/zone': zone,
    },
    providerId: '',
    allocatable: size,
    capacity: size,
  };
}

function pendingPod(index: number): PendingPod {
  const zone = { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['ap-south-1b'] } as const;
  return {
    requests: { cpuMilli: 250 + (index % 5) * 100, memoryBytes: gib / 2 + (index % 7) * 2 ** 27, gpus: 0 },
    preferredNodeTerms: index % 4 === 0 ? [{ weight: 80, requirements: [zone] }] : [],
    spreadPreferences: index % 5 === 0 ? [{ topologyKey: 'topology.kubernetes.io/zone', maxSkew: 1 }] : [],
  };
}
