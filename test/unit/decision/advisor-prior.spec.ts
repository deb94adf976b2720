import { expect } from 'chai';
import fc from 'fast-check';
import {
  advisorPrior,
  atEvenOdds,
  frequencyWithin,
  unknownRisk,
} from '../../../src/decision/advisor-prior.ts';
import { expectedAndWorst } from '../../../src/decision/several-pools.ts';
import { nodesFor, podUnits, unitsOf, unusedShare } from '../../../src/decision/node-value.ts';
import { gib } from './known-market.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });

describe("the prior from the Spot Advisor's band", () => {
  it('is, on the scale of the gate, what its description says for the five bands', () => {
    const bands = [0.025, 0.075, 0.125, 0.175, 0.25].map((rate) =>
      advisorPrior(rate, 12).crashProbability.toFixed(2),
    );
    expect(bands).to.deep.equal(['0.19', '0.43', '0.56', '0.65', '0.73']);
  });

  it('is a month of hazard spread evenly', () => {
    expect(frequencyWithin(0.1, 730)).to.be.closeTo(0.1, 1e-12);
    expect(frequencyWithin(0.1, 12)).to.be.closeTo(1 - 0.9 ** (12 / 730), 1e-12);
    const twice = 1 - (1 - frequencyWithin(0.2, 6)) ** 2;
    expect(frequencyWithin(0.2, 12)).to.be.closeTo(twice, 1e-12);
  });

  it('rises with the rate and stays a probability', () => {
    fc.assert(
      fc.property(share, share, fc.double({ min: 0.1, max: 1000, noNaN: true }), (one, other, hours) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)].map((rate) =>
          advisorPrior(rate, hours),
        );
        expect(low!.expectedFrequency).to.be.within(0, high!.expectedFrequency);
        expect(low!.crashProbability).to.be.within(0, high!.crashProbability + 1e-12);
        expect(high!.crashProbability).to.be.at.most(1);
      }),
    );
  });

  it('gives a typical pool even odds, like one of which nothing is known', () => {
    expect(advisorPrior(0.1, 12).crashProbability).to.be.closeTo(0.5, 1e-12);
    expect(unknownRisk(12).expectedFrequency).to.equal(advisorPrior(0.1, 12).expectedFrequency);
    expect(atEvenOdds(0.01, 0.01)).to.be.closeTo(0.5, 1e-12);
  });
});

describe('several pools as one number', () => {
  it('is between the mean and the worst', () => {
    expect(expectedAndWorst([], 0.5)).to.equal(undefined);
    expect(expectedAndWorst([0.3], 0.5)).to.equal(0.3);
    expect(expectedAndWorst([0, 0.2, 0.4], 0)).to.be.closeTo(0.2, 1e-12);
    expect(expectedAndWorst([0, 0.2, 0.4], 1)).to.equal(0.4);
    expect(expectedAndWorst([0, 0.2, 0.4], 0.5)).to.be.closeTo(0.3, 1e-12);
  });
});

describe('what a node is worth', () => {
  const node = { cpuMilli: 4000, memoryBytes: 16 * gib, gpus: 1 };

  it('counts vCPUs, memory and GPUs in vCPUs', () => {
    expect(unitsOf(node)).to.be.closeTo(4 + 1.6 + 16, 1e-12);
    expect(podUnits({ cpuMilli: 0, memoryBytes: gib, gpus: 0 })).to.be.closeTo(0.2, 1e-12);
    expect(podUnits({ cpuMilli: 5e-324, memoryBytes: 0.5, gpus: 0 })).to.equal(
      podUnits({ cpuMilli: 0, memoryBytes: 0, gpus: 0 }),
    );
  });

  it('leaves unused what no pod asked for, each resource for itself', () => {
    expect(unusedShare(node, 2, { cpuMilli: 8000, memoryBytes: 32 * gib, gpus: 2 })).to.equal(0);
    expect(unusedShare(node, 1, { cpuMilli: 4000, memoryBytes: 99 * gib, gpus: 0 })).to.be.closeTo(
      16 / 21.6,
      1e-12,
    );
    expect(unusedShare(node, 1, { cpuMilli: 0, memoryBytes: 0, gpus: 0 })).to.be.closeTo(1, 1e-12);
  });

  it('needs as many nodes as its scarcest resource says', () => {
    expect(nodesFor(node, { cpuMilli: 9000, memoryBytes: gib, gpus: 0 })).to.equal(3);
    expect(nodesFor(node, { cpuMilli: 100, memoryBytes: gib, gpus: 5 })).to.equal(5);
    expect(nodesFor({ ...node, gpus: 0 }, { cpuMilli: 100, memoryBytes: gib, gpus: 1 })).to.equal(undefined);
    expect(nodesFor(node, { cpuMilli: 0, memoryBytes: 0, gpus: 0 })).to.equal(1);
  });
});
