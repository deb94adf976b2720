import { expect } from 'chai';
import { rateLimited } from '../../../src/telemetry/rate-limited.ts';

describe('what is told at a limited rate', () => {
  it('is told at first and then once a span, with how often it was withheld', () => {
    let nowMs = 5;
    const told: number[] = [];
    const tell = rateLimited(1_000, { monotonicMs: () => nowMs });
    for (let count = 0; count < 10; count += 1) tell((withheld) => void told.push(withheld));
    nowMs += 1_000;
    tell((withheld) => void told.push(withheld));
    nowMs += 5_000;
    tell((withheld) => void told.push(withheld));
    expect(told).to.deep.equal([0, 9, 0]);
  });
});
