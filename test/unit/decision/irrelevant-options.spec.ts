import { expect } from 'chai';
import fc from 'fast-check';
import type { FleetNodes } from '../../../src/decision/fleet-view.ts';
import type { Knowledge } from '../../../src/decision/knowledge.ts';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { defaultPolicy, type Policy } from '../../../src/decision/policy.ts';
import type { ScaleUpRequest } from '../../../src/decision/scale-up-request.ts';
import { knownMarket, modelRisk, now, pod, scaleUp } from './known-market.ts';

const types = ['c5.large', 'c5.xlarge', 'm5.large', 'm5.2xlarge', 'r5.large', 't3.medium'] as const;
const zones = ['ap-south-1a', 'ap-south-1b', 'ap-south-1c'] as const;
const zoneKey = 'topology.kubernetes.io/zone';
const price = fc.double({ min: 0.01, max: 1, noNaN: true });

const group = fc.record({
  type: fc.constantFrom(...types),
  zone: fc.constantFrom(...zones),
  capacityType: fc.constantFrom('SPOT', 'ON_DEMAND'),
  nodeCount: fc.integer({ min: 1, max: 6 }),
} as const);

const pendingPod = fc
  .record({
    cpu: fc.integer({ min: 50, max: 1900 }),
    memory: fc.double({ min: 0.1, max: 3, noNaN: true }),
    likes: fc.option(fc.constantFrom(...zones)),
    spreads: fc.option(fc.constantFrom(zoneKey, 'kubernetes.io/hostname', 'rack')),
    stays: fc.boolean(),
  })
  .map(({ cpu, memory, likes, spreads, stays }) =>
    pod(cpu, memory, {
      onScaleDown: stays ? 'stays' : 'moves',
      preferredNodeTerms:
        likes === null
          ? []
          : [{ weight: 50, requirements: [{ key: zoneKey, operator: 'In', values: [likes] }] }],
      spreadPreferences: spreads === null ? [] : [{ topologyKey: spreads, maxSkew: 1 }],
    }),
  );

const fleetNodes = fc.array(
  fc.record({
    instanceType: fc.constantFrom(...types),
    zone: fc.constantFrom(...zones),
    capacityType: fc.constantFrom('spot', 'on-demand'),
    nodeGroupId: fc.constantFrom('g0', 'g1', 'g2', 'g3', undefined),
    vcpus: fc.integer({ min: 1, max: 16 }),
    nodes: fc.integer({ min: 1, max: 20 }),
  } as const),
  { maxLength: 8 },
);

function knowledgeFrom(seed: {
  readonly prices: readonly number[];
  readonly bands: readonly number[];
  readonly fleet: readonly FleetNodes[] | null;
}): Knowledge {
  const keys = types.flatMap((type) => zones.map((zone) => `${type}@${zone}`));
  return knownMarket({
    prices: Object.fromEntries(
      keys.map((key, at) => [
        key,
        { spotPerHour: seed.prices[at] ?? 0.1, onDemandPerHour: 0.2 + (seed.prices[at % types.length] ?? 0) },
      ]),
    ),
    bands: Object.fromEntries(
      keys.map((key, at) => [key, { interruptRate: seed.bands[at] ?? 0.1, code: 2 }]),
    ),
    risk: Object.fromEntries(keys.map((key) => [key, modelRisk(0.4, 0.02)])),
    types: {
      'c5.large': [2, 4],
      'c5.xlarge': [4, 8],
      'm5.large': [2, 8],
      'm5.2xlarge': [8, 32],
      'r5.large': [2, 16],
      't3.medium': [2, 4],
    },
    ...(seed.fleet !== null && { fleet: seed.fleet }),
  });
}

