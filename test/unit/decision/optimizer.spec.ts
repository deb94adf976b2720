import { expect } from 'chai';
import type { Assessed } from '../../../src/decision/decision-context.ts';
import { fleetView } from '../../../src/decision/fleet-view.ts';
import { dearerForLossAtOnce, shareAtOnce } from '../../../src/decision/loss-at-once.ts';
import { scored } from '../../../src/decision/optimizer.ts';
import { defaultPolicy, type Policy } from '../../../src/decision/policy.ts';
import { noSurroundings } from '../../../src/decision/surroundings.ts';
import { gib, knownMarket, onDemandPool, spotPool, type Market } from './known-market.ts';
import { oneCandidate, oneRanked } from './one-candidate.ts';

const policy: Policy = {
  ...defaultPolicy,
  maxCrashProbability: 0.85,
  maxSafetyPremium: 0.1,
  affinityWeight: 0.1,
};
/** Where a unit costs 0.05 USD an hour on demand. */
const market: Market = { types: { x: [1, 0] }, prices: { x: { onDemandPerHour: 0.05 } } };
const node = { cpuMilli: 1000, memoryBytes: 0, gpus: 0 };
/** A node of one unit, wholly used, at 0.02 USD an hour, that is never interrupted. */
const candidate = (part: Partial<Assessed> = {}): Assessed => ({
  ...oneRanked(),
  ...{ nodeSize: node, demand: { resources: node, units: 1 } },
  price: { perHour: 0.02, source: 'spot' },
  evidence: { perHour: 0, withinHorizon: 0, gateProbability: 0.3, source: 'band' },
  risk: { crashProbability: 0.3, expectedFrequency: 0, source: 'advisor-prior', step: 'advisor-prior' },
  ...part,
});

function layer(candidates: readonly Assessed[], own = policy, facts = market) {
  return scored({ candidates, drops: [] }, knownMarket(facts), noSurroundings, own);
}
const score = (part: Partial<Assessed>, own = policy) => layer([candidate(part)], own).candidates[0]!;

describe('the yield of a candidate', () => {
  it('is what it saves of a unit’s price on demand: 60 of 100 at two fifths of it', () => {
    expect(score({}).yield).to.be.closeTo(60, 1e-9);
    expect(score({}).score).to.equal(score({}).yield);
    expect(score({}).tco).to.be.closeTo(0.02, 1e-12);
  });

  it('is kept as far as it is not interrupted within the horizon', () => {
    const evidence = { ...candidate().evidence, withinHorizon: 0.5 };
    expect(score({ evidence }).yield).to.be.closeTo(30, 1e-9);
  });

  it('rises by what the operator weighs it and falls by what later scale-ups must serve', () => {
    expect(score({ wishes: { weight: 2 } }).tco).to.be.closeTo(0.01, 1e-12);
    for (const weight of [0, -1, Infinity, NaN])
      expect(score({ wishes: { weight } }).tco, `${weight}`).to.be.closeTo(0.02, 1e-12);
    const { tco } = score({ coverage: 0.5 }, { ...policy, unservedWeight: 0.2 });
    expect(tco).to.be.closeTo(0.022, 1e-12);
  });

  it('knows the rise that a price model forecasts, of Spot alone', () => {
    const risk = { ...candidate().risk, source: 'family-stress', expectedFrequency: 0.5 } as const;
    const own = { ...policy, forecastRise: 0.1 };
    expect(score({ risk }, own).tco).to.be.closeTo(0.021, 1e-12);
    expect(score({ risk, capacityType: 'unknown' }, own).tco).to.be.closeTo(0.02, 1e-12);
    expect(score({ risk, onDemandShare: 1 }, own).tco).to.be.closeTo(0.02, 1e-12);
    expect(score({ risk: { ...risk, source: 'fleet-hazard' } }, own).tco).to.be.closeTo(0.02, 1e-12);
  });

  it('has a zone that the operator prefers as if every pod preferred it, by the share of its pools there', () => {
    const pools = [spotPool('m5.large@a'), spotPool('m5.large@b')];
    expect(score({ pools, wishes: { preferZone: 'b' } }).score - score({ pools }).score).to.be.closeTo(
      5,
      1e-9,
    );
    expect(score({ pools, wishes: { preferZone: 'c' } }).score).to.equal(score({ pools }).score);
    expect(score({ pools: [], wishes: { preferZone: 'c' } }).score).to.equal(score({ pools: [] }).score);
  });

  it('of what a filter objects to counts as dearer by the premium, and both scores are kept', () => {
    const objection = { layer: 'static', reason: 'interrupt-rate', sentence: 's' } as const;
    const one = score({ objection });
    // 0.02 × 1.1 of 0.05.
    expect(one.score).to.be.closeTo(56, 1e-9);
    expect([one.scoreUnfiltered, one.yield].map((value) => Number(value.toFixed(9)))).to.deep.equal([60, 60]);
  });
});

