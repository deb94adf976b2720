import { expect } from 'chai';
import { WritePace } from '../../../src/agent/write-pace.ts';

/** Writes as soon as it may, for so long. @returns the times of the writes. */
function fought(pace: WritePace, forMs: number, fromMs = 0): readonly number[] {
  const times: number[] = [];
  for (let nowMs = fromMs; nowMs < fromMs + forMs; nowMs += 10)
    if (pace.waitMs(nowMs) === 0) {
      pace.wrote(nowMs, 0);
      times.push(nowMs);
    }
  return times;
}

describe('the pace at which a mark is written anew that somebody takes away again and again', () => {
  it('is free for three writes, then half a second, and never more than ten seconds', () => {
    const times = fought(new WritePace(), 60_000);
    const pauses = times.map((atMs, index) => atMs - (times[index - 1] ?? 0));
    expect(pauses.slice(0, 9)).to.deep.equal([0, 10, 10, 500, 1_000, 2_000, 4_000, 8_000, 10_000]);
    expect(Math.max(...pauses)).to.equal(10_000);
  });

  it('is free again after a minute of peace, and for what is new', () => {
    const pace = new WritePace();
    const last = fought(pace, 20_000).at(-1)!;
    pace.wrote(last + 60_000, 0);
    expect(pace.waitMs(last + 60_010)).to.equal(0);
    fought(pace, 20_000, last + 60_000);
    pace.forget();
    expect(pace.waitMs(last + 80_000)).to.equal(0);
  });
});
