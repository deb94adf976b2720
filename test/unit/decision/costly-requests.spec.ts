import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import fc from 'fast-check';
import type { CountedRequest } from '../../../scripts/costly-work.ts';
import type { Candidate } from '../../../src/decision/decision-context.ts';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import { preferencesOf } from '../../../src/decision/preferences.ts';
import type { LabelRequirement, PreferredNodeTerm } from '../../../src/decision/scale-up-request.ts';
import { knownMarket, now, pod, scaleUp, spotPool } from './known-market.ts';

const zone = 'topology.kubernetes.io/zone';
const type = 'node.kubernetes.io/instance-type';

describe('what a request costs', () => {
  it('grows no faster than its bytes, in blocks of code that are run', async function () {
    this.timeout(60_000);
    const thread = new Worker(new URL('../../../scripts/costly-work.ts', import.meta.url));
    const [requests] = (await once(thread, 'message')) as [readonly CountedRequest[]];
    await thread.terminate();
    expect(requests.length).to.be.at.least(7);
    for (const { name, sizes } of requests) {
      const [small, , large] = sizes;
      expect(small!.blocks, name).to.be.above(1_000);
      expect(large!.blocks / small!.blocks, name).to.be.at.most((1.05 * large!.bytes) / small!.bytes);
    }
  });
});

const market = knownMarket({
  prices: { 'c5.large': { spotPerHour: 0.03, onDemandPerHour: 0.085 } },
  groups: {
    wide: {
      instanceTypes: Array.from({ length: 40 }, (_, index) => `c${index}.large`),
      zones: ['ap-south-1a', 'ap-south-1b', 'ap-south-1c'],
      capacityType: 'spot',
      onDemandShare: 0,
      source: 'configuration',
    },
  },
});

describe('a request that is too much to judge', () => {
  it('of more than 5,000 options is answered with all of its ids, and says why', () => {
    const groups = Object.fromEntries(
      Array.from({ length: 5_001 }, (_, index) => [`group-${index}`, { nodeCount: 1, pods: [] }]),
    );
    const { answer, degradation, ranked } = decideScaleUp(scaleUp(groups, []), market, defaultPolicy, now);
    expect(answer).to.deep.equal(Object.keys(groups));
    expect(ranked).to.deep.equal([]);
    expect(degradation).to.deep.equal({
      step: 'all-ids',
      reasons: ['5001 options are more than the 5000 that are judged'],
    });
  });

  it('of more than 60,000 pools judges each group by its first few, and says so', () => {
    const one = {
      nodeCount: 1,
      pods: [],
      type: 'c5.large',
      zone: 'ap-south-1a',
      capacityType: 'SPOT',
    } as const;
    const groups = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`wide-${index}`, one]));
    const wide = { ...market, groupFacts: () => market.groupFacts('wide', {}) };
    const { answer, remarks, ranked } = decideScaleUp(scaleUp(groups, []), wide, defaultPolicy, now);
    expect(answer).to.have.length(1);
    expect(ranked[0]?.pools).to.have.length(60);
    expect(remarks).to.include(
      'pools are left out: 1000 groups have 120000 of them, and each group is judged by its first 60',
    );
  });

  it('leaves out everybody’s preferences, and says so', () => {
    const terms = Array.from({ length: 3_000 }, (_, index): PreferredNodeTerm => likes(zone, [`${index}`]));
    const groups = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, index) => [
        `group-${index}`,
        { type: 'c5.large', zone: `${index}`, capacityType: 'SPOT', nodeCount: 1, pods: [0] } as const,
      ]),
    );
    const wishing = pod(500, 1, { preferredNodeTerms: terms });
    const { answer, remarks, ranked } = decideScaleUp(scaleUp(groups, [wishing]), market, defaultPolicy, now);
    expect(answer).to.have.length(1);
    expect(ranked.some(({ affinity }) => affinity !== undefined)).to.equal(false);
    expect(remarks.filter((one) => one.startsWith('preferences of pods are left out'))).to.have.length(1);
  });

  it('ends within a layer once its time is over', () => {
    const groups = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, index) => [
        `group-${index}`,
        { type: 'c5.large', zone: 'ap-south-1a', capacityType: 'SPOT', nodeCount: 1, pods: [] } as const,
      ]),
    );
    let breaths = 0;
    const { answer, degradation } = decideScaleUp(
      scaleUp(groups, []),
      market,
      defaultPolicy,
      now,
      (_, phase) => {
        if (phase === 'within') breaths += 1;
        if (breaths >= 3) throw new Error('time is over');
      },
    );
    expect(breaths).to.equal(3);
    expect(answer).to.have.length(2_000);
    expect(degradation.step).to.equal('all-ids');
    expect(degradation.reasons[0]).to.match(/^step model failed in layer input: time is over/);
  });
});

