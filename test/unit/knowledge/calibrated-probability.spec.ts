import { expect } from 'chai';
import * as fc from 'fast-check';
import { calibratedProbability } from '../../../src/knowledge/calibrated-probability.ts';
import { assessmentOf } from '../../../src/knowledge/family-stress.ts';
import type { CalibrationTable, ScoreScale } from '../../../src/ports/model-card.ts';

const table: CalibrationTable = {
  method: 'isotonic',
  points: [
    [0.1, 0.01],
    [0.5, 0.2],
    [0.9, 0.6],
  ],
};

describe('a calibration table', () => {
  for (const [score, probability] of [
    [0, 0.01],
    [0.1, 0.01],
    [0.3, 0.105],
    [0.5, 0.2],
    [0.7, 0.4],
    [0.9, 0.6],
    [1, 0.6],
  ] as const)
    it(`reads ${probability} at ${score}`, () => {
      expect(calibratedProbability(table, score)).to.be.closeTo(probability, 1e-12);
    });

  it('of one point says the same everywhere', () => {
    for (const score of [0, 0.3, 1])
      expect(calibratedProbability({ method: 'platt', points: [[0.3, 0.07]] }, score)).to.equal(0.07);
  });

  it('never falls as the score rises and stays between its ends', () => {
    const tables = fc
      .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 1000 })), {
        minLength: 1,
        maxLength: 30,
        selector: ([score]) => score,
      })
      .map((pairs): CalibrationTable => {
        const scores = pairs.map(([score]) => score / 1000).sort((a, b) => a - b);
        const values = pairs.map(([, value]) => value / 1000).sort((a, b) => a - b);
        return { method: 'isotonic', points: scores.map((score, index) => [score, values[index]!] as const) };
      });
    const score = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(tables, score, score, (one, a, b) => {
        const low = calibratedProbability(one, Math.min(a, b));
        const high = calibratedProbability(one, Math.max(a, b));
        expect(low).to.be.at.most(high + 1e-12);
        expect(low).to.be.at.least(one.points[0]![1] - 1e-12);
        expect(high).to.be.at.most(one.points.at(-1)![1] + 1e-12);
      }),
    );
  });
});

describe('an assessment of a score', () => {
  const scale: ScoreScale = {
    sha256: '0'.repeat(64),
    calibration: {
      method: 'isotonic',
      points: [
        [0, 0],
        [1, 1],
      ],
    },
    priorRate: 0.01,
    thresholds: { f1: 0.3, gate: 0.85 },
  };

  it('is even odds where the calibrated probability is the base rate', () => {
    expect(assessmentOf(0.01, scale)?.crashProbability).to.be.closeTo(0.5, 1e-12);
    expect(assessmentOf(0.01, scale)?.expectedFrequency).to.equal(0.01);
  });

  it('divides the odds by the prior’s odds', () => {
    const odds = 0.1 / 0.9 / (0.01 / 0.99);
    expect(assessmentOf(0.1, scale)?.crashProbability).to.be.closeTo(odds / (1 + odds), 1e-12);
    expect(assessmentOf(0, scale)?.crashProbability).to.equal(0);
    expect(assessmentOf(1, scale)?.crashProbability).to.equal(1);
  });

  it('is none for what is no score', () => {
    for (const score of [NaN, -0.1, 1.1, Infinity]) expect(assessmentOf(score, scale)).to.equal(undefined);
  });
});