/** All pods are in the first two options, so that leaving out others leaves the same work to be done. */
const asked = fc
  .record({
    pods: fc.array(pendingPod, { minLength: 1, maxLength: 8 }),
    groups: fc.array(group, { minLength: 3, maxLength: 7 }),
    holds: fc.array(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), { minLength: 7, maxLength: 7 }),
  })
  .map(({ pods, groups, holds }): ScaleUpRequest => {
    const all = pods.map((_, index) => index);
    return scaleUp(
      Object.fromEntries(
        groups.map((one, at) => {
          const some = all.filter((index) => holds[at]?.[index]);
          return [`g${at}`, { ...one, pods: at < 1 || some.length === 0 ? all : some }];
        }),
      ),
      pods,
    );
  });

const known = fc
  .record({
    prices: fc.array(price, { minLength: 18, maxLength: 18 }),
    bands: fc.array(fc.constantFrom(0.025, 0.075, 0.125, 0.175, 0.25), { minLength: 18, maxLength: 18 }),
    fleet: fc.option(fleetNodes),
  })
  .map(knowledgeFrom);

const policies = fc
  .record({
    maxSafetyPremium: fc.constantFrom(0, 0.02, 0.05, 0.5),
    affinityWeight: fc.constantFrom(0, 0.1, 1),
    spreadWeight: fc.constantFrom(0, 0.05, 1),
    interruptionPrice: fc.constantFrom(0, 1, 50),
  })
  .map((part): Policy => ({ ...defaultPolicy, ...part }));

describe('an option that nobody picks', () => {
  it('changes no choice by coming or going, preferences, spread, filters and fleet included', () => {
    fc.assert(
      fc.property(asked, known, policies, fc.nat(), (request, knowledge, policy, which) => {
        const whole = decideScaleUp(request, knowledge, policy, now);
        const [winner = ''] = whole.answer;
        const others = request.options.filter(
          ({ nodeGroupId }) => nodeGroupId !== winner && nodeGroupId !== 'g0',
        );
        const left = others[which % Math.max(1, others.length)];
        if (left === undefined) return;
        const options = request.options.filter((option) => option !== left);
        const fewer = decideScaleUp({ ...request, options }, knowledge, policy, now);
        expect(fewer.answer).to.deep.equal(whole.answer);
      }),
      { numRuns: 1500 },
    );
  });

  it('changes no number of those that stay', () => {
    fc.assert(
      fc.property(asked, known, policies, (request, knowledge, policy) => {
        const whole = decideScaleUp(request, knowledge, policy, now);
        const options = request.options.slice(0, 2);
        const fewer = decideScaleUp({ ...request, options }, knowledge, policy, now);
        for (const one of fewer.ranked) {
          const same = whole.ranked.find(({ id }) => id === one.id);
          if (same === undefined) continue;
          expect([one.tco, one.yield, one.score]).to.deep.equal([same.tco, same.yield, same.score]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('A beats B alone, and still does once an on-demand group is offered', () => {
    const shown = (type: string, capacityType: 'SPOT' | 'ON_DEMAND') =>
      ({ type, zone: 'ap-south-1a', capacityType, nodeCount: 1, pods: [0] }) as const;
    const market = knownMarket({
      prices: {
        'c5.large': { spotPerHour: 0.036, onDemandPerHour: 0.085 },
        'm5.large': { spotPerHour: 0.0365, onDemandPerHour: 0.101 },
        'm5.2xlarge': { spotPerHour: 0.2, onDemandPerHour: 0.404 },
      },
      bands: { 'c5.large': { interruptRate: 0.175, code: 3 }, 'm5.large': { interruptRate: 0.025, code: 0 } },
    });
    const decide = (groups: Parameters<typeof scaleUp>[0]) =>
      decideScaleUp(scaleUp(groups, [pod(1800, 3.5)]), market, defaultPolicy, now).answer;
    const two = { a: shown('c5.large', 'SPOT'), b: shown('m5.large', 'SPOT') };
    expect(decide({ ...two, od: shown('m5.2xlarge', 'ON_DEMAND') })).to.deep.equal(decide(two));
  });
});
