import { expect } from 'chai';
import type { PriceSeries } from '../../../../src/learning/price-series.ts';
import { spanOf } from '../../../../src/offline/history/history-span.ts';

const day = 86_400_000;

function series(instanceType: string, ...days: number[]): PriceSeries {
  return {
    region: 'ap-south-1',
    zone: 'aps1-az1',
    instanceType,
    atMs: Float64Array.from(days, (at) => at * day),
    pricePerHour: Float64Array.from(days, () => 0.1),
  };
}

describe('the span of a history', () => {
  it('begins with the first change, not with prices that were in force long before', () => {
    const span = spanOf([
      series('c5.large', 3, 100, 120),
      series('m5.large', 40, 101, 190),
      series('r5.large', 1),
    ]);
    expect(span).to.deep.equal({ fromMs: 100 * day, toMs: 190 * day });
  });

  it('of pools that never change their price begins with the first of them', () => {
    expect(spanOf([series('c5.large', 5), series('m5.large', 4)]).fromMs).to.equal(4 * day);
  });
});
