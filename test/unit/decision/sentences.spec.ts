import { expect } from 'chai';
import {
  amountText,
  hazardText,
  inThousandHours,
  nodesText,
  percentText,
  priceText,
} from '../../../src/decision/sentences.ts';
import { gib } from './known-market.ts';

function reads<Value>(text: (value: Value) => string, cases: readonly (readonly [Value, string])[]): void {
  for (const [value, expected] of cases)
    it(`${JSON.stringify(value)} as ${expected}`, () => {
      expect(text(value)).to.equal(expected);
    });
}

describe('numbers in sentences', () => {
  describe('write a price with four decimals, and with three digits below a tenth of a cent', () => {
    reads(priceText, [
      [0.0312, '0.0312'],
      [12, '12.0000'],
      [0.001, '0.0010'],
      [0.00098765, '0.000988'],
    ]);
  });

  describe('write a share as percent, with two digits below ten', () => {
    reads(percentText, [
      [0, '0 %'],
      [0.1, '10 %'],
      [0.126, '13 %'],
      [1, '100 %'],
      [0.0999, '10 %'],
      [0.0512, '5.1 %'],
      [0.00042, '0.042 %'],
    ]);
  });

  describe('write a hazard for a thousand hours, with two digits below ten', () => {
    reads(inThousandHours, [
      [0.001, '1'],
      [0.00125, '1.3'],
      [0.01, '10'],
      [0.0126, '13'],
      [0, '0'],
    ]);
    reads(hazardText, [[0.002, '2 interruptions in 1,000 node-hours']]);
  });

  it('write what nodes hold: cores, GiB, and GPUs only where there are any', () => {
    const resources = { cpuMilli: 1900, memoryBytes: 3.25 * gib, gpus: 0 };
    expect(amountText(resources, 1)).to.equal('1.9 vCPU, 3.25 GiB');
    expect(amountText(resources, 3)).to.equal('5.7 vCPU, 9.75 GiB');
    expect(amountText({ ...resources, gpus: 1 }, 2)).to.equal('3.8 vCPU, 6.5 GiB, 2 GPU');
    expect(amountText({ ...resources, memoryBytes: gib / 3 }, 1)).to.equal('1.9 vCPU, 0.33 GiB');
  });

  it('write one node, and several nodes', () => {
    expect([1, 2].map(nodesText)).to.deep.equal(['1 node', '2 nodes']);
  });
});
