import { readFileSync } from 'node:fs';
import type {
  AdvisorBand,
  CapacityCooldown,
  GroupFacts,
  InstanceTypeFacts,
  Knowledge,
  PoolPrices,
  PoolSignal,
  RiskAssessment,
} from '../../../src/decision/knowledge.ts';
import { fleetView, type FleetNodes } from '../../../src/decision/fleet-view.ts';
import { onDemandPerUnitOf } from '../../../src/decision/on-demand-unit.ts';
import type { Pool } from '../../../src/decision/pool.ts';
import { familyOf, poolKey } from '../../../src/decision/pool.ts';
import type { Resources } from '../../../src/decision/resources.ts';
import type {
  NodeTemplate,
  PendingPod,
  ScaleUpOption,
  ScaleUpRequest,
} from '../../../src/decision/scale-up-request.ts';
import { knowledgeTables } from '../../../src/server/knowledge/knowledge-tables.ts';
import { staticIntelligenceOf } from '../../../src/formats/static-intelligence-document.ts';

export const now = Date.UTC(2024, 0, 31, 12);
export const gib = 2 ** 30;

/** What a test's world knows; everything else is unknown. */
export interface Market {
  readonly types?: Readonly<Record<string, readonly [vcpu: number, memoryGib: number, gpus?: number]>>;
  /** By `type@zone` or `type`. */
  readonly bands?: Readonly<Record<string, AdvisorBand>>;
  readonly prices?: Readonly<Record<string, PoolPrices>>;
  readonly risk?: Readonly<Record<string, RiskAssessment>>;
  readonly signals?: Readonly<Record<string, PoolSignal>>;
  /** Given: a fleet is watched. */
  readonly hazards?: Readonly<Record<string, number>>;
  readonly groups?: Readonly<Record<string, GroupFacts>>;
  readonly cooldowns?: Readonly<Record<string, CapacityCooldown>>;
  readonly fleet?: readonly FleetNodes[];
  readonly horizonHours?: number;
  readonly pricesAreStale?: boolean;
}

export const commonTypes = {
  'c5.large': [2, 4],
  'c5.xlarge': [4, 8],
  'c5.2xlarge': [8, 16],
  'm5.large': [2, 8],
  'm5.2xlarge': [8, 32],
  'r5.large': [2, 16],
  'm6g.large': [2, 8],
  't3.medium': [2, 4],
  'g4dn.xlarge': [4, 16, 1],
  'p3.2xlarge': [8, 61, 1],
} as const;

export function knownMarket(market: Market): Knowledge {
  const types: NonNullable<Market['types']> = market.types ?? commonTypes;
  const of = <Value>(table: Readonly<Record<string, Value>> | undefined, pool: Pool) =>
    table?.[poolKey(pool)] ?? table?.[pool.instanceType];
  return {
    instanceType: (type) => {
      const size = types[type];
      return size === undefined ? undefined : typeFacts(type, ...size);
    },
    advisorBand: (pool) => of(market.bands, pool),
    prices: (pool) => of(market.prices, pool),
    risk: (pool) => of(market.risk, pool),
    signal: (pool) => of(market.signals, pool),
    ...(market.hazards !== undefined && { hazard: (pool: Pool) => of(market.hazards, pool) }),
    groupFacts: (id) => market.groups?.[id],
    cooldown: (pool) => of(market.cooldowns, pool),
    onDemandPerUnit: onDemandPerUnitOf(
      Object.entries(market.prices ?? {}).flatMap(([key, { onDemandPerHour }]) => {
        const size = types[key.split('@')[0] ?? ''];
        return size === undefined || onDemandPerHour === undefined
          ? []
          : [{ facts: typeFacts(key.split('@')[0] ?? '', ...size), onDemandPerHour }];
      }),
    ),
    ...(market.fleet !== undefined && { fleet: fleetView('nodes', market.fleet) }),
    ...(market.horizonHours !== undefined && { horizonHours: market.horizonHours }),
    pricesAreStale: market.pricesAreStale ?? false,
  };
}

