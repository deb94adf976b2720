import { expect } from 'chai';
import fc from 'fast-check';
import { columnOf, featureTable } from '../../../src/learning/features.ts';
import { hour, noTable, pool, start } from './small-market.ts';

const types = ['c5.large', 'c5.xlarge', 'm5.large'];
const zones = ['aps1-az1', 'aps1-az2'];
const regions = ['ap-south-1', 'us-east-1'];

/** Pools of every place, some of which are absent now and then: these must not count as neighbours. */
const aMarket = fc
  .array(fc.array(fc.integer({ min: -1, max: 30 }), { minLength: 40, maxLength: 40 }), {
    minLength: types.length * zones.length * regions.length,
    maxLength: types.length * zones.length * regions.length,
  })
  .map((all) =>
    all.map((ticks, index) =>
      pool(
        types[index % types.length]!,
        ticks.map((tick, point) => [point * 7 + (index % 5), tick < 0 ? Number.NaN : 0.05 + tick / 1000]),
        {
          zone: zones[Math.floor(index / types.length) % zones.length]!,
          region: regions[Math.floor(index / types.length / zones.length)]!,
        },
      ),
    ),
  );

interface Neighbour {
  readonly family: string;
  readonly type: string;
  readonly zone: string;
  readonly region: string;
  readonly gain: number;
  readonly position: number;
  readonly log: number;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The plain way: every neighbour is looked for among all pools. */
function plainly(own: Neighbour, all: readonly Neighbour[]): Record<string, number> {
  const inRegion = all.filter(({ region }) => region === own.region);
  const inZone = inRegion.filter(({ zone }) => zone === own.zone);
  const inFamily = inZone.filter(({ family }) => family === own.family);
  const others = inRegion.filter((one) => one.type === own.type && one !== own);
  const rising = inRegion.filter(({ gain }) => gain >= Math.log(1.01) - 1e-9);
  const gains = (some: readonly Neighbour[]) => some.map(({ gain }) => gain);
  return {
    family_stress_mean: mean(inFamily.map(({ position }) => position)),
    family_stress_max: Math.max(...inFamily.map(({ position }) => position)),
    family_return_24h: mean(gains(inFamily)),
    family_return_max_24h: Math.max(...gains(inFamily)),
    zone_return_24h: mean(gains(inZone)),
    region_return_24h: mean(gains(inRegion)),
    other_zones_return_24h: others.length === 0 ? 0 : mean(gains(others)),
    cross_zone_gap: others.length === 0 ? 0 : own.log - mean(others.map(({ log }) => log)),
    region_rise_speed: rising.length === 0 ? 0 : mean(gains(rising)),
    region_rising_share: rising.length / inRegion.length,
  };
}

describe('features of neighbours', () => {
  it('are what looking through all pools of the moment says', () => {
    let compared = 0;
    fc.assert(
      fc.property(aMarket, (series) => {
        const timesMs = Float64Array.from([200, 206, 221], (hours) => start + hours * hour);
        const table = featureTable({ series, timesMs, onDemandPerHour: noTable });
        const [gain, position] = [columnOf(table, 'return_24h'), columnOf(table, 'price_position')];
        for (const time of timesMs.keys()) {
          const rows = [...table.timeOf.keys()].filter((row) => table.timeOf[row] === time);
          const all = rows.map((row): Neighbour => {
            const { region, zone, instanceType } = series[table.poolOf[row]!]!;
            const log = Math.log(table.pricePerHour[row]!);
            const family = instanceType.split('.')[0]!;
            return {
              family,
              type: instanceType,
              zone,
              region,
              gain: gain[row]!,
              position: position[row]!,
              log,
            };
          });
          for (const [index, own] of all.entries())
            for (const [name, value] of Object.entries(plainly(own, all))) {
              expect(columnOf(table, name)[rows[index]!], name).to.be.closeTo(value, 1e-6);
              compared += 1;
            }
        }
      }),
      { numRuns: 20 },
    );
    expect(compared).to.be.greaterThan(1000);
  });
});
