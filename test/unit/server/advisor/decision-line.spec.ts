import { expect } from 'chai';
import { decisionLine } from '../../../../src/server/advisor/decision-line.ts';
import { smallAdvisor } from './small-market.ts';

describe('the log line of a decision', () => {
  it('tells what was answered, by what and why, and how long it took', async () => {
    const { advisor, told } = smallAdvisor();
    await advisor.rank({ pools: ['c5.large@ap-south-1a', 'r5.large@ap-south-1a'] });
    const [ranked] = told;
    if (ranked === undefined) throw new Error('nothing was told');
    const { fields, sentence } = decisionLine(ranked);
    expect(sentence).to.equal('2 pools ranked, best is c5.large@ap-south-1a');
    expect(fields).to.deep.include({
      decisionId: ranked.decision_id,
      kind: 'rank',
      answer: ['c5.large@ap-south-1a'],
      degradation: 'model',
      candidates: 2,
      drops: [{ layer: 'optimizer', reason: 'crash-probability', count: 1 }],
    });
    expect(fields['best']).to.deep.include({
      id: 'c5.large@ap-south-1a',
      crashProbability: 0.2,
      pricePerHour: 0.03,
    });
    expect(fields['durationMs']).to.be.a('number');
  });

  it('stays one line however many ids were answered', async () => {
    const { advisor, told } = smallAdvisor();
    await advisor.evaluate({ pool: 'c5.large@ap-south-1a' });
    const [evaluated] = told;
    if (evaluated === undefined) throw new Error('nothing was told');
    expect(decisionLine(evaluated).sentence).to.equal('c5.large@ap-south-1a NONE: STAY');
    const answer = Array.from({ length: 5_000 }, (_, index) => `group-${index}`);
    const line = decisionLine({ ...evaluated, kind: 'scale-up', answer });
    expect(line.sentence).to.equal('scale-up answered with 5000 ids');
    expect(line.fields).to.include({ answerCount: 5_000 });
    expect(JSON.stringify(line.fields).length).to.be.lessThan(2_000);
  });
});
