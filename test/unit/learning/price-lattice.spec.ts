import { expect } from 'chai';
import fc from 'fast-check';
import { onePercent, stepCount, threePercent, weekFacts } from '../../../src/learning/past-week.ts';
import type { WeekFact } from '../../../src/learning/past-week.ts';
import { PriceLattice, stepMs } from '../../../src/learning/price-lattice.ts';
import type { PriceSeries } from '../../../src/learning/price-series.ts';
import { hour, pool, start } from './small-market.ts';

const aPool = fc
  .array(fc.tuple(fc.constantFrom(0.25, 1, 2.5, 6, 40, 200), fc.integer({ min: -1, max: 12 })), {
    minLength: 1,
    maxLength: 120,
  })
  .map((steps) => {
    let at = 0;
    return pool(
      'c5.large',
      steps.map(([gap, ticks]) => [(at += gap), ticks < 0 ? Number.NaN : 0.05 + ticks / 1000] as const),
    );
  });

/** Runs of moments six hours apart, some longer than what a lattice lays out together, with other pauses between them. */
const someMoments = fc
  .array(fc.tuple(fc.constantFrom(0.5, 5, 6, 7.25, 100), fc.constantFrom(1, 2, 28, 29, 61)), {
    minLength: 1,
    maxLength: 4,
  })
  .map((runs) => {
    const times: number[] = [];
    let at = start + 100 * hour;
    for (const [pause, length] of runs) {
      at += pause * hour;
      for (let moment = 0; moment < length; moment += 1) times.push((at += moment === 0 ? 0 : stepMs));
    }
    return Float64Array.from(times);
  });

/** The plain way: every question is answered by looking through the whole series. */
function plainly(series: PriceSeries, atMs: number) {
  const points = [...series.atMs].map((at, index) => ({ at, price: series.pricePerHour[index]! }));
  const until = (ms: number) => points.filter(({ at }) => at <= ms);
  const pricedUntil = (ms: number) => until(ms).filter(({ price }) => !Number.isNaN(price));
  const price = (steps: number) => pricedUntil(atMs - steps * stepMs).at(-1)?.price ?? Number.NaN;
  const isAbsent = (steps: number) => Number.isNaN(until(atMs - steps * stepMs).at(-1)?.price ?? Number.NaN);
  const logs = Array.from({ length: stepCount + 1 }, (_, steps) => Math.log(price(steps)));
  const moves = logs.slice(1).map((earlier, step) => logs[step]! - earlier);
  const dayReturns = logs.slice(4).map((earlier, step) => logs[step]! - earlier);
  const inWeek = pricedUntil(atMs).filter(({ at }) => at > atMs - stepCount * stepMs);
  const prices = [price(stepCount), ...inWeek.map((point) => point.price)];
  const changes = pricedUntil(atMs).filter(({ price: now }, index, all) => now !== all[index - 1]?.price);
  const root = (values: readonly number[]) => Math.sqrt(values.reduce((sum, move) => sum + move * move, 0));
  const under = (bound: number) => dayReturns.findIndex((gain) => gain < bound);
  const facts: Record<WeekFact, number> = {
    volatility24h: root(moves.slice(0, 4)),
    volatility7d: root(moves),
    changes24h: moves.slice(0, 4).filter((move) => move !== 0).length,
    changes7d: moves.filter((move) => move !== 0).length,
    highestMove24h: Math.max(...moves.slice(0, 4)),
    highestMove7d: Math.max(...moves),
    largestDrop7d: -Math.min(...moves),
    highestDayReturn: Math.max(...dayReturns),
    stepsAbove3pct: under(threePercent) < 0 ? dayReturns.length : under(threePercent),
    stepsAbove1pct: under(onePercent) < 0 ? dayReturns.length : under(onePercent),
    riseShare: dayReturns.filter((gain) => gain >= threePercent).length / dayReturns.length,
    top: Math.max(...prices),
    bottom: Math.min(...prices),
  };
  return {
    price,
    isAbsent,
    facts,
    observedAtMs: until(atMs).at(-1)?.at ?? Number.NEGATIVE_INFINITY,
    changedAtMs: changes.at(-1)?.at ?? Number.NEGATIVE_INFINITY,
  };
}

describe('the price lattice', () => {
  it('says at every moment what looking through the whole series says, to the last bit', () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.array(aPool, { minLength: 1, maxLength: 3 }), someMoments, (series, timesMs) => {
        const lattice = new PriceLattice(series, timesMs);
        for (const [time, atMs] of timesMs.entries()) {
          lattice.moveTo(time);
          const weekBeganMs = atMs - stepCount * stepMs;
          for (const [index, one] of series.entries()) {
            const plain = plainly(one, atMs);
            for (const steps of [0, 1, 4, 27, 28]) {
              expect(lattice.price(steps)[index]).to.deep.equal(plain.price(steps));
              expect(lattice.logPrice(steps)[index]).to.deep.equal(Math.log(plain.price(steps)));
              expect(lattice.absent(steps)[index]).to.equal(plain.isAbsent(steps) ? 1 : 0);
            }
            expect(lattice.observedAtMs()[index]).to.equal(plain.observedAtMs);
            expect(Math.max(lattice.changedAtMs()[index]!, weekBeganMs)).to.equal(
              Math.max(plain.changedAtMs, weekBeganMs),
            );
            if (plain.isAbsent(stepCount)) continue;
            compared += 1;
            const facts = Object.fromEntries(weekFacts.map((fact) => [fact, lattice.week(fact)[index]]));
            expect(facts).to.deep.equal(plain.facts);
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(compared).to.be.greaterThan(1000);
  });

  it('stands at any moment again', () => {
    const series = [
      pool(
        'c5.large',
        Array.from({ length: 300 }, (_, index) => [2 * index, 0.04 + ((index * 7) % 11) / 1000] as const),
      ),
    ];
    const timesMs = Float64Array.from({ length: 40 }, (_, index) => start + 200 * hour + index * stepMs);
    const lattice = new PriceLattice(series, timesMs);
    const at = (time: number) => {
      lattice.moveTo(time);
      return weekFacts.map((fact) => lattice.week(fact)[0]);
    };
    const first = at(3);
    at(39);
    expect(at(3)).to.deep.equal(first);
  });
});
