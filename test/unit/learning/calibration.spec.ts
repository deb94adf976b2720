import { expect } from 'chai';
import fc from 'fast-check';
import {
  atEvenOdds,
  calibrated,
  isotonicPoints,
  plattLine,
  plattPoints,
} from '../../../src/learning/calibration.ts';
import { chanceFrom } from '../../../src/learning/chance.ts';
import { sigmoid } from '../../../src/learning/forest.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true }).map(Math.fround);

describe('calibration', () => {
  it('an isotonic table rises, whatever it is fitted to', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(share, fc.boolean()), { minLength: 1, maxLength: 60 }), (rows) => {
        const points = isotonicPoints(
          Float32Array.from(rows, ([score]) => score),
          Uint8Array.from(rows, ([, label]) => (label ? 1 : 0)),
        );
        for (const [index, [score, probability]] of points.entries()) {
          const before = points[index - 1];
          expect(probability).to.be.within(0, 1);
          if (before === undefined) continue;
          expect(score).to.be.above(before[0]);
          expect(probability).to.be.at.least(before[1]);
        }
      }),
    );
  });

  it('an isotonic table pools what does not rise', () => {
    const points = isotonicPoints(Float32Array.of(0.1, 0.2, 0.3, 0.4), Uint8Array.of(0, 1, 0, 1));
    expect(points.map(([, probability]) => probability)).to.deep.equal([0, 0.5, 1]);
  });

  it("Platt's line finds the distortion that was put in", () => {
    const chance = chanceFrom(5);
    const scores = Float32Array.from({ length: 20_000 }, () => sigmoid(6 * chance() - 4));
    const labels = Uint8Array.from(scores, (score) => {
      const odds = 0.7 + 1.4 * Math.log(score / (1 - score));
      return chance() < sigmoid(odds) ? 1 : 0;
    });
    const { intercept, slope } = plattLine(scores, labels, { pull: 1 });
    expect(intercept).to.be.closeTo(0.7, 0.1);
    expect(slope).to.be.closeTo(1.4, 0.08);
  });

  it("Platt's line stays near the identity when a slice holds nothing unstable", () => {
    const { intercept, slope } = plattLine(new Float32Array(200).fill(0.01), new Uint8Array(200));
    expect(Math.abs(intercept)).to.be.below(0.1);
    expect(slope).to.be.closeTo(1, 0.2);
  });

  it('a table of a line is the line to within 0.0005', () => {
    const line = { intercept: -0.6, slope: 1.3 };
    const points = plattPoints(line);
    for (let score = 0.0005; score < 1; score += 0.00137)
      expect(calibrated(points, score)).to.be.closeTo(
        sigmoid(line.intercept + line.slope * Math.log(score / (1 - score))),
        0.0005,
      );
  });

  it('outside its points a table stays level', () => {
    const points = [
      [0.2, 0.1],
      [0.6, 0.5],
    ] as const;
    expect([0, 0.2, 0.4, 0.6, 1].map((score) => Number(calibrated(points, score).toFixed(9)))).to.deep.equal([
      0.1, 0.1, 0.3, 0.5, 0.5,
    ]);
  });

  it('at even odds the base rate becomes a half, and certainty stays certain', () => {
    expect(atEvenOdds(0.02, 0.02)).to.be.closeTo(0.5, 1e-12);
    expect(atEvenOdds(0, 0.02)).to.equal(0);
    expect(atEvenOdds(1, 0.02)).to.equal(1);
  });
});
