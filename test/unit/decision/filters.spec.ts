import { expect } from 'chai';
import type { Candidate } from '../../../src/decision/decision-context.ts';
import { defaultPolicy, type Policy } from '../../../src/decision/policy.ts';
import { withStaticIntelligence } from '../../../src/decision/with-static-intelligence.ts';
import { gib, knownMarket, onDemandPool, spotPool, typeFacts, type Market } from './known-market.ts';
import { oneCandidate } from './one-candidate.ts';

const policy: Policy = { ...defaultPolicy, maxHistoricInterruptRate: 0.2, worstPoolWeight: 0.5 };
const classic: Policy = { ...policy, formula: 'classic' };
const market: Market = {
  bands: { 'm5.large': { interruptRate: 0.25, code: 4 }, 'c5.large': { interruptRate: 0.05, code: 1 } },
  prices: {
    'm5.large': { spotPerHour: 0.04, onDemandPerHour: 0.1 },
    'c5.large': { spotPerHour: 0.02, onDemandPerHour: 0.08 },
    'r5.large': { spotPerHour: 0.31, onDemandPerHour: 0.29 },
  },
};
const m5 = [spotPool('m5.large@a')];
const c5 = [spotPool('c5.large@a')];
const size = { cpuMilli: 2000, memoryBytes: 8 * gib, gpus: 1 };
const demand = (cpuMilli: number, gibs: number, gpus = 0): NonNullable<Candidate['demand']> => ({
  resources: { cpuMilli, memoryBytes: gibs * gib, gpus },
  units: 1,
});

function layer(
  part: Partial<Candidate>,
  more: { policy?: Policy; market?: Market; filter?: 'filter' | 'keep-all' } = {},
) {
  const { policy: own = policy, market: facts = market, filter = 'filter' } = more;
  return withStaticIntelligence(
    { candidates: [oneCandidate(part)], drops: [] },
    knownMarket(facts),
    own,
    filter,
  );
}
const one = (...args: Parameters<typeof layer>) => layer(...args).candidates[0];

describe('what is looked up of a candidate', () => {
  it('is its type, its price and its band', () => {
    expect(one({ pools: c5 })).to.deep.include({
      typeFacts: typeFacts('c5.large', 2, 4),
      historicInterruptRate: 0.05,
      objection: undefined,
    });
    expect(one({ pools: c5 })?.price?.perHour).to.equal(0.02);
  });

  it('of several pools is the first one’s type, and a rate drawn to the worst; of a mixed group its Spot share', () => {
    const found = one({ pools: [...c5, ...m5] });
    expect(found?.typeFacts?.instanceType).to.equal('c5.large');
    // Half of the mean, 0.15, and half of the worst.
    expect(found?.historicInterruptRate).to.be.closeTo(0.2, 1e-12);
    expect(one({ pools: c5, onDemandShare: 0.5 })?.historicInterruptRate).to.equal(0.025);
  });

  it('is nothing of no pool; on-demand has no rate, nor has what no band tells', () => {
    expect(one({ pools: [] })).to.include({
      ...{ typeFacts: undefined, price: undefined, historicInterruptRate: undefined },
    });
    expect(
      one({ pools: [onDemandPool('c5.large@a')], capacityType: 'on-demand' })?.historicInterruptRate,
    ).to.equal(undefined);
    expect(one({ pools: [spotPool('r5.large@a')] })?.historicInterruptRate).to.equal(undefined);
  });
});

