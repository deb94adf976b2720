import { z } from 'zod';
import type { FleetPart, FleetView, Knowledge } from '../../decision/knowledge.ts';
import type { Pool } from '../../decision/pool.ts';

type Answer<Question extends (...given: never[]) => unknown> = NonNullable<ReturnType<Question>> | null;

/**
 * What a decision looked up, by question. A key that is missing was never asked; null means that nothing was known.
 * Pools are keyed `type@zone/capacity-type`, groups by their id.
 */
export interface RecordedFacts {
  readonly instance_types: Readonly<Record<string, Answer<Knowledge['instanceType']>>>;
  readonly advisor_bands: Readonly<Record<string, Answer<Knowledge['advisorBand']>>>;
  readonly prices: Readonly<Record<string, Answer<Knowledge['prices']>>>;
  readonly risks: Readonly<Record<string, Answer<Knowledge['risk']>>>;
  readonly signals: Readonly<Record<string, Answer<Knowledge['signal']>>>;
  /** Empty where no fleet was watched, and in recordings from before hazards were looked up. */
  readonly hazards: Readonly<Record<string, Answer<NonNullable<Knowledge['hazard']>>>>;
  readonly cooldowns: Readonly<Record<string, Answer<Knowledge['cooldown']>>>;
  /** By group; empty in recordings from before groups rested alone. */
  readonly group_cooldowns: Readonly<Record<string, Answer<NonNullable<Knowledge['groupCooldown']>>>>;
  readonly groups: Readonly<Record<string, Answer<Knowledge['groupFacts']>>>;
  readonly prices_are_stale: boolean;
  /** Absent where there was nothing to remark. */
  readonly remarks?: readonly string[];
  /** By kind; empty in recordings from before yields were measured by it. */
  readonly on_demand_per_unit: Readonly<Record<string, number | null>>;
  /** Absent where no fleet was in view. */
  readonly fleet?: RecordedFleet;
  readonly horizon_hours?: number;
  readonly on_demand_first?: string;
}

/** What was asked of the fleet in view; pools are keyed as above. */
interface RecordedFleet {
  readonly source: FleetView['source'];
  readonly all: FleetPart;
  readonly pools: Readonly<Record<string, FleetPart | null>>;
  readonly types: Readonly<Record<string, FleetPart | null>>;
  readonly zones: Readonly<Record<string, FleetPart | null>>;
  readonly nodes_in_zone: Readonly<Record<string, number | null>>;
  readonly groups: Readonly<Record<string, FleetPart | null>>;
}

const price = z.number().min(0);
const probability = z.number().min(0).max(1);

function answers<Fact extends z.ZodType>(fact: Fact) {
  return z.record(z.string(), fact.nullable());
}

const fleetPart = z.object({ nodes: z.number().min(0), vcpus: z.number().min(0) });

const cooldown = z.object({ untilMs: z.number(), evidence: z.string() });