describe('the gate', () => {
  const objection = (part: Partial<Assessed['evidence']>, more: Partial<Assessed> = {}, own = policy) =>
    score({ evidence: { ...candidate().evidence, gateProbability: 0.9, ...part }, ...more }, own).objection;

  for (const [source, name] of [
    ['fleet', "the fleet's own record"],
    ['band', "the Spot Advisor's band"],
    ['model', "the model's word"],
  ] as const)
    it(`objects to Spot above it, by ${name}`, () => {
      expect(objection({ source })).to.deep.equal({
        ...{ layer: 'optimizer', reason: 'crash-probability' },
        sentence: `probability of an interruption 0.90 at even odds (${name}) is above 0.85`,
      });
    });

  it('objects to nothing at it, of which nothing is known, that is not Spot, or when it is off', () => {
    expect(objection({ gateProbability: 0.85 })).to.equal(undefined);
    expect(objection({ source: 'typical' })).to.equal(undefined);
    expect(objection({}, { capacityType: 'unknown' })).to.equal(undefined);
    const off = { ...policy, switches: { ...policy.switches, safetyGate: false } };
    expect(objection({}, {}, off)).to.equal(undefined);
  });

  it('leaves an earlier objection as it is', () => {
    const earlier = { layer: 'static', reason: 'interrupt-rate', sentence: 's' } as const;
    expect(objection({}, { objection: earlier })).to.equal(earlier);
  });
});

describe('what cannot be scored', () => {
  const sentence = (part: Partial<Assessed>, ...others: readonly Assessed[]) =>
    layer([candidate(part), ...others]).drops.map(({ layer: at, reason, sentence: why }) => [
      at,
      reason,
      why,
    ]);

  it('is dropped without a price, for that of its pool or for want of one', () => {
    expect(sentence({ price: undefined, pools: [spotPool('m5.large@a')] })).to.deep.equal([
      ['optimizer', 'no-price', 'no price is known for m5.large in a'],
    ]);
    expect(sentence({ price: undefined, pools: [] })).to.deep.equal([
      ...[
        [
          'optimizer',
          'no-price',
          'nothing tells the instance type and zone of a: describe it under node_groups',
        ],
      ],
    ]);
  });

  it('is dropped without size and demand beside others that have them', () => {
    const unknown = { nodeSize: undefined, demand: undefined };
    expect(sentence(unknown, candidate({ id: 'b' }))).to.deep.equal([
      ['optimizer', 'no-size', "neither the size of a's nodes nor what they would serve is known"],
    ]);
    expect(sentence(unknown)).to.deep.equal([]);
  });

  it('is compared by node where nobody’s size is known: four units each', () => {
    const unknown = score({ nodeSize: undefined, demand: undefined, nodeCount: 2 });
    expect(unknown.tco).to.be.closeTo(0.02, 1e-12);
    expect(unknown.yield).to.be.closeTo(90, 1e-9);
  });
});

