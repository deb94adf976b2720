import { expect } from 'chai';
import type { Candidate } from '../../../src/decision/decision-context.ts';
import { nodePriceOf } from '../../../src/decision/node-price.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import { knownMarket, spotPool, type Market } from './known-market.ts';
import { oneCandidate } from './one-candidate.ts';

const policy = { ...defaultPolicy, assumedSpotShare: 0.5, windowsSurcharge: 1 };
const prices = {
  'm5.large': { spotPerHour: 0.04, onDemandPerHour: 0.1 },
  'c5.large': { spotPerHour: 0.02, onDemandPerHour: 0.08 },
};

function price(part: Partial<Candidate>, market: Market = { prices }) {
  const found = nodePriceOf(
    oneCandidate({ pools: [spotPool('m5.large@a')], ...part }),
    knownMarket(market),
    policy,
  );
  return (
    found && {
      ...found,
      perHour: Number(found.perHour.toFixed(9)),
    }
  );
}

const both = { onDemandPerHour: 0.1, spotPerHour: 0.04 };

describe("a node's price", () => {
  it('is the Spot price for Spot, the on-demand price for on-demand and for what is unknown', () => {
    expect(price({})).to.deep.equal({ perHour: 0.04, source: 'spot', ...both });
    for (const capacityType of ['on-demand', 'unknown'] as const)
      expect(price({ capacityType })).to.deep.equal({ perHour: 0.1, source: 'on-demand', ...both });
  });

  it('of a mixed group goes by its shares', () => {
    expect(price({ onDemandShare: 0.25 })).to.deep.equal({ perHour: 0.055, source: 'mixed', ...both });
    expect(price({ onDemandShare: 1 })).to.deep.include({ perHour: 0.1, source: 'on-demand' });
  });

  const two = { pools: [spotPool('m5.large@a'), spotPool('c5.large@a')] };

  it('over several pools is the mean of those that have one', () => {
    expect(price(two)).to.deep.include({ perHour: 0.03, source: 'spot' });
    expect(price({ ...two, capacityType: 'on-demand' })).to.deep.include({ perHour: 0.09 });
    expect(price({ pools: [...two.pools, spotPool('x9.large@a')] })).to.deep.include({
      perHour: 0.03,
      source: 'spot',
    });
  });

  it('of an instance that stands for two nodes is half of its own', () => {
    expect(price({ ...two, countsFor: { 'm5.large': 2 } })).to.deep.include({ perHour: 0.02 });
    expect(price({ ...two, countsFor: { 'm5.large': 2 }, capacityType: 'on-demand' })).to.deep.include({
      perHour: 0.065,
    });
  });

  it('is assumed by the usual share where only the other one is known', () => {
    const onlySpot = { prices: { 'm5.large': { spotPerHour: 0.04 } } };
    const onlyOnDemand = { prices: { 'm5.large': { onDemandPerHour: 0.1 } } };
    expect(price({}, onlySpot)).to.deep.equal({ perHour: 0.04, source: 'spot', spotPerHour: 0.04 });
    expect(price({ capacityType: 'on-demand' }, onlySpot)).to.deep.equal({
      ...{ perHour: 0.08, source: 'assumed', spotPerHour: 0.04 },
    });
    expect(price({}, onlyOnDemand)).to.deep.equal({
      ...{ perHour: 0.05, source: 'assumed', onDemandPerHour: 0.1 },
    });
    expect(price({ capacityType: 'on-demand' }, onlyOnDemand)).to.deep.include({ source: 'on-demand' });
    expect(price({ onDemandShare: 0.5 }, onlySpot)).to.deep.include({ source: 'assumed', perHour: 0.06 });
    expect(price({ onDemandShare: 0.5 }, onlyOnDemand)).to.deep.include({ source: 'assumed' });
  });

  it('is known only where every pool’s is', () => {
    const half = { prices: { ...prices, 'c5.large': { onDemandPerHour: 0.08 } } };
    expect(price(two, half)).to.deep.equal({ perHour: 0.04, source: 'assumed', onDemandPerHour: 0.09 });
    const other = { prices: { ...prices, 'm5.large': { spotPerHour: 0.04 } } };
    expect(price(two, other)).to.deep.equal({ perHour: 0.03, source: 'spot', spotPerHour: 0.03 });
  });

  it('uses no Spot price that is stale', () => {
    expect(price({}, { prices, pricesAreStale: true })).to.deep.equal({
      ...{ perHour: 0.05, source: 'assumed', onDemandPerHour: 0.1 },
    });
  });

  it('of Windows adds its share of on-demand, and says that this is assumed', () => {
    expect(price({ operatingSystem: 'windows' })).to.deep.equal({
      ...{ perHour: 0.14, source: 'assumed', onDemandPerHour: 0.2, spotPerHour: 0.14 },
    });
  });

  it('counts by the operator’s factor, which may be nothing', () => {
    expect(price({ wishes: { priceFactor: 0.5 } })).to.deep.include({ perHour: 0.02 });
    expect(price({ wishes: { priceFactor: 0 } })).to.deep.include({ perHour: 0 });
    for (const priceFactor of [-1, NaN, Infinity])
      expect(price({ wishes: { priceFactor } }), `${priceFactor}`).to.deep.include({ perHour: 0.04 });
    expect(price({ wishes: {} })).to.deep.include({ perHour: 0.04 });
  });

  it('is unknown where no pool has one', () => {
    expect(price({ pools: [spotPool('x9.large@a')] })).to.equal(undefined);
    expect(price({ pools: [] })).to.equal(undefined);
    expect(price({}, { prices: { 'm5.large': {} } })).to.equal(undefined);
  });
});
