import { expect } from 'chai';
import * as fc from 'fast-check';
import { assessmentOf } from '../../../src/formats/score-assessment.ts';
import type { ScoreScale } from '../../../src/formats/model-card.ts';

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

  it('keeps the order of scores on both scales', () => {
    const score = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(score, score, (a, b) => {
        const low = assessmentOf(Math.min(a, b), scale)!;
        const high = assessmentOf(Math.max(a, b), scale)!;
        expect(low.expectedFrequency).to.be.at.most(high.expectedFrequency);
        expect(low.crashProbability).to.be.at.most(high.crashProbability);
      }),
    );
  });
});
