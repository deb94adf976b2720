import { expect } from 'chai';
import type { TraceSet } from '../../../../src/offline/simulate/trace-archive.ts';
import { traceHabits } from '../../../../src/offline/simulate/trace-habits.ts';
import { partOf } from '../../../../src/offline/simulate/trace-part.ts';
import { habitsText } from '../../../../src/offline/simulate/trace-text.ts';

function set(name: string, ...pools: readonly (readonly number[])[]): TraceSet {
  return {
    name,
    machine: 'intel_64',
    tickMs: 600_000,
    pools: pools.map((available, index) => ({ zone: `zone-${index}`, available })),
  };
}

/** Up for as many ticks, then empty for one, and so on. */
function spells(...lengths: readonly number[]): readonly number[] {
  return lengths.flatMap((length) => [...Array<number>(length).fill(1), 0]);
}

const times = <Value>(count: number, value: Value): readonly Value[] => Array<Value>(count).fill(value);

describe('what availability traces say of their pools', () => {
  const steady = spells(...times(40, 6));
  const bursts = spells(...times(12, [1, 1, 1, 18]).flat());

  it('a pool whose spells are all alike is interrupted less often right after a return than on average', () => {
    // Every return has a whole spell of six ticks before it; a random moment has half of one.
    const { afterInterruption } = traceHabits([set('a', steady, times(300, 1))]);
    expect(afterInterruption[0]).to.be.closeTo(3.5 / 6, 0.01);
  });

  it('a pool whose interruptions come in bursts is interrupted more often right after one', () => {
    const { pools, afterInterruption } = traceHabits([set('a', bursts, times(300, 1))]);
    expect(pools).to.equal(1);
    expect(afterInterruption[0]).to.be.greaterThan(1.5);
    expect(afterInterruption[2]).to.be.lessThan(afterInterruption[0]!);
  });

  it('compares pools of one set only, and tells whether what is empty more is interrupted more', () => {
    const often = spells(...times(60, 3));
    const habits = traceHabits([set('a', steady.slice(0, 240), often), set('b', bursts, bursts)]);
    expect(habits.emptierIsRiskier).to.deep.equal({ pairs: 2, share: 0.5 });
    expect(habits.riskierStaysSo.pairs).to.equal(2);
    expect(habitsText(habits)).to.contain('50 % of 2 pairs');
  });

  it('says nothing of pools with fewer than ten interruptions', () => {
    expect(traceHabits([set('a', spells(5, 5, 5), times(18, 1))]).pools).to.equal(0);
  });
});

describe('a part of the traces', () => {
  const sets = ['a', 'b', 'c'].map((name) => set(name, [1, 2, 3, 4, 5], [6, 7, 8, 9]));

  it('is every second set, or the same half of each', () => {
    expect(partOf(sets, 'all')).to.equal(sets);
    expect(partOf(sets, 'odd-sets').map(({ name }) => name)).to.deep.equal(['a', 'c']);
    expect(partOf(sets, 'even-sets').map(({ name }) => name)).to.deep.equal(['b']);
    const halves = (['first-half', 'second-half'] as const).map((part) =>
      partOf(sets, part)[1]!.pools.map(({ available }) => available),
    );
    expect(halves).to.deep.equal([
      [
        [1, 2],
        [6, 7],
      ],
      [
        [3, 4],
        [8, 9],
      ],
    ]);
  });
});
