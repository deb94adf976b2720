import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { ageWatch } from '../../../../src/server/knowledge/age-watch.ts';
import type { Ageing } from '../../../../src/server/knowledge/knowledge-events.ts';

describe('the watch over the age of knowledge', () => {
  it('tells once when something grows old and once when it is fresh again, and nothing of how it began', async () => {
    const stop = new AbortController();
    const told: Ageing[] = [];
    const state = { prices: false, file: true };
    let looks = 0;
    ageWatch({
      status: () => {
        looks += 1;
        return {
          ages: [
            { source: 'spot_prices', isOld: state.prices, sentence: `prices ${state.prices}` },
            { source: 'static_intelligence', isOld: state.file, sentence: `file ${state.file}` },
          ],
        };
      },
      onAgeing: (ageing) => void told.push(ageing),
      signal: stop.signal,
      lookEveryMs: 2,
    });
    const looked = async (more: number): Promise<void> => {
      for (const until = looks + more; looks < until;) await wait(1);
    };
    await looked(3);
    expect(told).to.deep.equal([]);
    state.prices = true;
    await looked(3);
    Object.assign(state, { prices: false, file: false });
    await looked(3);
    stop.abort();
    expect(told.map(({ sentence }) => sentence)).to.deep.equal(['prices true', 'prices false', 'file false']);
    const after = looks;
    await wait(10);
    expect(looks).to.equal(after);
  });
});
