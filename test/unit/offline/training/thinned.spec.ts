import { expect } from 'chai';
import { thinned } from '../../../../src/offline/training/learning-set.ts';
import type { LearningSet } from '../../../../src/offline/training/learning-set.ts';

/** 100 unstable rows, 1,000 near misses, 20,000 calm ones. */
function setOf(): LearningSet {
  const count = 21_100;
  return {
    labels: Uint8Array.from({ length: count }, (_, row) => (row < 100 ? 1 : 0)),
    closeness: Float32Array.from({ length: count }, (_, row) => (row < 100 ? 0.9 : row < 1100 ? 0.3 : 0.02)),
  } as unknown as LearningSet;
}

describe('thinned rows', () => {
  const set = setOf();
  const part = thinned(set, Uint32Array.from(set.labels.keys()), 1000, 1);
  const kinds = (weighed: boolean): number[] => {
    const sums = [0, 0, 0];
    for (const [at, row] of part.rows.entries()) {
      const kind = row < 100 ? 0 : row < 1100 ? 1 : 2;
      sums[kind] = (sums[kind] ?? 0) + (weighed ? (part.weights[at] ?? 0) : 1);
    }
    return sums;
  };

  it('hold every unstable row at weight 1', () => {
    expect([kinds(false)[0], kinds(true)[0]]).to.deep.equal([100, 100]);
  });

  it('hold near misses and calm rows as two to three, each kind weighing what it weighed', () => {
    const [, near = 0, calm = 0] = kinds(false);
    expect(near).to.be.within(350, 450);
    expect(calm).to.be.within(540, 660);
    const [, nearWeight = 0, calmWeight = 0] = kinds(true);
    expect(nearWeight).to.be.within(875, 1125);
    expect(calmWeight).to.be.within(18_000, 22_000);
  });

  it('are all rows when there are few', () => {
    const rows = Uint32Array.from({ length: 200 }, (_, row) => row);
    const all = thinned(set, rows, 1000, 1);
    expect(all.rows).to.deep.equal(rows);
    expect(all.weights.every((weight) => weight === 1)).to.equal(true);
  });
});
