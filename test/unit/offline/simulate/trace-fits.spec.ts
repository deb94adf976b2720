import { expect } from 'chai';
import { chanceFrom } from '../../../../src/learning/chance.ts';
import { burstFit, lossesIn } from '../../../../src/offline/simulate/burst-fit.ts';
import { dryFit } from '../../../../src/offline/simulate/dry-fit.ts';
import { fitsText } from '../../../../src/offline/simulate/fits-text.ts';
import type { TraceSet } from '../../../../src/offline/simulate/trace-archive.ts';

const set = (...pools: readonly (readonly number[])[]): TraceSet => ({
  name: 'folder/set',
  machine: 'v100_1',
  tickMs: 360_000,
  pools: pools.map((available, index) => ({ zone: `zone-${index}`, available })),
});

/** A pool of `nodes` that is full again after each loss, as the simulator's own bursts take it. */
function burstyPool(
  nodes: number,
  losses: number,
  { together, least, most }: { together: number; least: number; most: number },
  seed: number,
): readonly number[] {
  const chance = chanceFrom(seed);
  const alone = nodes * (1 - together);
  const events = together / ((least + most) / 2);
  const ticks: number[] = [nodes];
  for (let loss = 0; loss < losses; loss += 1) {
    let lost = 1;
    if (chance() * (alone + events) >= alone) {
      const taken = least + chance() * (most - least);
      lost = Array.from({ length: nodes }, () => chance()).filter((one) => one < taken).length;
    }
    ticks.push(nodes - lost, nodes);
  }
  return ticks;
}

describe('how pools take their nodes back, fitted to traces', () => {
  it('finds the bursts that made the trace', () => {
    const made = { together: 0.6, least: 0.4, most: 0.8 };
    const fit = burstFit([set(burstyPool(12, 4000, made, 1), burstyPool(12, 4000, made, 2))])!;
    expect(fit.pools).to.equal(2);
    expect(fit.bursts.together).to.be.closeTo(0.6, 0.05);
    expect(fit.bursts.least).to.be.closeTo(0.4, 0.051);
    expect(fit.bursts.most).to.be.closeTo(0.8, 0.051);
  });

  it('a pool that only ever loses one of many has no bursts', () => {
    const fit = burstFit([set(Array.from({ length: 400 }, (_, tick) => 12 - (tick % 2)))])!;
    expect(fit.lostTogether).to.equal(0);
    expect(fit.bursts.together).to.equal(0);
  });

  it('counts the nodes that a fleet would have held, every pool as much as the others', () => {
    expect(lossesIn([set([4, 1, 3, 0, 4], [2, 1]), set([1, 0, 1])])).to.deep.equal([
      { lost: 3, held: 4, weight: 0.5 },
      { lost: 3, held: 3, weight: 0.5 },
      { lost: 1, held: 2, weight: 1 },
    ]);
  });

  it('nothing is said of traces of single nodes', () => {
    expect(burstFit([set([1, 0, 1, 0])])).to.equal(undefined);
    expect(fitsText([set([1, 0, 1, 0])])).to.contain('nothing tells how many go together');
  });
});

describe('how pools run short, fitted to traces', () => {
  it('tells share, lengths, and how much of it is empty', () => {
    // Ten ticks whole, two empty, two half: twelve times.
    const ticks = Array.from({ length: 12 }, () => [...Array<number>(10).fill(4), 0, 0, 2, 2]).flat();
    const fit = dryFit([set([...ticks, 4])])!;
    expect(fit).to.include({ pools: 1, severalNodes: 1, partialShare: 0.5, empty: 0.5 });
    expect(fit.sigma).to.be.closeTo(0, 1e-9);
    expect(fit.medianHours).to.be.closeTo(0.4, 1e-9);
    expect(fit.share).to.be.closeTo(48 / 169, 1e-9);
  });

  it('says nothing of pools that ran short less than ten times', () => {
    expect(dryFit([set([1, 0, 1, 0, 1])])).to.equal(undefined);
  });
});
