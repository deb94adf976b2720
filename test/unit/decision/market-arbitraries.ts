import fc from 'fast-check';
import type { Knowledge, RiskSource } from '../../../src/decision/knowledge.ts';
import type { Policy } from '../../../src/decision/policy.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { CapacityType } from '../../../src/decision/pool.ts';
import type { ScaleUpRequest } from '../../../src/decision/scale-up-request.ts';
import { knownMarket, now, typeFacts } from './known-market.ts';

const types = ['c5.large', 'c5.xlarge', 'm5.large', 'r5.large', 'm6g.large', 'g4dn.xlarge', 'x9.unknown', ''];
const zones = ['ap-south-1a', 'ap-south-1b', 'aps1-az3', ''];
const sources: readonly RiskSource[] = [
  'family-stress',
  'always-safe',
  'mock',
  'fleet-hazard',
  'advisor-prior',
  'on-demand',
  'none',
];

/** Numbers as a broken source gives them. */
export const hostileNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0, -0, 5e-324, 1e308),
);

/** Mostly a number of its range, at times anything. */
function numberOr(range: fc.Arbitrary<number>): fc.Arbitrary<number> {
  return fc.oneof({ weight: 3, arbitrary: range }, { weight: 1, arbitrary: hostileNumber });
}

const price = numberOr(fc.double({ min: 0.001, max: 30, noNaN: true }));
const share = numberOr(fc.double({ min: 0, max: 1, noNaN: true }));
const amount = numberOr(fc.double({ min: 0, max: 64_000, noNaN: true }));
const bytes = numberOr(fc.double({ min: 0, max: 2 ** 40, noNaN: true }));
const resources = fc.record({ cpuMilli: amount, memoryBytes: bytes, gpus: numberOr(fc.nat(8)) });

const requirement = fc.record({
  key: fc.constantFrom('topology.kubernetes.io/zone', 'size', 'constructor'),
  operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'),
  values: fc.array(fc.constantFrom('ap-south-1a', '5', '-3', 'x'), { maxLength: 2 }),
} as const);

const pendingPod = fc.record({
  requests: resources,
  preferredNodeTerms: fc.array(
    fc.record({
      weight: numberOr(fc.integer({ min: 1, max: 100 })),
      requirements: fc.array(requirement, { maxLength: 2 }),
    }),
    { maxLength: 2 },
  ),
  spreadPreferences: fc.array(
    fc.record({
      topologyKey: fc.constantFrom('topology.kubernetes.io/zone', 'kubernetes.io/hostname', 'rack'),
      maxSkew: fc.integer({ min: 1, max: 3 }),
    }),
    { maxLength: 2 },
  ),
});

const labels = fc.record(
  {
    'node.kubernetes.io/instance-type': fc.constantFrom(...types),
    'topology.kubernetes.io/zone': fc.constantFrom(...zones),
    'eks.amazonaws.com/capacityType': fc.constantFrom('SPOT', 'ON_DEMAND', 'nonsense'),
    'kubernetes.io/os': fc.constantFrom('linux', 'windows'),
    'kubernetes.io/arch': fc.constantFrom('amd64', 'arm64', 'riscv64'),
    size: fc.constantFrom('4', '6', 'big'),
  },
  { requiredKeys: [] },
);

const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', '', '__proto__', 'constructor');

/** Requests as a hostile or careless client makes them. */
export const anyRequest: fc.Arbitrary<ScaleUpRequest> = fc
  .record({
    pods: fc.array(pendingPod, { maxLength: 6 }),
    options: fc.array(
      fc.record({
        nodeGroupId: ids,
        nodeCount: numberOr(fc.integer({ min: 1, max: 40 })),
        pods: fc.array(fc.integer({ min: -1, max: 7 }), { maxLength: 6 }),
      }),
      { maxLength: 8 },
    ),
    nodes: fc.array(fc.tuple(ids, fc.record({ labels, allocatable: resources, capacity: resources })), {
      maxLength: 8,
    }),
  })
  .map(({ pods, options, nodes }) => ({
    pods,
    options,
    nodes: new Map(
      nodes.map(([id, template]) => [id, { ...template, name: `template-${id}`, providerId: '' }]),
    ),
    unreadable: { pods: 0, nodes: 0 },
  }));

