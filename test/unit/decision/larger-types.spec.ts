import { expect } from 'chai';
import { largerTypes } from '../../../src/decision/right-sizing.ts';
import { knownMarket, onDemandPool, spotPool, typeFacts, type Market } from './known-market.ts';

const prices = { spotPerHour: 0.03, onDemandPerHour: 0.1 };
const family: NonNullable<Market['types']> = {
  'm5.medium': [1, 4],
  'm5.large': [2, 8],
  'm5.xlarge': [4, 16],
  'm5.2xlarge': [8, 32],
  'm5.4xlarge': [16, 64],
  'm5.metal': [4, 16],
  'c5.xlarge': [4, 8],
};
const market: Market = {
  types: family,
  prices: Object.fromEntries(Object.keys(family).map((type) => [type, prices])),
};
const larger = (factor: number, facts: Market = market, pool = spotPool('m5.large@a')) =>
  largerTypes(pool, knownMarket(facts), factor).map(({ instanceType }) => instanceType);

describe('larger types', () => {
  it('are those of the family up to so many times the vCPUs, small to large, none of bare metal', () => {
    expect(larger(4)).to.deep.equal(['m5.xlarge', 'm5.2xlarge']);
    expect(larger(3.9)).to.deep.equal(['m5.xlarge']);
    expect(larger(1)).to.deep.equal([]);
    expect(larger(4, market, spotPool('m5.medium@a'))).to.deep.equal(['m5.large', 'm5.xlarge']);
  });

  it('are told with their facts', () => {
    expect(largerTypes(spotPool('m5.large@a'), knownMarket(market), 2)).to.deep.equal([
      typeFacts('m5.xlarge', 4, 16),
    ]);
  });

  it('are none of a type that is not known', () => {
    expect(larger(4, market, spotPool('m7.large@a'))).to.deep.equal([]);
  });

  it('have no less memory and no fewer GPUs', () => {
    const odd = (xlarge: readonly [number, number, number?], own: readonly [number, number, number?]) =>
      larger(2, { ...market, types: { ...family, 'm5.large': own, 'm5.xlarge': xlarge } });
    expect(odd([4, 8], [2, 8])).to.deep.equal(['m5.xlarge']);
    expect(odd([4, 7], [2, 8])).to.deep.equal([]);
    expect(odd([4, 16, 1], [2, 8, 1])).to.deep.equal(['m5.xlarge']);
    expect(odd([4, 16], [2, 8, 1])).to.deep.equal([]);
  });

  it('have a price in the zone, of the kind that is bought', () => {
    const onlySpot = { ...market, prices: { 'm5.xlarge@a': { spotPerHour: 0.05 } } };
    const onlyOnDemand = { ...market, prices: { 'm5.xlarge@a': { onDemandPerHour: 0.2 } } };
    expect(larger(4, onlySpot)).to.deep.equal(['m5.xlarge']);
    expect(larger(4, onlyOnDemand)).to.deep.equal([]);
    expect(larger(4, onlyOnDemand, onDemandPool('m5.large@a'))).to.deep.equal(['m5.xlarge']);
    expect(larger(4, onlySpot, onDemandPool('m5.large@a'))).to.deep.equal([]);
    expect(larger(4, onlySpot, spotPool('m5.large@b'))).to.deep.equal([]);
  });

  it('go through every size that is sold', () => {
    const sizes = [
      'small',
      'medium',
      'large',
      'xlarge',
      '2xlarge',
      '3xlarge',
      '4xlarge',
      '6xlarge',
      '8xlarge',
    ];
    sizes.push('9xlarge', '10xlarge', '12xlarge', '16xlarge', '18xlarge', '24xlarge', '32xlarge', '48xlarge');
    const types = Object.fromEntries(
      ['nano', ...sizes].map((size, index) => [`x.${size}`, [index + 1, 4] as const]),
    );
    expect(
      larger(
        100,
        { types, prices: Object.fromEntries(Object.keys(types).map((type) => [type, prices])) },
        spotPool('x.nano@a'),
      ),
    ).to.deep.equal(sizes.map((size) => `x.${size}`));
  });
});
