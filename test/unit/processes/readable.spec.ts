import { expect } from 'chai';
import {
  readableDecision,
  readableEvaluation,
  readableOverview,
  readableRanking,
  readableReplay,
} from '../../../src/api/readable.ts';
import { smallAdvisor } from '../server/advisor/small-market.ts';

describe('what a terminal shows', () => {
  const asked = async () => {
    const { advisor, told } = smallAdvisor();
    const ranking = await advisor.rank({ pools: ['c5.large@ap-south-1a', 'r5.large@ap-south-1a'] });
    const [decision] = told;
    if (decision === undefined) throw new Error('nothing was told');
    return { advisor, ranking, decision };
  };

  it('of a ranking: every candidate, the dropped with layer and sentence', async () => {
    const { ranking } = await asked();
    const text = readableRanking(ranking);
    expect(text).to.match(/^1 +c5\.large@ap-south-1a +1 +0\.0300 +0\.0850 +0\.0\d+ +0\.200/m);
    expect(text).to.match(/^dropped:\n {2}r5\.large@ap-south-1a {2}optimizer: .*0\.95/m);
    expect(text).not.to.include('undefined').and.not.to.include('null');
    expect(text).not.to.include('mock');
  });

  it('of resting capacity and remarks: all of it in words', async () => {
    const { ranking } = await asked();
    const text = readableRanking({
      ...ranking,
      remarks: ['the look-up of prices failed 3 times: disk'],
      candidates: ranking.candidates.map((one) => ({
        ...one,
        resting_because: 'chosen twice and no node came',
        price_source: 'assumed',
      })),
    });
    expect(text).to.include('c5.large@ap-south-1a rests: chosen twice and no node came');
    expect(text).to.include('the look-up of prices failed 3 times: disk');
    expect(text).to.include('~0.0300');
  });

  it('of a remark that is the reason of the step as well: it once', async () => {
    const { ranking, decision } = await asked();
    const why = "no model's word, the Spot Advisor's band counts";
    const told = { remarks: [why], degradation: { step: 'advisor-prior', reasons: [why] } } as const;
    expect(readableRanking({ ...ranking, ...told }).split(why)).to.have.length(2);
    expect(readableDecision({ ...decision, ...told }).split(why)).to.have.length(2);
  });

  it('of a decision that dropped everything: that it did', async () => {
    const { decision } = await asked();
    const text = readableDecision({ ...decision, answer: [], candidates: decision.candidates.slice(1) });
    expect(text).to.include('every candidate was dropped').and.include('answer: nothing');
    expect(text).to.include('1 of 2 candidates shown');
  });

  it('of an evaluation: the decision first', async () => {
    const { advisor } = await asked();
    const text = readableEvaluation(
      await advisor.evaluate({ pool: 'c5.large@ap-south-1a', aws_signal: 'TERMINATION' }),
    );
    expect(text).to.match(/^EVACUATE: /);
    expect(text).to.match(/crash probability +0\.200/);
  });

  it('of many decisions: one line each', async () => {
    const { decision } = await asked();
    const lines = readableOverview([decision, { ...decision, answer: ['a', 'b', 'c', 'd'] }])
      .trimEnd()
      .split('\n');
    expect(lines).to.have.length(3);
    expect(lines[1]).to.include(decision.decision_id).and.include('c5.large@ap-south-1a');
    expect(lines[2]).to.include('4 ids');
  });

  it('of a replay: what is other than then is marked', async () => {
    const { decision } = await asked();
    const [first, second] = decision.candidates;
    if (first === undefined || second === undefined) throw new Error('two candidates were asked for');
    const now = { ...decision, answer: ['x'], candidates: [{ ...first, rank: 2 }, second] };
    const text = readableReplay(decision, now);
    expect(text).to.match(/^\* +c5\.large@ap-south-1a +1 +2/m);
    expect(text).not.to.match(/^\* +r5\.large/m);
    expect(text).to.include('THE ANSWER IS ANOTHER');
  });
});
