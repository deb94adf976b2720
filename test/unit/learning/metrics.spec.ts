import { expect } from 'chai';
import fc from 'fast-check';
import { blockDraws, interval95 } from '../../../src/learning/bootstrap.ts';
import { brierSkill, calibrationError, probabilitySums } from '../../../src/learning/probability-metrics.ts';
import {
  bestF1,
  callsAt,
  curvePoints,
  precisionAtRecall,
  rankedScores,
  rankingMetrics,
} from '../../../src/learning/ranking-metrics.ts';
import type { JudgedRows } from '../../../src/learning/ranking-metrics.ts';
import { highestFirst } from '../../../src/learning/score-order.ts';

interface Row {
  readonly score: number;
  readonly label: boolean;
  readonly pool: number;
}

const someRows = fc.array(
  fc.record({
    score: fc.constantFrom(0, 0.1, 0.25, 0.5, 0.75, 1, -3, 40),
    label: fc.boolean(),
    pool: fc.integer({ min: 0, max: 2 }),
  }),
  { minLength: 2, maxLength: 40 },
);

function judged(rows: readonly Row[], blocks = 1): { scores: Float32Array; rows: JudgedRows } {
  return {
    scores: Float32Array.from(rows, ({ score }) => score),
    rows: {
      labels: Uint8Array.from(rows, ({ label }) => (label ? 1 : 0)),
      poolOf: Uint32Array.from(rows, ({ pool }) => pool),
      poolCount: 3,
      blockOf: Uint32Array.from(rows, (_, index) => index % blocks),
      blockCount: blocks,
    },
  };
}

function pairShare(rows: readonly Row[]): { right: number; pairs: number } {
  let right = 0;
  let pairs = 0;
  for (const one of rows)
    for (const other of rows)
      if (one.label && !other.label) {
        pairs += 1;
        right += one.score > other.score ? 1 : one.score === other.score ? 0.5 : 0;
      }
  return { right, pairs };
}

function averagePrecision(rows: readonly Row[]): number {
  const ones = rows.filter(({ label }) => label).length;
  let area = 0;
  for (const threshold of new Set(rows.map(({ score }) => score))) {
    const called = rows.filter(({ score }) => score >= threshold);
    const newly = rows.filter(({ score, label }) => label && score === threshold).length;
    area += (newly / ones) * (called.filter(({ label }) => label).length / called.length);
  }
  return area;
}