export const recordedFacts = z.object({
  instance_types: answers(
    z.object({
      instanceType: z.string(),
      vcpu: z.number(),
      memoryGib: z.number(),
      gpus: z.number(),
      architecture: z.enum(['x86_64', 'arm64', 'unknown']),
      family: z.string(),
    }),
  ),
  advisor_bands: answers(
    z.object({ interruptRate: probability, code: z.number(), expectedRate: probability.exactOptional() }),
  ),
  prices: answers(
    z.object({
      spotPerHour: price.exactOptional(),
      onDemandPerHour: price.exactOptional(),
      spotObservedAtMs: z.number().exactOptional(),
    }),
  ),
  risks: answers(
    z.object({
      crashProbability: probability,
      expectedFrequency: probability,
      source: z.enum([
        'family-stress',
        'always-safe',
        'mock',
        'fleet-hazard',
        'advisor-prior',
        'on-demand',
        'none',
      ]),
    }),
  ),
  signals: answers(
    z.object({
      kind: z.enum(['REBALANCE', 'TERMINATION']),
      atMs: z.number(),
      expiresAtMs: z.number(),
      heat: probability,
    }),
  ),
  hazards: answers(z.number().min(0)).default({}),
  cooldowns: answers(cooldown),
  group_cooldowns: answers(cooldown).default({}),
  groups: answers(
    z.object({
      instanceTypes: z.array(z.string()),
      zones: z.array(z.string()),
      capacityType: z.enum(['spot', 'on-demand', 'unknown']),
      onDemandShare: probability,
      weights: z.record(z.string(), z.number().positive()).exactOptional(),
      maxNodes: z.number().exactOptional(),
      source: z.enum(['configuration', 'auto-scaling-group']),
      wishes: z
        .object({
          weight: z.number().exactOptional(),
          priceFactor: z.number().exactOptional(),
          rank: z.number().exactOptional(),
          minShare: z.number().exactOptional(),
          maxShare: z.number().exactOptional(),
          preferZone: z.string().exactOptional(),
        })
        .exactOptional(),
    }),
  ),
  prices_are_stale: z.boolean(),
  remarks: z.array(z.string()).exactOptional(),
  on_demand_per_unit: answers(z.number().min(0)).default({}),
  fleet: z
    .object({
      source: z.enum(['nodes', 'answers']),
      all: fleetPart,
      pools: answers(fleetPart),
      types: answers(fleetPart),
      zones: answers(fleetPart),
      nodes_in_zone: answers(z.number().min(0)),
      groups: answers(fleetPart),
    })
    .exactOptional(),
  horizon_hours: z.number().exactOptional(),
  on_demand_first: z.string().exactOptional(),
}) satisfies z.ZodType<RecordedFacts>;

function keyOf({ instanceType, zone, capacityType }: Pool): string {
  return `${instanceType}@${zone}/${capacityType}`;
}

/** The same knowledge, and a note of every answer that it gave. */
export interface TracedKnowledge {
  readonly knowledge: Knowledge;
  /** What has been looked up until now. */
  readonly facts: () => RecordedFacts;
}

export function tracedKnowledge(source: Knowledge): TracedKnowledge {
  const instanceTypes = noted(source.instanceType, (instanceType) => instanceType);
  const advisorBands = noted(source.advisorBand, keyOf);
  const prices = noted(source.prices, keyOf);
  const risks = noted(source.risk, keyOf);
  const signals = noted(source.signal, keyOf);
  const hazards = noted((pool: Pool) => source.hazard?.(pool), keyOf);
  const cooldowns = noted(source.cooldown, keyOf);
  const groupCooldowns = noted(
    (id: string) => source.groupCooldown?.(id),
    (id) => id,
  );
  const groups = noted(source.groupFacts, (nodeGroupId) => nodeGroupId);
  const units = noted(
    (kind: 'plain' | 'accelerated') => source.onDemandPerUnit?.(kind),
    (kind) => kind,
  );
  const fleet = source.fleet && tracedFleetView(source.fleet);
  const { horizonHours, onDemandFirst } = source;
  return {
    knowledge: {
      instanceType: instanceTypes.ask,
      advisorBand: advisorBands.ask,
      prices: prices.ask,
      risk: risks.ask,
      signal: signals.ask,
      ...(source.hazard !== undefined && { hazard: hazards.ask }),
      cooldown: cooldowns.ask,
      ...(source.groupCooldown !== undefined && { groupCooldown: groupCooldowns.ask }),
      groupFacts: groups.ask,
      ...(source.onDemandPerUnit !== undefined && { onDemandPerUnit: units.ask }),
      ...(fleet !== undefined && { fleet: fleet.view }),
      ...(horizonHours !== undefined && { horizonHours }),
      ...(onDemandFirst !== undefined && { onDemandFirst }),
      pricesAreStale: source.pricesAreStale,
      ...remarksOf(source.remarks),
    },
    facts: () => ({
      instance_types: Object.fromEntries(instanceTypes.notes),
      advisor_bands: Object.fromEntries(advisorBands.notes),
      prices: Object.fromEntries(prices.notes),
      risks: Object.fromEntries(risks.notes),
      signals: Object.fromEntries(signals.notes),
      hazards: Object.fromEntries(hazards.notes),
      cooldowns: Object.fromEntries(cooldowns.notes),
      group_cooldowns: Object.fromEntries(groupCooldowns.notes),
      groups: Object.fromEntries(groups.notes),
      prices_are_stale: source.pricesAreStale,
      ...remarksOf(source.remarks),
      on_demand_per_unit: Object.fromEntries(units.notes),
      ...(fleet !== undefined && { fleet: fleet.facts() }),
      ...(horizonHours !== undefined && { horizon_hours: horizonHours }),
      ...(onDemandFirst !== undefined && { on_demand_first: onDemandFirst }),
    }),
  };
}

