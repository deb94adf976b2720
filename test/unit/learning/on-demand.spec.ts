import { expect } from 'chai';
import { onDemandPrice } from '../../../src/learning/on-demand-price.ts';
import { familyOfType, sizeOrder } from '../../../src/learning/instance-size.ts';
import { noTable, pool } from './small-market.ts';

describe('the on-demand price', () => {
  it("is the series' own where it has one", () => {
    const series = pool('c5.large', [[0, 0.04]], { onDemandPerHour: 0.1 });
    expect(onDemandPrice(series, () => 0.2)).to.deep.equal({ pricePerHour: 0.1, tier: 'series' });
  });

  it("is the table's otherwise, and marked as a guess when the table has none", () => {
    const series = pool('c5.large', [[0, 0.04]]);
    expect(onDemandPrice(series, () => 0.2)).to.deep.equal({ pricePerHour: 0.2, tier: 'table' });
    expect(onDemandPrice(series, noTable)).to.deep.equal({ pricePerHour: undefined, tier: 'guessed' });
  });
});

describe('instance sizes', () => {
  it('are in order within a family, bare metal last', () => {
    const sizes = ['nano', 'micro', 'small', 'medium', 'large', 'xlarge', '2xlarge', '24xlarge', 'metal'];
    const order = sizes.map((size) => sizeOrder(`c5.${size}`));
    expect(order).to.deep.equal([...order].sort((a, b) => a - b));
    expect(new Set(order).size).to.equal(sizes.length);
  });

  it('leave the family', () => {
    expect(familyOfType('c7gn.metal')).to.equal('c7gn');
  });
});
