import { expect } from 'chai';
import fc from 'fast-check';
import { featureNames } from '../../../src/learning/feature-names.ts';
import { columnOf, featureTable, rowMajor } from '../../../src/learning/features.ts';
import type { FeatureTable } from '../../../src/learning/features.ts';
import { lookbackMs } from '../../../src/learning/price-lattice.ts';
import type { PriceSeries } from '../../../src/learning/price-series.ts';
import { day, hour, noTable, pool, start } from './small-market.ts';

const moment = (hours: number) => Float64Array.of(start + hours * hour);

function feature(series: readonly PriceSeries[], hours: number, name: string): number[] {
  return [...columnOf(featureTable({ series, timesMs: moment(hours), onDemandPerHour: noTable }), name)];
}

const types = ['c5.large', 'c5.xlarge', 'c5.24xlarge', 'm5.large'];
const aMarket = fc
  .array(
    fc.record({
      instanceType: fc.constantFrom(...types),
      zone: fc.constantFrom('aps1-az1', 'aps1-az2'),
      steps: fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: -1, max: 60 })), {
        minLength: 1,
        maxLength: 40,
      }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((pools) => {
    const seen = new Map(pools.map((one) => [`${one.instanceType} ${one.zone}`, one]));
    return [...seen.values()].map(({ instanceType, zone, steps }) => {
      let at = 0;
      const points = steps.map(([gap, ticks], index) => {
        at += index === 0 ? gap - 1 : gap;
        return [at, ticks < 0 ? Number.NaN : 0.03 + ticks / 10_000] as const;
      });
      return pool(instanceType, points, { zone });
    });
  });

function vectors(table: FeatureTable): Map<string, number[]> {
  const matrix = rowMajor(table, featureNames);
  return new Map(
    [...table.poolOf.keys()].map((row) => [
      `${table.poolOf[row]} ${table.timesMs[table.timeOf[row]!]}`,
      [...matrix.subarray(row * featureNames.length, (row + 1) * featureNames.length)],
    ]),
  );
}