function tracedFleetView(source: FleetView): {
  readonly view: FleetView;
  readonly facts: () => RecordedFleet;
} {
  const pools = noted(source.pool, keyOf);
  const types = noted(source.type, ({ instanceType }) => instanceType);
  const zones = noted(source.zone, ({ zone }) => zone);
  const inZone = noted(source.inZone, (zone) => zone);
  const groups = noted(source.group, (id) => id);
  const part = (found: FleetPart | undefined): FleetPart => found ?? nothing;
  return {
    view: {
      source: source.source,
      all: source.all,
      pool: (pool) => part(pools.ask(pool)),
      type: (pool) => part(types.ask(pool)),
      zone: (pool) => part(zones.ask(pool)),
      inZone: (zone) => inZone.ask(zone) ?? 0,
      group: (id) => part(groups.ask(id)),
    },
    facts: () => ({
      source: source.source,
      all: source.all,
      pools: Object.fromEntries(pools.notes),
      types: Object.fromEntries(types.notes),
      zones: Object.fromEntries(zones.notes),
      nodes_in_zone: Object.fromEntries(inZone.notes),
      groups: Object.fromEntries(groups.notes),
    }),
  };
}

const nothing: FleetPart = { nodes: 0, vcpus: 0 };

function recordedFleetView(fleet: RecordedFleet): FleetView {
  return {
    source: fleet.source,
    all: fleet.all,
    pool: (pool) => fleet.pools[keyOf(pool)] ?? nothing,
    type: ({ instanceType }) => fleet.types[instanceType] ?? nothing,
    zone: ({ zone }) => fleet.zones[zone] ?? nothing,
    inZone: (zone) => fleet.nodes_in_zone[zone] ?? 0,
    group: (id) => fleet.groups[id] ?? nothing,
  };
}

function noted<Given extends readonly unknown[], Fact>(
  question: (...given: Given) => Fact | undefined,
  key: (...given: Given) => string,
) {
  const notes = new Map<string, Fact | null>();
  return {
    notes,
    ask: (...given: Given): Fact | undefined => {
      const fact = question(...given);
      notes.set(key(...given), fact ?? null);
      return fact;
    },
  };
}

/** Knowledge that consists of recorded answers; what was never asked is not known. */
export function recordedKnowledge(facts: RecordedFacts): Knowledge {
  return {
    instanceType: (instanceType) => facts.instance_types[instanceType] ?? undefined,
    advisorBand: (pool) => facts.advisor_bands[keyOf(pool)] ?? undefined,
    prices: (pool) => facts.prices[keyOf(pool)] ?? undefined,
    risk: (pool) => facts.risks[keyOf(pool)] ?? undefined,
    signal: (pool) => facts.signals[keyOf(pool)] ?? undefined,
    ...(Object.keys(facts.hazards).length > 0 && {
      hazard: (pool: Pool) => facts.hazards[keyOf(pool)] ?? undefined,
    }),
    cooldown: (pool) => facts.cooldowns[keyOf(pool)] ?? undefined,
    groupCooldown: (nodeGroupId) => facts.group_cooldowns[nodeGroupId] ?? undefined,
    groupFacts: (nodeGroupId) => facts.groups[nodeGroupId] ?? undefined,
    onDemandPerUnit: (kind) => facts.on_demand_per_unit[kind] ?? undefined,
    ...(facts.fleet !== undefined && { fleet: recordedFleetView(facts.fleet) }),
    ...(facts.horizon_hours !== undefined && { horizonHours: facts.horizon_hours }),
    ...(facts.on_demand_first !== undefined && { onDemandFirst: facts.on_demand_first }),
    pricesAreStale: facts.prices_are_stale,
    ...remarksOf(facts.remarks),
  };
}

function remarksOf(remarks: readonly string[] | undefined): { readonly remarks?: readonly string[] } {
  return remarks === undefined || remarks.length === 0 ? {} : { remarks };
}