describe('a larger type', () => {
  const asked = (part: Partial<Assessed> = {}) => candidate({ id: 'small', ...part });
  const larger = (perHour: number) =>
    candidate({ id: 'large', admittedFor: 'small', price: { perHour, source: 'spot' } });
  const result = (candidates: readonly Assessed[]) => {
    const { candidates: left, drops } = layer(candidates);
    return [left.map(({ id }) => id), drops.map(({ sentence }) => sentence)];
  };

  it('stays only where it yields more than the one that it stands in for', () => {
    expect(result([asked(), larger(0.019)])).to.deep.equal([['small', 'large'], []]);
    expect(result([asked(), larger(0.02)])).to.deep.equal([
      ['small'],
      ['it yields 60.0, no more than 60.0 of the smaller small'],
    ]);
  });

  it('goes where the one that it stands in for was dropped', () => {
    expect(
      result([asked({ price: undefined, pools: [spotPool('m5.large@a')] }), larger(0.01)]),
    ).to.deep.equal([
      [],
      ['no price is known for m5.large in a', 'small, which it would stand in for, was dropped'],
    ]);
  });
});

describe('what could be lost at once', () => {
  const nodes = (instanceType: string, zone: string, vcpus: number) => ({
    ...{ instanceType, zone, vcpus, nodes: 1, capacityType: 'spot' as const, nodeGroupId: undefined },
  });
  const m5 = spotPool('m5.large@a');
  const fleet = fleetView('nodes', [
    nodes('m5.large', 'a', 20),
    nodes('m5.large', 'b', 30),
    nodes('c5.large', 'a', 40),
  ]);
  const share = (part: Parameters<typeof oneCandidate>[0] = {}, view = fleet) =>
    shareAtOnce(
      oneCandidate({ pools: [m5], nodeSize: { ...node, cpuMilli: 5000 }, nodeCount: 2, ...part }),
      view,
    );

  it('is its pool with its new nodes, a twentieth of its type elsewhere and a fiftieth of its zone, of all vCPUs', () => {
    // 20 + 10 of 90 + 10; 30 more of the type, 40 more in the zone.
    expect(share()).to.be.closeTo((30 + 0.05 * 30 + 0.02 * 40) / 100, 1e-12);
  });

  it('of several pools is the mean, each getting its part; of a mixed group its Spot share', () => {
    expect(share({ onDemandShare: 0.5 })).to.be.closeTo((25 + 0.05 * 30 + 0.02 * 40) / 100, 1e-12);
    const one = 25 + 0.05 * 30 + 0.02 * 40;
    const other = 45 + 0.05 * 0 + 0.02 * 20;
    expect(share({ pools: [m5, spotPool('c5.large@a')] })).to.be.closeTo((one + other) / 2 / 100, 1e-12);
  });

  it('is nothing of on-demand, and where no fleet, pool or size is known', () => {
    expect(share({ capacityType: 'on-demand', pools: [onDemandPool('m5.large@a')] })).to.equal(0);
    expect(shareAtOnce(oneCandidate({ pools: [m5], nodeSize: node }), undefined)).to.equal(0);
    expect(share({ pools: [] })).to.equal(0);
    expect(share({ nodeSize: undefined })).to.equal(0);
    expect(share({ nodeSize: { ...node, cpuMilli: 0 } }, fleetView('nodes', []))).to.equal(0);
    expect(share({}, fleetView('nodes', []))).to.equal(1);
  });

  it('makes dearer by straight lines through 10, 30 and 50 %, and on as the last one goes', () => {
    const lossAtOnce = { ofTenPercent: 0.01, ofThirtyPercent: 0.05, ofHalf: 0.15 };
    const dearer = (part: number) => Number(dearerForLossAtOnce(part, { lossAtOnce }).toFixed(9));
    expect([0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6].map(dearer)).to.deep.equal([
      ...[0, 0.005, 0.01, 0.03, 0.05, 0.1, 0.15, 0.2],
    ]);
    expect(
      dearerForLossAtOnce(1, { lossAtOnce: { ofTenPercent: 0, ofThirtyPercent: 0.1, ofHalf: 0 } }),
    ).to.equal(0);
  });
});

describe('sizes', () => {
  it('without pods told one by one are those of the node: memory and GPUs count', () => {
    const large = { cpuMilli: 2000, memoryBytes: 10 * gib, gpus: 0 };
    const two = score({ nodeSize: large, demand: { resources: large, units: 3 } });
    expect(two.tco).to.be.closeTo(0.02 / 3, 1e-12);
  });
});
