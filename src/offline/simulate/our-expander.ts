import { cooldownOf } from '../../decision/capacity-rests.ts';
import { emptyCapacityMemory, remembered, type CapacityEvent } from '../../decision/capacity-memory.ts';
import type { AdvisorBand, Knowledge, RiskAssessment } from '../../decision/knowledge.ts';
import type { NodeTemplate, ScaleUpRequest } from '../../decision/scale-up-request.ts';
import type { Policy } from '../../decision/policy.ts';
import type { Pool } from '../../decision/pool.ts';
import { decideScaleUp } from '../../decision/pipeline.ts';
import { HotPools } from '../../server/fleet/hot-pools.ts';
import { allocatable, type Expander, type SimulatedOption } from './scale-up-situation.ts';
import type { SimulatedGroup } from './simulated-group.ts';
import { simulatedFleet } from './simulated-fleet.ts';

const mib = 2 ** 20;

/** What the pipeline may know in a simulation, beside the prices of the options. */
export interface SimulatedKnowledge {
  readonly region: string;
  readonly advisorBand: (instanceType: string) => AdvisorBand | undefined;
  readonly onDemandPerHour: (instanceType: string) => number | undefined;
  readonly onDemandPerUnit: NonNullable<Knowledge['onDemandPerUnit']>;
  /** Absent: yes. */
  readonly watchesFleet?: boolean;
  /** What the autoscaler does with pods on half-used nodes: their annotations and owners tell it. */
  readonly onScaleDown?: 'moves' | 'stays';
  /** A score from before `nowMs`; undefined leaves the Advisor's band as the prior. */
  readonly risk: (pool: Pool, nowMs: number) => RiskAssessment | undefined;
  /** What the fleet met in the pool, where the simulation watches one. */
  readonly hazard?: (pool: Pool, nowMs: number) => number | undefined;
  /** Hears of every class that is found not to deliver; without it nobody watches for that, since prices do not tell. */
  readonly onRest?: (pool: Pool, nowMs: number) => void;
}

/**
 * The real pipeline behind the same question as every other expander. Notices of its own nodes make pools hot; where capacity
 * is watched the real memory of it draws its conclusions from the requests, as the server's does.
 */
export function ourExpander(known: SimulatedKnowledge, policy: Policy, name = 'spot-expander'): Expander {
  const hot = new HotPools();
  const { hazard, onRest } = known;
  let capacity = emptyCapacityMemory;
  const tell = (event: CapacityEvent): void => {
    if (onRest === undefined) return;
    capacity = remembered(capacity, event, policy);
    for (const { pool } of capacity.begun) onRest(pool, event.atMs);
  };
  const templates = new Map<string, NodeTemplate>();
  return {
    name,
    onInterruption: (group, atMs) =>
      hot.hear({
        pool: `${group.instanceType}@${group.zone}`,
        signal: 'TERMINATION',
        atMs,
      }),
    onLaunch: ({ instanceType, zone, capacityType }, atMs) =>
      tell({
        kind: 'node-appeared',
        atMs,
        pool: { instanceType, zone, region: known.region, capacityType },
      }),
    choose({ nowMs, options, waiting, fleet, chance }) {
      for (const { group, facts } of options)
        if (!templates.has(group.id)) templates.set(group.id, templateOf(group, facts, known.region));
      const byPool = new Map(options.map((one) => [`${one.group.instanceType}@${one.group.zone}`, one]));
      const knowledge: Knowledge = {
        instanceType: (type) => options.find(({ facts }) => facts.instanceType === type)?.facts,
        advisorBand: ({ instanceType }) => known.advisorBand(instanceType),
        prices: ({ instanceType, zone, capacityType }) => {
          const onDemandPerHour = known.onDemandPerHour(instanceType);
          const option = byPool.get(`${instanceType}@${zone}`);
          return {
            ...(onDemandPerHour === undefined ? {} : { onDemandPerHour }),
            ...(option === undefined || capacityType === 'on-demand'
              ? {}
              : { spotPerHour: option.pricePerHour }),
          };
        },
        risk: (pool) => known.risk(pool, nowMs),
        signal: (pool) => hot.signal(pool, nowMs),
        ...(hazard !== undefined && { hazard: (pool) => hazard(pool, nowMs) }),
        groupFacts: () => undefined,
        cooldown: (pool) => cooldownOf(capacity, pool, nowMs),
        onDemandPerUnit: known.onDemandPerUnit,
        ...(known.watchesFleet !== false && { fleet: simulatedFleet(fleet) }),
        pricesAreStale: false,
      };
      const request: ScaleUpRequest = {
        options: options.map(({ group, nodeCount, pods }) => ({ nodeGroupId: group.id, nodeCount, pods })),
        pods: waiting.map(({ id, cpuMilli, memoryMib }) => ({
          uid: String(id),
          requests: { cpuMilli, memoryBytes: memoryMib * mib, gpus: 0 },
          preferredNodeTerms: [],
          spreadPreferences: [],
          ...(known.onScaleDown && { onScaleDown: known.onScaleDown }),
        })),
        nodes: templates,
        unreadable: { pods: 0, nodes: 0 },
      };
      tell({ kind: 'asked', atMs: nowMs, request });
      const decision = decideScaleUp(request, knowledge, policy, nowMs);
      tell({ kind: 'answered', atMs: nowMs, request, decision });
      return answered(options, decision.answer, chance);
    },
  };
}

/** The autoscaler draws from what an expander leaves. */
function answered(
  options: readonly SimulatedOption[],
  answer: readonly string[],
  chance: () => number,
): SimulatedOption {
  const left = options.filter(({ group }) => answer.includes(group.id));
  const from = left.length > 0 ? left : options;
  const one = from[Math.floor(chance() * from.length)];
  if (one === undefined) throw new RangeError('an expander is asked about at least one option');
  return one;
}

function templateOf(group: SimulatedGroup, facts: SimulatedOption['facts'], region: string): NodeTemplate {
  const usable = allocatable(facts);
  return {
    name: group.id,
    labels: {
      'node.kubernetes.io/instance-type': group.instanceType,
      'topology.kubernetes.io/zone': group.zone,
      'topology.kubernetes.io/region': region,
      'eks.amazonaws.com/capacityType': group.capacityType === 'spot' ? 'SPOT' : 'ON_DEMAND',
      'kubernetes.io/arch': facts.architecture === 'arm64' ? 'arm64' : 'amd64',
      'kubernetes.io/os': 'linux',
    },
    providerId: '',
    allocatable: { cpuMilli: usable.cpuMilli, memoryBytes: usable.memoryMib * mib, gpus: facts.gpus },
    capacity: { cpuMilli: facts.vcpu * 1000, memoryBytes: facts.memoryGib * 1024 * mib, gpus: facts.gpus },
  };
}