describe('features', () => {
  it('changing any price after a moment changes no feature of it', () => {
    fc.assert(
      fc.property(
        aMarket,
        fc.integer({ min: 168, max: 500 }),
        fc.integer({ min: 1, max: 90 }),
        (series, hours, ticks) => {
          const atMs = start + hours * hour;
          const changed = series.map((one) => ({
            ...one,
            pricePerHour: one.pricePerHour.map((price, index) =>
              (one.atMs[index] ?? 0) > atMs ? price * ticks : price,
            ),
          }));
          const of = (pools: readonly PriceSeries[]) =>
            vectors(
              featureTable({ series: pools, timesMs: Float64Array.of(atMs), onDemandPerHour: noTable }),
            );
          expect(of(changed)).to.deep.equal(of(series));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('a moment is described alike alone, among many, and from eight days of history', () => {
    fc.assert(
      fc.property(aMarket, fc.integer({ min: 1, max: 13 }), (series, everyHours) => {
        const timesMs = Float64Array.from(
          { length: 40 },
          (_, index) => start + (200 + index * everyHours) * hour,
        );
        const training = vectors(featureTable({ series, timesMs, onDemandPerHour: noTable }));
        for (const atMs of [timesMs[7]!, timesMs[39]!]) {
          const serving = vectors(
            featureTable({
              series: series.map((one) => since(one, atMs - 8 * day)),
              timesMs: Float64Array.of(atMs),
              onDemandPerHour: noTable,
            }),
          );
          for (const [key, vector] of serving) expect(training.get(key), key).to.deep.equal(vector);
          const expected = [...training.keys()].filter((key) => key.endsWith(` ${atMs}`));
          expect([...serving.keys()]).to.have.members(expected);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('a moment is described alike when the moments go six hours and when they go otherwise', () => {
    const series = [
      pool(
        'c5.large',
        Array.from({ length: 90 }, (_, index) => [5 * index, 0.04 + ((index * 7) % 11) / 1000] as const),
      ),
    ];
    const at = start + 300 * hour;
    const bySix = Float64Array.from({ length: 12 }, (_, index) => at - (11 - index) * 6 * hour);
    const odd = Float64Array.from([at - 100 * hour, at - 7 * hour, at]);
    const last = (timesMs: Float64Array) =>
      [...vectors(featureTable({ series, timesMs, onDemandPerHour: noTable })).values()].at(-1);
    expect(last(bySix)).to.deep.equal(last(odd));
  });

  it('every feature of every row is a finite number', () => {
    fc.assert(
      fc.property(aMarket, (series) => {
        const table = featureTable({ series, timesMs: moment(400), onDemandPerHour: noTable });
        expect([...rowMajor(table, featureNames)].every((value) => Number.isFinite(value))).to.equal(true);
      }),
      { numRuns: 60 },
    );
  });

  it('a pool has rows from its seventh day on, and only while it has a price', () => {
    const series = [
      pool('c5.large', [
        [10, 0.04],
        [200, Number.NaN],
        [210, 0.05],
      ]),
    ];
    const timesMs = Float64Array.from({ length: 260 }, (_, index) => start + index * hour);
    const table = featureTable({ series, timesMs, onDemandPerHour: noTable });
    const hours = [...table.timeOf];
    expect(hours[0]).to.equal(10 + lookbackMs / hour);
    expect(hours).to.not.include.members([200, 205, 209]);
    expect(hours).to.include.members([199, 210, 259]);
  });

  it('price position stands between the lowest and the highest of seven days', () => {
    const series = [
      pool('c5.large', [
        [0, 0.04],
        [100, 0.06],
        [110, 0.045],
      ]),
    ];
    expect(feature(series, 200, 'price_position')[0]).to.be.closeTo(0.25, 1e-6);
    expect(feature(series, 110 + 167, 'price_position')[0]).to.be.closeTo(0, 1e-6);
    expect(feature(series, 110 + 168, 'price_position')[0]).to.equal(0.5);
  });

  it('discount depth takes the own on-demand price, then the table, then a quarter', () => {
    const series = [
      pool('c5.large', [[0, 0.04]], { onDemandPerHour: 0.1 }),
      pool('c5.xlarge', [[0, 0.04]]),
      pool('m5.large', [[0, 0.04]]),
    ];
    const table = featureTable({
      series,
      timesMs: moment(200),
      onDemandPerHour: (type) => (type === 'm5.large' ? undefined : 0.2),
    });
    const depths = [...columnOf(table, 'discount_depth')].map((depth) => Number(depth.toFixed(6)));
    expect(depths).to.deep.equal([0.6, 0.8, 0.75]);
    expect(table.guessedOnDemand).to.equal(1);
  });

  it('family stress is the mean and the highest position of the family in the zone', () => {
    const series = [
      pool('c5.large', [
        [0, 0.04],
        [100, 0.05],
        [110, 0.04],
      ]),
      pool('c5.24xlarge', [
        [0, 0.04],
        [100, 0.05],
      ]),
      pool('m5.large', [
        [0, 0.04],
        [100, 0.05],
      ]),
      pool(
        'c5.xlarge',
        [
          [0, 0.04],
          [100, 0.05],
        ],
        { zone: 'aps1-az2' },
      ),
    ];
    expect(feature(series, 200, 'family_stress_mean')).to.deep.equal([0.5, 0.5, 1, 1]);
    expect(feature(series, 200, 'family_stress_max')).to.deep.equal([1, 1, 1, 1]);
  });

  it('larger sizes are those above the own size in family and zone', () => {
    const up = Math.log(0.044 / 0.04);
    const series = [
      pool('c5.large', [[0, 0.04]]),
      pool('c5.xlarge', [
        [0, 0.04],
        [190, 0.044],
      ]),
      pool('c5.24xlarge', [[0, 0.04]]),
      pool('c5.metal', [
        [0, 0.04],
        [190, 0.044],
      ]),
    ];
    const [large, xlarge, giant, metal] = feature(series, 200, 'larger_sizes_return_24h');
    expect(large).to.be.closeTo((2 * up) / 3, 1e-6);
    expect(xlarge).to.be.closeTo(up / 2, 1e-6);
    expect(giant).to.be.closeTo(up, 1e-6);
    expect(metal).to.equal(0);
  });

  it('the clock is UTC and business hours end at 17', () => {
    const series = [pool('c5.large', [[0, 0.04]])];
    // 2024-01-08 is a Monday.
    const at = (hours: number, name: string) => feature(series, 7 * 24 + hours, name)[0];
    expect(at(16, 'is_business_hours')).to.equal(1);
    expect(at(17, 'is_business_hours')).to.equal(0);
    expect(at(5 * 24 + 12, 'is_weekend')).to.equal(1);
    expect(at(6, 'hour_sin')).to.be.closeTo(1, 1e-6);
  });
});

/** What a collector would have that asks for the history since a moment: the changes, and the price in force. */
function since(series: PriceSeries, fromMs: number): PriceSeries {
  const first = Math.max(
    series.atMs.findLastIndex((at) => at <= fromMs),
    0,
  );
  return { ...series, atMs: series.atMs.slice(first), pricePerHour: series.pricePerHour.slice(first) };
}