export function typeFacts(
  instanceType: string,
  vcpu: number,
  memoryGib: number,
  gpus = 0,
): InstanceTypeFacts {
  const architecture = /g[a-z]*\./.test(instanceType) && gpus === 0 ? 'arm64' : 'x86_64';
  return { instanceType, vcpu, memoryGib, gpus, architecture, family: familyOf(instanceType) };
}

export function spotPool(key: string): Pool {
  return { ...placed(key), capacityType: 'spot' };
}

export function onDemandPool(key: string): Pool {
  return { ...placed(key), capacityType: 'on-demand' };
}

function placed(key: string): Omit<Pool, 'capacityType'> {
  const [instanceType = '', zone = ''] = key.split('@');
  return { instanceType, zone, region: 'ap-south-1' };
}

export function modelRisk(crashProbability: number, expectedFrequency = crashProbability): RiskAssessment {
  return { crashProbability, expectedFrequency, source: 'family-stress' };
}

/** What the fleet's own record as a model says of interruptions. */
export function recordRisk(
  crashProbability: number,
  expectedFrequency = crashProbability / 10,
): RiskAssessment {
  return { crashProbability, expectedFrequency, source: 'fleet-hazard' };
}

export function pod(
  cpuMilli: number,
  memoryGib: number,
  extra: Partial<PendingPod> & { gpus?: number } = {},
): PendingPod {
  const { gpus = 0, ...rest } = extra;
  return {
    requests: { cpuMilli, memoryBytes: memoryGib * gib, gpus },
    preferredNodeTerms: [],
    spreadPreferences: [],
    ...rest,
  };
}

/** A group as the autoscaler shows it: one node's labels and size, and what it would hold. */
export interface GroupShown {
  readonly type?: string;
  readonly zone?: string;
  readonly capacityType?: 'SPOT' | 'ON_DEMAND';
  readonly labels?: Readonly<Record<string, string>>;
  readonly size?: Resources;
  readonly nodeCount: number;
  readonly pods: readonly number[];
}

export function scaleUp(
  groups: Readonly<Record<string, GroupShown>>,
  pods: readonly PendingPod[],
): ScaleUpRequest {
  const options: ScaleUpOption[] = [];
  const nodes = new Map<string, NodeTemplate>();
  for (const [nodeGroupId, group] of Object.entries(groups)) {
    options.push({ nodeGroupId, nodeCount: group.nodeCount, pods: group.pods });
    const [vcpu, memoryGib, gpus = 0] = (commonTypes as NonNullable<Market['types']>)[group.type ?? ''] ?? [
      2, 4,
    ];
    const size = group.size ?? { cpuMilli: vcpu * 1000, memoryBytes: memoryGib * gib, gpus };
    nodes.set(nodeGroupId, {
      name: `template-${nodeGroupId}`,
      labels: {
        ...(group.type !== undefined && { 'node.kubernetes.io/instance-type': group.type }),
        ...(group.zone !== undefined && { 'topology.kubernetes.io/zone': group.zone }),
        ...(group.capacityType !== undefined && { 'eks.amazonaws.com/capacityType': group.capacityType }),
        ...group.labels,
      },
      providerId: '',
      allocatable: size,
      capacity: size,
    });
  }
  return { options, pods, nodes, unreadable: { pods: 0, nodes: 0 } };
}

/** The bundled snapshot as knowledge, without a model. */
export function bundledKnowledge(extra: Partial<Knowledge> = {}): Knowledge {
  const reading = staticIntelligenceOf(readFileSync('data/ap-south-1.json', 'utf8'));
  if (reading.kind === 'mistakes') throw new Error('the bundled snapshot does not read');
  const tables = knowledgeTables({
    file: reading.facts,
    accountZones: new Map(),
    accountTypes: new Map(),
    marketPrices: new Map(),
  });
  return {
    instanceType: tables.instanceType,
    advisorBand: tables.advisorBand,
    prices: (pool) => tables.prices(pool, 0),
    risk: () => undefined,
    signal: () => undefined,
    groupFacts: () => undefined,
    cooldown: () => undefined,
    onDemandPerUnit: tables.onDemandPerUnit,
    pricesAreStale: false,
    ...extra,
  };
}
