import { expect } from 'chai';
import { yieldOf } from '../../../src/decision/yield.ts';

describe('yield', () => {
  it('is the share saved of the on-demand equivalent, less what its risk takes', () => {
    expect(yieldOf(0.25, 1, 0)).to.equal(75);
    expect(yieldOf(0.25, 1, 0.5)).to.equal(37.5);
    expect(yieldOf(1.5, 1, 0.5)).to.equal(-100);
  });

  it('stays a number however little the equivalent costs', () => {
    expect(yieldOf(1, Number.MIN_VALUE, 1)).to.equal(-Number.MAX_VALUE);
    expect(yieldOf(1e300, 1e-300, 0)).to.equal(-Number.MAX_VALUE);
  });
});
