import { expect } from 'chai';
import { leastWasteValue, priceValue, type BuiltInOption } from '../../../src/decision/built-in-expanders.ts';

/** c5.large for pods of 1.5 cores and 2 GiB. */
const option = (part: Partial<BuiltInOption> = {}): BuiltInOption => ({
  facts: { vcpu: 2, memoryGib: 4, gpus: 0 },
  nodeCount: 1,
  cpuMilli: 1500,
  memoryMib: 2048,
  pricePerHour: 0.1,
  ...part,
});

describe("the autoscaler's least-waste", () => {
  it('is the unused share of CPU and that of memory, added: a quarter and a half', () => {
    expect(leastWasteValue(option())).to.equal(0.25 + 0.5);
  });

  it('counts all nodes of the option: two hold the pods with five eighths and three quarters to spare', () => {
    expect(leastWasteValue(option({ nodeCount: 2 }))).to.equal(0.625 + 0.75);
  });

  it('is nothing for pods that fill the node', () => {
    expect(leastWasteValue(option({ cpuMilli: 2000, memoryMib: 4096 }))).to.equal(0);
  });
});

describe("the autoscaler's price expander", () => {
  // Half a core and 500 MiB: 0.5 × 0.0357 + 500 / 1024 × 0.0034 USD an hour.
  const smallPod = 0.019510156;
  // 1.5 × 0.0357 + 2 × 0.0034.
  const pods = 0.06035;

  it('is the price over what the pods are worth, each with a small pod, times how unfit the size is', () => {
    // Ten nodes like four cores: two are half of that.
    expect(priceValue(option(), 10)).to.be.closeTo((2 * (0.1 + smallPod)) / (pods + smallPod), 1e-6);
  });

  it('finds a node of twice the liked size as unfit as one of half of it', () => {
    const large = option({ facts: { vcpu: 8, memoryGib: 16, gpus: 0 } });
    expect(priceValue(large, 10)).to.equal(priceValue(option(), 10));
  });

  it('fades with the number of nodes: of sixteen, 1 − tanh 1 of the unfitness is left', () => {
    // 1 + (2 − 1) × (1 − 0.761594).
    expect(priceValue(option({ nodeCount: 16 }), 10)).to.be.closeTo(
      (1.238406 * (1.6 + smallPod)) / (pods + smallPod),
      1e-4,
    );
  });

  it('avoids accelerators by a thousand', () => {
    const accelerated = option({ facts: { vcpu: 2, memoryGib: 4, gpus: 1 } });
    expect(priceValue(accelerated, 10)).to.be.closeTo((1000 * (0.1 + smallPod)) / (pods + smallPod), 1e-2);
  });

  it('likes 1, 2, 4, 8, 16 and 32 cores, in clusters up to 2, 6, 20, 60 and 200 nodes and beyond', () => {
    const fit = (0.1 + smallPod) / (pods + smallPod);
    for (const [cores, largest] of [
      [1, 2],
      [2, 6],
      [4, 20],
      [8, 60],
      [16, 200],
      [32, 10_000],
    ] as const) {
      const facts = { vcpu: cores, memoryGib: 4, gpus: 0 };
      expect(priceValue(option({ facts }), largest), `${largest} nodes`).to.be.closeTo(fit, 1e-6);
      if (cores < 32)
        expect(priceValue(option({ facts }), largest + 1), `${largest + 1} nodes`).to.be.closeTo(
          2 * fit,
          1e-6,
        );
    }
  });
});