const likes = (key: string, values: readonly string[], weight = 50): PreferredNodeTerm => ({
  weight,
  requirements: [{ key, operator: 'In', values }],
});

/** Read off the scheduler's documentation, one node at a time. */
function satisfies(labels: Readonly<Record<string, string>>, { key, operator, values }: LabelRequirement) {
  const value = labels[key];
  const whole = (text: string | undefined) => (/^[+-]?\d+$/.test(text ?? '') ? Number(text) : Number.NaN);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return whole(value) > whole(values[0]);
    case 'Lt':
      return whole(value) < whole(values[0]);
  }
}

function plainDegree(terms: readonly PreferredNodeTerm[], { labels, pools }: Candidate): number {
  const nodes =
    pools.length > 1
      ? pools.map((pool) => ({ ...labels, [zone]: pool.zone, [type]: pool.instanceType }))
      : [labels];
  const all = terms.reduce((sum, { weight }) => sum + weight, 0);
  const met = nodes.map((node) =>
    terms
      .filter(({ requirements }) => requirements.every((one) => satisfies(node, one)))
      .reduce((sum, { weight }) => sum + weight, 0),
  );
  return met.reduce((sum, weight) => sum + weight / all, 0) / nodes.length;
}

const places = ['ap-south-1a', 'ap-south-1b', 'ap-south-1c'];
const types = ['c5.large', 'm5.large', 'r5.xlarge'];
const labelled = fc.record(
  {
    [zone]: fc.constantFrom(...places),
    [type]: fc.constantFrom(...types),
    size: fc.constantFrom('1', '5', '-3', 'large'),
    tier: fc.constantFrom('gold', 'silver'),
  },
  { requiredKeys: [] },
);
const term = fc.record({
  weight: fc.integer({ min: 1, max: 100 }),
  requirements: fc.array(
    fc.record({
      key: fc.constantFrom(zone, type, 'size', 'tier', 'nowhere'),
      operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'),
      values: fc.array(fc.constantFrom(...places, ...types, '0', '4', '5', 'gold'), { maxLength: 3 }),
    } as const),
    { minLength: 1, maxLength: 3 },
  ),
});

describe('preferred affinity by numbers', () => {
  it('is what reading every term against every node gives', () => {
    const group = fc.record({
      labels: labelled,
      pools: fc.array(fc.tuple(fc.constantFrom(...types), fc.constantFrom(...places)), { maxLength: 7 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(term, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
        fc.array(group, { minLength: 1, maxLength: 5 }),
        (wishes, groups) => {
          const pods = wishes.map((preferredNodeTerms) => pod(500, 1, { preferredNodeTerms }));
          const candidates = groups.map(({ labels, pools }, index): Candidate => ({
            id: `group-${index}`,
            pools: pools.map(([one, place]) => ({ ...spotPool(`${one}@${place}`) })),
            capacityType: 'spot',
            onDemandShare: 0,
            operatingSystem: 'linux',
            labels: labels,
            architecture: 'x86_64',
            nodeCount: 1,
            nodeSize: undefined,
            demand: undefined,
            coverage: 1,
            pods: pods.map((_, place) => place),
          }));
          const preferences = preferencesOf({ pods, domains: () => [] }, candidates, undefined);
          for (const candidate of candidates) {
            const expected =
              wishes.reduce((sum, terms) => sum + plainDegree(terms, candidate), 0) / wishes.length;
            expect(preferences.affinityOf(candidate)?.degree).to.be.closeTo(Math.min(1, expected), 1e-12);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('tells workloads apart by every part of their wishes', () => {
    const wishes = [
      likes('tier', ['gold']),
      likes('tier', ['silver']),
      likes('tier', ['gold'], 51),
      likes('reit', ['gold']),
    ];
    const pods = wishes.map((one) => pod(500, 1, { preferredNodeTerms: [one, likes('size', ['5'])] }));
    const { ranked } = decideScaleUp(
      scaleUp(
        {
          a: {
            type: 'c5.large',
            zone: places[0]!,
            labels: { tier: 'gold' },
            nodeCount: 1,
            pods: [0, 1, 2, 3],
          },
        },
        pods,
      ),
      market,
      defaultPolicy,
      now,
    );
    expect(ranked[0]?.affinity).to.equal((50 / 100 + 0 + 51 / 101 + 0) / 4);
  });
});
