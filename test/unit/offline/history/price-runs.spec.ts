import { expect } from 'chai';
import fc from 'fast-check';
import { PriceRuns, type Settled } from '../../../../src/offline/history/price-runs.ts';

type Row = readonly [atMs: number, price: number];

const isSame = (one: number | undefined, other: number): boolean => Object.is(one, other);

/** The plain way: every row is kept, and all are gone through in order of time. */
function plainly(rows: readonly Row[], fromMs = -Infinity): Settled {
  const sorted = [...rows].sort((a, b) => a[0] - b[0]);
  const start = Math.max(
    sorted.findLastIndex(([at]) => at <= fromMs),
    0,
  );
  const points: [number, number][] = [];
  const tally = { unchanged: 0, duplicate: 0, conflicting: 0, beforeSpan: start };
  for (const [at, price] of sorted.slice(start)) {
    const last = points.at(-1);
    if (last?.[0] === at) {
      tally[isSame(last[1], price) ? 'duplicate' : 'conflicting'] += 1;
      last[1] = price;
    } else if (isSame(last?.[1], price)) tally.unchanged += 1;
    else points.push([at, price]);
  }
  return {
    atMs: Float64Array.from(points, ([at]) => at),
    pricePerHour: Float64Array.from(points, ([, price]) => price),
    ...tally,
  };
}

function gathered(rows: readonly Row[], keepsAll = false, fromMs = -Infinity) {
  const runs = new PriceRuns(keepsAll, fromMs);
  for (const [at, price] of rows) runs.add(at, price);
  const held = runs.count;
  return { held, settled: runs.settled() };
}

const aPrice = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0.03, 0.04) },
  { weight: 1, arbitrary: fc.constantFrom(0.05, Number.NaN) },
);
const someRows = (most: number) =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), aPrice, fc.integer({ min: 1, max: 9 })), {
    maxLength: most,
  });

/** Files one after the other, each in its own order; a price mostly stands for several rows. */
const files = fc
  .array(fc.tuple(fc.constantFrom('up', 'down', 'as it comes', 'up twice'), someRows(12)), {
    minLength: 1,
    maxLength: 4,
  })
  .map((all) =>
    all.flatMap(([order, runs]) => {
      const rows = runs.flatMap(([at, price, length]) =>
        Array.from({ length }, (_, index): Row => [at + index, price]),
      );
      if (order === 'as it comes') return rows;
      const up = rows.sort((a, b) => a[0] - b[0]);
      if (order === 'down') return up.reverse();
      return order === 'up' ? up : [...up, ...up];
    }),
  );

describe('rows of a pool', () => {
  it('that are left out change nothing of the history, or the pool says that they might', () => {
    let whole = 0;
    let torn = 0;
    fc.assert(
      fc.property(files, (rows) => {
        const { settled } = gathered(rows);
        if (settled === 'torn') torn += 1;
        else {
          whole += 1;
          expect(settled).to.deep.equal(plainly(rows));
        }
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(whole, torn), 'both happen').to.be.greaterThan(200);
  });

  it('are all that tells when all are kept, in whatever order they come', () => {
    fc.assert(
      fc.property(files, (rows) => {
        expect(gathered(rows, true).settled).to.deep.equal(plainly(rows));
      }),
      { numRuns: 1000 },
    );
  });

  it('before a span count as one, the latest, however they come', () => {
    let compared = 0;
    fc.assert(
      fc.property(files, fc.boolean(), fc.integer({ min: 0, max: 70 }), (rows, keepsAll, fromMs) => {
        const { settled } = gathered(rows, keepsAll, fromMs);
        if (settled === 'torn') return;
        compared += 1;
        expect(settled).to.deep.equal(plainly(rows, fromMs));
      }),
      { numRuns: 3000 },
    );
    expect(compared).to.be.greaterThan(1000);
  });

  it('that come in order of time, either way, are never torn, and no more than two are held of a price', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { minLength: 1 }),
        fc.boolean(),
        (at, up) => {
          const rows = at.sort((a, b) => (up ? a - b : b - a)).map((ms): Row => [ms, Math.floor(ms / 40)]);
          const { held, settled } = gathered(rows);
          expect(settled).to.deep.equal(plainly(rows));
          expect(held).to.be.at.most(2 * new Set(rows.map(([, price]) => price)).size);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('of one history looked at by several, at times of their own, are never torn', () => {
    const priceAt = (ms: number) => 1 + (Math.floor(ms / 1000) % 3);
    const rows = [3, 7, 11].flatMap((every) =>
      Array.from({ length: 900 }, (_, look): Row => [look * every, priceAt(look * every)]),
    );
    const { held, settled } = gathered(rows);
    expect(settled).to.deep.equal(plainly(rows));
    expect(held).to.be.lessThan(100);
  });

  it('that repeat one price a million times are two', () => {
    const runs = new PriceRuns(false, -Infinity);
    for (let at = 0; at < 1_000_000; at += 1) runs.add(at, Number.NaN);
    expect(runs.count).to.equal(2);
    const settled = runs.settled();
    expect(settled === 'torn' ? settled : [settled.atMs.length, settled.unchanged]).to.deep.equal([
      1, 999_999,
    ]);
  });

  it('are torn when one of another price comes between, since where it ends is not known any more', () => {
    const rows: Row[] = [
      [10, 0.03],
      [20, 0.03],
      [30, 0.03],
      [15, 0.04],
    ];
    expect(gathered(rows).settled).to.equal('torn');
    expect(gathered(rows, true).settled).to.deep.include({
      atMs: Float64Array.of(10, 15, 20),
      pricePerHour: Float64Array.of(0.03, 0.04, 0.03),
    });
  });
});