const at = fc.integer({ min: now - 3_600_000, max: now + 3_600_000 });

function tableOf<Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> {
  const keys = types.flatMap((type) => zones.map((zone) => `${type}@${zone}`));
  return fc.dictionary(fc.constantFrom(...keys), values, { maxKeys: 24 });
}

/** Knowledge from sources that lie, break off and throw. */
export const anyKnowledge: fc.Arbitrary<Knowledge> = fc
  .record({
    prices: tableOf(fc.record({ spotPerHour: price, onDemandPerHour: price }, { requiredKeys: [] })),
    risk: tableOf(
      fc.record({
        crashProbability: share,
        expectedFrequency: share,
        source: fc.constantFrom(...sources),
      }),
    ),
    bands: tableOf(fc.record({ interruptRate: share, code: numberOr(fc.nat(4)) })),
    signals: tableOf(
      fc.record({
        kind: fc.constantFrom('REBALANCE', 'TERMINATION'),
        atMs: at,
        expiresAtMs: at,
        heat: share,
      } as const),
    ),
    hazards: tableOf(numberOr(fc.double({ min: 0, max: 10, noNaN: true }))),
    cooldowns: tableOf(fc.record({ untilMs: at, evidence: fc.constant('it did not come') })),
    groups: fc.dictionary(
      ids,
      fc.record({
        instanceTypes: fc.array(fc.constantFrom(...types), { maxLength: 3 }),
        zones: fc.array(fc.constantFrom(...zones), { maxLength: 3 }),
        capacityType: fc.constantFrom<CapacityType>('spot', 'on-demand', 'unknown'),
        onDemandShare: share,
        source: fc.constant('configuration'),
      } as const),
      { maxKeys: 6 },
    ),
    pricesAreStale: fc.boolean(),
    sizes: fc.dictionary(fc.constantFrom(...types), fc.tuple(amount, amount, amount), { maxKeys: 6 }),
    throwing: fc.subarray([
      'instanceType',
      'advisorBand',
      'prices',
      'risk',
      'signal',
      'hazard',
      'groupFacts',
      'cooldown',
    ] as const),
  })
  .map(({ sizes, throwing, ...market }) => {
    const sound = {
      ...knownMarket(market),
      instanceType: (type: string) =>
        sizes[type] === undefined ? undefined : typeFacts(type, ...sizes[type]),
    };
    const broken = Object.fromEntries(
      throwing.map((name) => [
        name,
        () => {
          throw new Error(`${name} is away`);
        },
      ]),
    );
    return { ...sound, ...broken };
  });

export const anyPolicy: fc.Arbitrary<Policy> = fc
  .record({
    maxCrashProbability: fc.double({ min: 0, max: 1, noNaN: true }),
    maxHistoricInterruptRate: fc.double({ min: 0, max: 1, noNaN: true }),
    formula: fc.constantFrom('expected-cost', 'classic'),
    maxSafetyPremium: fc.constantFrom(0, 0.05, 1),
    interruptionPrice: fc.constantFrom(0, 1, 100),
    affinityWeight: fc.double({ min: 0, max: 1, noNaN: true }),
    spreadWeight: fc.double({ min: 0, max: 1, noNaN: true }),
    equalSetTolerance: fc.constantFrom(0, 1, 100),
    worstPoolWeight: fc.double({ min: 0, max: 1, noNaN: true }),
    switches: fc.record({
      advisorFilter: fc.boolean(),
      riskModel: fc.boolean(),
      safetyGate: fc.boolean(),
      wasteCost: fc.boolean(),
      rightSizing: fc.boolean(),
      hotPools: fc.boolean(),
      capacityCooldown: fc.boolean(),
    }),
  } as const)
  .map((part) => ({ ...defaultPolicy, ...part }));