describe('what a filter holds against a candidate', () => {
  it('is a band above what is allowed, by the worst of its pools', () => {
    expect(one({ pools: m5 })?.objection).to.deep.equal({
      layer: 'static',
      reason: 'interrupt-rate',
      sentence: '25 % of this Spot capacity was reclaimed in the trailing month, at most 20 % is allowed',
    });
    for (const pools of [
      [...m5, ...c5],
      [...c5, ...m5],
    ])
      expect(one({ pools })?.objection?.sentence).to.match(/^25 % of the Spot capacity of m5\.large was /);
  });

  it('is nothing at what is allowed, where no band tells, and of what is not Spot', () => {
    expect(one({ pools: m5 }, { policy: { ...policy, maxHistoricInterruptRate: 0.25 } })?.objection).to.equal(
      undefined,
    );
    expect(one({ pools: [spotPool('t3.medium@a')] })?.objection).to.equal(undefined);
    for (const capacityType of ['on-demand', 'unknown'] as const)
      expect(one({ pools: m5, capacityType })?.objection).to.equal(undefined);
  });

  it('is no band where the filter is off, or everything is to be kept', () => {
    const off = { ...policy, switches: { ...policy.switches, advisorFilter: false } };
    expect(one({ pools: m5 }, { policy: off })?.objection).to.equal(undefined);
    expect(one({ pools: m5 }, { filter: 'keep-all' })?.objection).to.equal(undefined);
  });

  it('is a Spot price above on-demand, whatever is switched off', () => {
    const r5 = { pools: [spotPool('r5.large@a')] };
    const objection = {
      ...{ layer: 'static', reason: 'above-on-demand' },
      sentence: 'spot price 0.3100 is above on-demand 0.2900',
    };
    expect(one(r5)?.objection).to.deep.equal(objection);
    expect(one(r5, { filter: 'keep-all' })?.objection).to.deep.equal(objection);
    expect(one({ ...r5, capacityType: 'unknown' })?.objection).to.equal(undefined);
    const priced = (spotPerHour?: number, onDemandPerHour?: number) =>
      one(r5, {
        market: {
          prices: {
            'r5.large': {
              ...(spotPerHour !== undefined && { spotPerHour }),
              ...(onDemandPerHour !== undefined && { onDemandPerHour }),
            },
          },
        },
      })?.objection;
    expect(priced(0.29, 0.29)).to.equal(undefined);
    expect(priced(0.31)).to.equal(undefined);
    expect(priced(undefined, 0.29)).to.equal(undefined);
  });

  it('drops it under the classic formula, and only objects otherwise', () => {
    const { candidates, drops } = layer({ pools: m5 }, { policy: classic });
    expect(candidates).to.deep.equal([]);
    expect(drops.map(({ layer: at, reason }) => [at, reason])).to.deep.equal([['static', 'interrupt-rate']]);
    expect(layer({ pools: m5 }).drops).to.deep.equal([]);
  });
});

describe('a demand given by hand', () => {
  const fits = (asked: Candidate['demand'], part: Partial<Candidate> = {}) =>
    layer({ pools: c5, nodeSize: size, nodeCount: 2, demand: asked, ...part });

  it('may be as large as all nodes together', () => {
    expect(fits(demand(4000, 16, 2)).drops).to.deep.equal([]);
  });

  const tooLarge: readonly (readonly [string, Candidate['demand'], string])[] = [
    ['CPU', demand(4001, 16, 2), '4 vCPU, 16 GiB, 2 GPU'],
    ['memory', demand(4000, 17, 2), '4 vCPU, 17 GiB, 2 GPU'],
    ['GPUs', demand(4000, 16, 3), '4 vCPU, 16 GiB, 3 GPU'],
  ];
  for (const [resource, asked, text] of tooLarge)
    it(`drops what has too little ${resource} for it`, () => {
      expect(fits(asked).drops.map(({ reason, sentence }) => [reason, sentence])).to.deep.equal([
        ['too-small', `2 × a offers 4 vCPU, 16 GiB, 2 GPU, asked for is ${text}`],
      ]);
    });

  it('drops nothing for pods that the autoscaler has fitted, nor where nothing tells size or demand', () => {
    expect(fits(demand(9000, 1), { pods: [0] }).drops).to.deep.equal([]);
    expect(fits(demand(9000, 1), { nodeSize: undefined }).drops).to.deep.equal([]);
    expect(fits(undefined).drops).to.deep.equal([]);
  });
});
