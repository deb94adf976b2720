import { expect } from 'chai';
import { featureTable } from '../../../src/learning/features.ts';
import { answersOf, unknownLabel } from '../../../src/learning/label.ts';
import { day, hour, noTable, oneSpike, pool, start } from './small-market.ts';

const everyHour = (from: number, to: number) =>
  Float64Array.from({ length: to - from }, (_, index) => start + (from + index) * hour);

describe('the label', () => {
  for (const horizonHours of [12, 24])
    it(`one spike marks exactly the ${horizonHours} hours before it`, () => {
      const spikeAt = 20 * 24;
      const series = [oneSpike(spikeAt, 0.05)];
      const table = featureTable({ series, timesMs: everyHour(14 * 24, 25 * 24), onDemandPerHour: noTable });
      const rule = { horizonMs: horizonHours * hour, spike: 0.03 };
      const { labels } = answersOf(series, table, rule, start + 30 * day);
      const marked = [...labels.keys()].filter((row) => labels[row] === 1);
      const hours = marked.map((row) => ((table.timesMs[table.timeOf[row]!] ?? 0) - start) / hour);
      expect(hours).to.deep.equal(
        Array.from({ length: horizonHours }, (_, index) => spikeAt - horizonHours + index),
      );
    });

  it('a rise of exactly the threshold counts, one tick less does not', () => {
    for (const [price, expected] of [
      [0.0412, 1],
      [0.0411, 0],
    ] as const) {
      const series = [
        pool('c5.large', [
          [0, 0.04],
          [200, price],
        ]),
      ];
      const table = featureTable({
        series,
        timesMs: Float64Array.of(start + 195 * hour),
        onDemandPerHour: noTable,
      });
      const { labels } = answersOf(series, table, { horizonMs: 12 * hour, spike: 0.03 }, start + 30 * day);
      expect([...labels]).to.deep.equal([expected]);
    }
  });

  it('a moment whose horizon reaches past the data has no answer', () => {
    const series = [pool('c5.large', [[0, 0.04]])];
    const table = featureTable({ series, timesMs: everyHour(200, 230), onDemandPerHour: noTable });
    const { labels } = answersOf(series, table, { horizonMs: 12 * hour, spike: 0.03 }, start + 220 * hour);
    expect([...labels].map((label) => label === unknownLabel)).to.deep.equal(
      Array.from({ length: 30 }, (_, index) => index > 8),
    );
  });

  it('an absent pool in the horizon is no rise', () => {
    const series = [
      pool('c5.large', [
        [0, 0.04],
        [200, Number.NaN],
      ]),
    ];
    const table = featureTable({
      series,
      timesMs: Float64Array.of(start + 195 * hour),
      onDemandPerHour: noTable,
    });
    expect([
      ...answersOf(series, table, { horizonMs: 12 * hour, spike: 0.03 }, start + 30 * day).labels,
    ]).to.deep.equal([0]);
  });

  it('closeness is a half at the bar, grows with the rise, and falls where the price falls', () => {
    const closenessAfter = (price: number | undefined): number => {
      const points: [number, number][] =
        price === undefined
          ? [[0, 1]]
          : [
              [0, 1],
              [200, price],
              [206, 0.9],
            ];
      const series = [pool('c5.large', points)];
      const table = featureTable({
        series,
        timesMs: Float64Array.of(start + 195 * hour),
        onDemandPerHour: noTable,
      });
      const rule = { horizonMs: 12 * hour, spike: 0.03 };
      return answersOf(series, table, rule, start + 30 * day).closeness[0]!;
    };
    expect(closenessAfter(1.03)).to.be.closeTo(0.5, 1e-6);
    expect(closenessAfter(1.0149)).to.be.closeTo(1 / (1 + Math.exp(2)), 1e-3);
    expect(closenessAfter(undefined)).to.be.closeTo(1 / (1 + Math.exp(4)), 1e-6);
    const rising = [0.99, 1.001, 1.02, 1.029, 1.031, 1.2].map(closenessAfter);
    expect(rising).to.deep.equal([...rising].sort((a, b) => a - b));
    expect(rising[0]).to.be.below(closenessAfter(undefined));
  });

  it('closeness reads no price after the horizon', () => {
    const series = [
      pool('c5.large', [
        [0, 1],
        [208, 2],
      ]),
    ];
    const table = featureTable({
      series,
      timesMs: Float64Array.of(start + 195 * hour),
      onDemandPerHour: noTable,
    });
    const { closeness } = answersOf(series, table, { horizonMs: 12 * hour, spike: 0.03 }, start + 30 * day);
    expect(closeness[0]).to.be.closeTo(1 / (1 + Math.exp(4)), 1e-6);
  });
});
