import { expect } from 'chai';
import { baselineShare, sustainedSize } from '../../../src/decision/burstable-types.ts';
import { gib } from './known-market.ts';

describe('a burstable type', () => {
  const sizes = ['nano', 'micro', 'small', 'medium', 'large', 'xlarge', '2xlarge'];
  const sustained: Readonly<Record<string, readonly number[]>> = {
    t2: [0.05, 0.1, 0.2, 0.2, 0.3, 0.225, 0.17],
    t3: [0.05, 0.1, 0.2, 0.2, 0.3, 0.4, 0.4],
    t3a: [0.05, 0.1, 0.2, 0.2, 0.3, 0.4, 0.4],
    t4g: [0.05, 0.1, 0.2, 0.2, 0.3, 0.4, 0.4],
  };
  for (const [family, shares] of Object.entries(sustained))
    it(`of ${family} sustains what EC2's guide says`, () => {
      expect(sizes.map((size) => baselineShare(`${family}.${size}`))).to.deep.equal(shares);
    });

  it('is no other type, nor a size that is not sold', () => {
    for (const type of ['m5.large', 't3.48xlarge', 't3', '', 'constructor.large'])
      expect(baselineShare(type), type).to.equal(undefined);
  });

  const node = { cpuMilli: 2000, memoryBytes: 4 * gib, gpus: 0 };

  it('gives pods of half load what its baseline sustains twice: 40 % of two cores are 0.8, hence 0.8 / 0.5', () => {
    expect(sustainedSize(node, 't3.xlarge', 0.5)).to.deep.equal({ ...node, cpuMilli: 1600 });
  });

  it('gives all that it has where the load is no higher than its baseline, as other types do', () => {
    expect(sustainedSize(node, 't3.xlarge', 0.4)).to.equal(node);
    expect(sustainedSize(node, 'm5.large', 1)).to.equal(node);
    expect(sustainedSize(node, undefined, 1)).to.equal(node);
  });
});
