import { expect } from 'chai';
import type { SpotAdvisor } from '../../../../src/api/messages.ts';
import { Overloaded } from '../../../../src/errors/overloaded.ts';
import { pacedAdvisor } from '../../../../src/server/advisor/paced-advisor.ts';

describe('a paced advisor', () => {
  function paced(mostWaiting: number, lateMs = 0) {
    let nowMs = 0;
    let open = 0;
    const rests: number[] = [];
    const seen: number[] = [];
    const ranked = async (request: unknown) => {
      open += 1;
      seen.push(open);
      await Promise.resolve();
      nowMs += 30;
      open -= 1;
      if (request === 'broken') throw new Error('broken');
      return request;
    };
    const advisor = pacedAdvisor({ rank: ranked } as unknown as SpotAdvisor, {
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      rest: (ms) => {
        rests.push(ms);
        nowMs += ms + lateMs;
        return Promise.resolve();
      },
      mostWaiting,
    });
    return { advisor, rests, seen };
  }

  it('answers one question at a time, lets the loop turn before an answer becomes text, and rests four times as long as each took', async () => {
    const { advisor, rests, seen } = paced(100);
    const asked = [1, 2, 3].map((one) => advisor.rank(one));
    expect(await Promise.all(asked)).to.deep.equal([1, 2, 3]);
    expect(seen).to.deep.equal([1, 1, 1]);
    expect(rests).to.deep.equal([0, 120, 0, 120, 0, 120]);
  });

  it('waits longer where a rest ends late: then the event loop has other work', async () => {
    const { advisor, rests } = paced(100, 50);
    await Promise.all([advisor.rank(1), advisor.rank(2)]);
    expect(rests.slice(0, 5)).to.deep.equal([0, 120, 200, 0, 120]);
  });

  it('goes on after a question that fails', async () => {
    const { advisor } = paced(100);
    const broken = advisor.rank('broken').catch((error: unknown) => error);
    expect(await advisor.rank('next')).to.equal('next');
    expect(await broken).to.be.instanceOf(Error);
  });

  it('turns away who would have to wait too long, and says when to ask again', async () => {
    const { advisor } = paced(2);
    const asked = [1, 2, 3].map((one) => advisor.rank(one).catch((error: unknown) => error));
    const [first, second, third] = await Promise.all(asked);
    expect([first, second]).to.deep.equal([1, 2]);
    expect(third).to.be.instanceOf(Overloaded).with.property('retryAfterMs', 1_000);
    expect(await advisor.rank(4)).to.equal(4);
  });
});