describe('metrics', () => {
  it('orders any scores from the highest down, ties as they came', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true })), (values) => {
        const scores = Float32Array.from(values);
        const expected = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
        const same = [...highestFirst(scores)].map((at) => scores[at]! + 0);
        expect(same).to.deep.equal(expected.map((at) => scores[at]! + 0));
      }),
    );
  });

  it('AUC is the share of pairs in the right order, over all rows and within pools', () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        const { scores, rows: given } = judged(rows);
        const metrics = rankingMetrics(rankedScores(scores, given), given);
        const all = pairShare(rows);
        if (all.pairs > 0) expect(metrics.rocAuc).to.be.closeTo(all.right / all.pairs, 1e-9);
        const pools = [0, 1, 2].map((pool) => pairShare(rows.filter((row) => row.pool === pool)));
        const pairs = pools.reduce((sum, one) => sum + one.pairs, 0);
        if (pairs > 0)
          expect(metrics.withinPoolAuc).to.be.closeTo(
            pools.reduce((sum, one) => sum + one.right, 0) / pairs,
            1e-9,
          );
      }),
    );
  });

  it('PR-AUC is the precision averaged over the recall gained', () => {
    fc.assert(
      fc.property(
        someRows.filter((rows) => rows.some(({ label }) => label)),
        (rows) => {
          const { scores, rows: given } = judged(rows);
          expect(rankingMetrics(rankedScores(scores, given), given).prAuc).to.be.closeTo(
            averagePrecision(rows),
            1e-9,
          );
        },
      ),
    );
  });

  it('a block that counts twice is the same as its rows standing there twice', () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        const { scores, rows: given } = judged(rows, 2);
        const weighted = rankingMetrics(rankedScores(scores, given), given, Float64Array.of(2, 1));
        const doubled = judged(rows.flatMap((row, index) => (index % 2 === 0 ? [row, row] : [row])));
        expect(weighted).to.deep.equal(
          rankingMetrics(rankedScores(doubled.scores, doubled.rows), doubled.rows),
        );
      }),
    );
  });

  it('within one pool a column that only knows which pool ever moves is worth a half', () => {
    const rows = Array.from({ length: 300 }, (_, index) => ({
      score: index % 3,
      label: index % 3 === 2 && index % 2 === 0,
      pool: index % 3,
    }));
    const { scores, rows: given } = judged(rows);
    const metrics = rankingMetrics(rankedScores(scores, given), given);
    expect(metrics.rocAuc).to.be.above(0.75);
    expect(metrics.withinPoolAuc).to.equal(0.5);
  });

  it('Brier skill is 0 for the prevalence and 1 for the truth', () => {
    const { rows } = judged(
      Array.from({ length: 40 }, (_, index) => ({ score: 0, label: index % 4 === 0, pool: 0 })),
    );
    const truth = Float32Array.from(rows.labels);
    expect(brierSkill(probabilitySums(new Float32Array(40).fill(0.25), rows))).to.equal(0);
    expect(brierSkill(probabilitySums(truth, rows))).to.equal(1);
  });

  it('the calibration error is the gap between forecast and observed rates', () => {
    const labels = Uint8Array.from({ length: 100 }, (_, index) => (index < 30 ? 1 : 0));
    expect(calibrationError(new Float32Array(100).fill(0.5), labels)).to.be.closeTo(0.2, 1e-9);
    expect(calibrationError(new Float32Array(100).fill(0.3), labels)).to.be.closeTo(0, 1e-6);
  });

  it('the threshold of the largest F1 gives that F1', () => {
    const { scores, rows } = judged([
      { score: 0.75, label: true, pool: 0 },
      { score: 0.5, label: true, pool: 0 },
      { score: 0.25, label: false, pool: 0 },
      { score: 0.1, label: true, pool: 0 },
    ]);
    const { threshold, f1 } = bestF1(rankedScores(scores, rows), rows.labels);
    expect(f1).to.be.closeTo(6 / 7, 1e-9);
    expect(callsAt(scores, rows.labels, threshold)).to.deep.equal({ precision: 0.75, recall: 1, f1 });
  });

  it('precision at a recall is the best among thresholds that reach it', () => {
    const { scores, rows } = judged([
      { score: 1, label: false, pool: 0 },
      { score: 0.75, label: true, pool: 0 },
      { score: 0.5, label: true, pool: 0 },
      { score: 0.25, label: false, pool: 0 },
    ]);
    expect(precisionAtRecall(rankedScores(scores, rows), rows.labels, 0.75)).to.be.closeTo(2 / 3, 1e-9);
  });

  it('the curves end where everything is called', () => {
    const { scores, rows } = judged([
      { score: 1, label: true, pool: 0 },
      { score: 0.5, label: false, pool: 0 },
    ]);
    expect(curvePoints(rankedScores(scores, rows), rows.labels).at(-1)).to.deep.include({
      recall: 1,
      falsePositiveRate: 1,
    });
  });
});

describe('the bootstrap', () => {
  it('draws as many blocks as there are, the same for the same seed', () => {
    const draws = blockDraws(30, 5, 9);
    for (const draw of draws) expect(draw.reduce((sum, count) => sum + count, 0)).to.equal(30);
    expect(blockDraws(30, 5, 9)).to.deep.equal(draws);
    expect(blockDraws(30, 5, 10)).to.not.deep.equal(draws);
  });

  it('an interval holds the middle 95 %', () => {
    const values = Array.from({ length: 1001 }, (_, index) => index);
    expect(interval95(values)).to.deep.equal({ low: 25, high: 975 });
    expect(interval95([Number.NaN, 4])).to.deep.equal({ low: 4, high: 4 });
  });
});
