import { expect } from 'chai';
import * as fc from 'fast-check';
import type { PriceSeries } from '../../../../src/learning/price-series.ts';
import { priceWindow } from '../../../../src/server/knowledge/price-window.ts';

const hour = 3_600_000;
const now = 1_000 * hour;

function series(points: readonly (readonly [atHour: number, price: number])[], zone = 'a-1a'): PriceSeries {
  return {
    region: 'a-1',
    zone,
    instanceType: 'c5.large',
    atMs: Float64Array.from(points, ([at]) => at * hour),
    pricePerHour: Float64Array.from(points, ([, price]) => price),
  };
}

const limits = { spanMs: 100 * hour, maxPointsPerPool: 50 };

function pointsOf(one: PriceSeries | undefined): readonly (readonly [number, number])[] {
  return [...(one?.atMs ?? [])].map((at, index) => [at / hour, one?.pricePerHour[index] ?? NaN]);
}

describe('the price window', () => {
  it('keeps the points of its span and the one in force at its start', () => {
    const window = priceWindow(limits);
    window.take(
      'a-1',
      [
        series([
          [700, 1],
          [850, 2],
          [901, 3],
          [990, 4],
        ]),
      ],
      now,
      true,
    );
    expect(pointsOf(window.series()[0])).to.deep.equal([
      [850, 2],
      [901, 3],
      [990, 4],
    ]);
  });

  it('joins a later answer to what it has, the later answer winning at the same moment', () => {
    const window = priceWindow(limits);
    window.take(
      'a-1',
      [
        series([
          [900, 1],
          [950, 2],
          [960, 3],
        ]),
      ],
      now,
      true,
    );
    window.take(
      'a-1',
      [
        series([
          [950, 2],
          [960, 3.5],
          [999, 4],
        ]),
      ],
      now + hour,
      false,
    );
    expect(pointsOf(window.series()[0])).to.deep.equal([
      [900, 1],
      [950, 2],
      [960, 3.5],
      [999, 4],
    ]);
    expect(window.latest().get('c5.large@a-1a')).to.deep.equal({ pricePerHour: 4, observedAtMs: now + hour });
  });

  it('knows of a price that did not change that it was seen again', () => {
    const window = priceWindow(limits);
    window.take('a-1', [series([[900, 1]])], now, true);
    window.take('a-1', [series([[900, 1]])], now + 5 * hour, false);
    expect(window.latest().get('c5.large@a-1a')?.observedAtMs).to.equal(now + 5 * hour);
  });

  it('keeps a pool that an answer leaves out, with its age, and forgets it after the span', () => {
    const window = priceWindow(limits);
    window.take('a-1', [series([[900, 1]]), series([[900, 2]], 'a-1b')], now, true);
    window.take('a-1', [series([[900, 1]])], now + 50 * hour, true);
    expect(window.latest().get('c5.large@a-1b')?.observedAtMs).to.equal(now);
    window.take('a-1', [series([[900, 1]])], now + 101 * hour, true);
    expect([...window.latest().keys()]).to.deep.equal(['c5.large@a-1a']);
  });

  it('names no price for a pool that is absent now', () => {
    const window = priceWindow(limits);
    window.take(
      'a-1',
      [
        series([
          [900, 1],
          [950, NaN],
        ]),
      ],
      now,
      true,
    );
    expect(window.latest().size).to.equal(0);
    expect(window.series()).to.have.length(1);
  });

  it('takes nothing of another region and nothing empty', () => {
    const window = priceWindow(limits);
    window.take('b-1', [series([[900, 1]])], now, true);
    window.take('a-1', [series([])], now, true);
    expect(window.series()).to.have.length(0);
  });

  it('stays bounded and ascending whatever comes in', () => {
    const answers = fc.array(
      fc.uniqueArray(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 120 }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(answers, (all) => {
        const window = priceWindow(limits);
        for (const hours of all) {
          const ascending = [...hours].sort((a, b) => a - b);
          window.take('a-1', [series(ascending.map((at) => [at, at + 1] as const))], now, false);
        }
        const [kept] = window.series();
        const times = [...(kept?.atMs ?? [])];
        expect(times.length).to.be.at.most(limits.maxPointsPerPool);
        expect(times).to.deep.equal([...new Set(times)].sort((a, b) => a - b));
        const newest = Math.max(...all.flat());
        expect(times.at(-1)).to.equal(newest * hour);
        expect(times.filter((at) => at <= now - limits.spanMs).length).to.be.at.most(1);
      }),
    );
  });
});
