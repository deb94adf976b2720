import { expect } from 'chai';
import type { Answer } from '../../../src/decision/answer.ts';
import type { Ranked, RiskStep } from '../../../src/decision/decision-context.ts';
import type { Drop } from '../../../src/decision/decision.ts';
import { explanationOf, mockSentence, reasonOf } from '../../../src/decision/explanation.ts';
import { fleetView } from '../../../src/decision/fleet-view.ts';
import type { CapacityCooldown, Knowledge } from '../../../src/decision/knowledge.ts';
import { defaultPolicy, type Policy } from '../../../src/decision/policy.ts';
import { soundKnowledge } from '../../../src/decision/sound-knowledge.ts';
import { knownMarket, now } from './known-market.ts';
import { oneRanked } from './one-candidate.ts';

const atStep = (id: string, step: RiskStep, part: Partial<Ranked> = {}) =>
  oneRanked({ id, ...part, risk: { ...oneRanked().risk, source: 'advisor-prior', step } });
const onDemand = (id: string) =>
  oneRanked({
    id,
    capacityType: 'on-demand',
    risk: { crashProbability: 0, expectedFrequency: 0, source: 'on-demand', step: 'model' },
  });

function explained(
  candidates: readonly Ranked[],
  more: {
    knowledge?: Partial<Knowledge>;
    policy?: Policy;
    from?: RiskStep;
    failures?: readonly string[];
  } = {},
) {
  const { knowledge = {}, policy = defaultPolicy, from = 'model', failures = [] } = more;
  const sound = soundKnowledge({ ...knownMarket({}), ...knowledge }, now);
  return explanationOf({ candidates, drops: [] }, sound, policy, from, failures, 'nothing was offered');
}

describe('what an answer rests on', () => {
  it('is the model where it speaks for the best, with nothing to say', () => {
    expect(explained([oneRanked()])).to.deep.equal({
      degradation: { step: 'model', reasons: [] },
      remarks: [],
    });
  });

  it('is the band where the model says nothing of the best, and which pools that are', () => {
    const why = "b and 1 more: no model's word, the Spot Advisor's band counts";
    expect(
      explained([atStep('b', 'advisor-prior'), atStep('c', 'advisor-prior'), oneRanked()]),
    ).to.deep.equal({
      degradation: { step: 'advisor-prior', reasons: [why] },
      remarks: [why],
    });
  });

  it('stays the model where only others are not known: that is a remark', () => {
    const why = 'c: neither a model nor a Spot Advisor band tells the risk, the typical one counts';
    expect(explained([oneRanked(), atStep('c', 'price-only')])).to.deep.equal({
      degradation: { step: 'model', reasons: [] },
      remarks: [why],
    });
  });

  it('is no better than the step from which it was asked', () => {
    expect(
      explained([oneRanked()], { from: 'price-only', failures: ['the risk layer broke'] }),
    ).to.deep.equal({
      degradation: { step: 'price-only', reasons: ['the risk layer broke'] },
      remarks: ['the risk layer broke'],
    });
  });

  it('is all ids where nothing is ranked, for the reason that is given', () => {
    expect(explained([])).to.deep.equal({
      degradation: { step: 'all-ids', reasons: ['nothing was offered'] },
      remarks: ['nothing was offered'],
    });
  });

  it('of on-demand, which needs no model, is the best step among the Spot candidates beside it', () => {
    const step = (...beside: readonly Ranked[]) => explained([onDemand('o'), ...beside]).degradation.step;
    expect(step()).to.equal('model');
    expect(step(onDemand('p'))).to.equal('model');
    expect(step(atStep('b', 'price-only'), atStep('c', 'advisor-prior'))).to.equal('advisor-prior');
    expect(step(atStep('b', 'price-only'))).to.equal('price-only');
    expect(step(atStep('b', 'price-only'), oneRanked())).to.equal('model');
  });

  it('names a risk model that is off, stale prices and look-ups that failed', () => {
    const knowledge: Partial<Knowledge> = {
      pricesAreStale: true,
      get remarks(): readonly string[] {
        throw new Error('gone');
      },
    };
    const policy = { ...defaultPolicy, switches: { ...defaultPolicy.switches, riskModel: false } };
    const candidates = [atStep('b', 'price-only')];
    const sound = soundKnowledge(
      Object.defineProperties({ ...knownMarket({}) }, Object.getOwnPropertyDescriptors(knowledge)),
      now,
    );
    expect(
      explanationOf({ candidates, drops: [] }, sound, policy, 'model', [], '').degradation.reasons,
    ).to.deep.equal([
      'the risk model is switched off',
      'Spot prices are stale and are not used',
      'b: neither a model nor a Spot Advisor band tells the risk, the typical one counts',
      'the look-up of remarks failed 1 times: gone',
    ]);
  });

  it('names a mock as what it is, once, and no other reason for the pools that it speaks of', () => {
    const mocked = (id: string) =>
      oneRanked({ id, risk: { ...oneRanked().risk, source: 'mock', step: 'price-only' } });
    expect(explained([mocked('b'), mocked('c')]).remarks).to.deep.equal([mockSentence]);
    expect(mockSentence).to.match(/^the risk model is mock: it calls every Spot pool moderately risky/);
  });
});

describe('what is to be known beside it', () => {
  it('is how many prices are assumed', () => {
    const assumed = (id: string) => oneRanked({ id, price: { perHour: 0.03, source: 'assumed' } });
    expect(explained([oneRanked(), assumed('b'), assumed('c')]).remarks).to.deep.equal([
      'the price of 2 candidates is assumed',
    ]);
  });

  it('is which capacity is of unknown kind', () => {
    const said =
      'no label and no description tells whether this is Spot or on-demand; it counts at the on-demand price with the risk of Spot';
    const unknown = (id: string) => oneRanked({ id, capacityType: 'unknown' });
    expect(explained([oneRanked(), unknown('b')]).remarks).to.deep.equal([`b: ${said}`]);
    expect(explained([unknown('b'), unknown('c'), unknown('d')]).remarks).to.deep.equal([
      `b and 2 more: ${said}`,
    ]);
  });

  it('is why on-demand goes first, where the fleet is taken from, and what the knowledge itself remarks', () => {
    const knowledge = {
      onDemandFirst: 'three launches failed',
      fleet: fleetView('answers', []),
      remarks: ['bands of May'],
    };
    expect(explained([oneRanked()], { knowledge }).remarks).to.deep.equal([
      'three launches failed',
      'no nodes are watched: where the fleet runs is taken from the last answers',
      'bands of May',
    ]);
    expect(explained([oneRanked()], { knowledge: { fleet: fleetView('nodes', []) } }).remarks).to.deep.equal(
      [],
    );
  });
});

describe('the reason of an answer', () => {
  const drop = (id: string, admittedFor?: string): Drop =>
    ({
      ...{ id, layer: 'optimizer', reason: 'no-price', sentence: 's' },
      facts: { ...(admittedFor !== undefined && { admittedFor }) },
    }) as never;
  const reason = (
    basis: Answer['basis'],
    candidates: readonly Ranked[],
    drops: readonly Drop[] = [],
    ids: readonly string[] = ['a'],
  ) => reasonOf({ candidates, drops }, { ids, basis });

  it('of nothing known tells how many could not be priced; larger types that were tried beside them do not count', () => {
    expect(reason('nothing-known', [], [drop('a'), drop('b'), drop('b2', 'b')], ['a', 'b'])).to.equal(
      'none of 2 candidates could be priced and held against the others, so the choice among 2 is left open',
    );
    expect(reason('nothing-known', [], [drop('a'), drop('a2', 'a')])).to.equal(
      'the only candidate could not be priced, and it is answered all the same',
    );
  });

  it('of all rejected tells that none is held back, and of nothing offered that there was no choice', () => {
    expect(reason('all-rejected', [], [drop('a'), drop('b')])).to.equal(
      'all 2 candidates were rejected, so none is held back',
    );
    expect(reason('all-rejected', [], [drop('a')])).to.equal(
      'the only candidate was rejected, so none is held back',
    );
    expect(reason('all-rejected', [])).to.equal('there was nothing to choose from');
  });

  it('of a policy that blocks tells so', () => {
    expect(reason('blocked', [], [drop('a'), drop('b')])).to.equal(
      'all 2 candidates were rejected, and the policy is to block',
    );
  });

  const first = oneRanked({ id: 'a', yield: 60, score: 60 });
  const second = (part: Partial<Ranked> = {}) => oneRanked({ id: 'b', ...part });
  const rest: CapacityCooldown = { untilMs: now + 1, evidence: 'e' };

  it('of a ranking names the first, the second, and how many were dropped', () => {
    expect(reason('ranking', [first])).to.equal('a ranks first of 1 with yield 60.0');
    expect(reason('ranking', [first, second()], [drop('c'), drop('c2', 'c')])).to.equal(
      'a ranks first of 2 with yield 60.0, ahead of b with 50.0, 1 dropped',
    );
    expect(reason('ranking', [])).to.equal('');
  });

  it('tells how many are held equal', () => {
    expect(reason('ranking', [first, second()], [], ['a', 'b'])).to.equal(
      'a ranks first of 2 with yield 60.0, ahead of b with 50.0, 2 held equal',
    );
  });

  const whySecond: readonly (readonly [
    story: string,
    first: Partial<Ranked>,
    second: Partial<Ranked>,
    why: string,
  ])[] = [
    ['it is Spot while on-demand goes first', {}, { waitsForOnDemand: true }, ' (on-demand goes first)'],
    [
      'both wait for on-demand, and it yields less',
      { waitsForOnDemand: true },
      { waitsForOnDemand: true },
      '',
    ],
    ['its rank is higher', { wishOrder: 1 }, { wishOrder: 2 }, ' (ranked behind by configuration)'],
    [
      'a filter objects to it',
      {},
      { objection: { layer: 'static', reason: 'interrupt-rate', sentence: 's' } },
      ' (a filter objects to it)',
    ],
    ['it yields less', {}, { heat: 1 }, ''],
    ['its class rests', {}, { yield: 60, cooldown: rest }, ' (resting)'],
    ['it is hot', {}, { yield: 60, heat: 0.5 }, ' (hot)'],
    ['both rest, and it is hot', { cooldown: rest }, { yield: 60, heat: 0.5, cooldown: rest }, ' (hot)'],
    ['it meets preferences less', {}, { yield: 70, score: 59 }, ' (preferences less well met)'],
    [
      'they are equal',
      {},
      { yield: 60, score: 60 },
      ' (equal; the safer, then the cheaper, then where fewer nodes are, then the first by name)',
    ],
  ];
  for (const [story, best, other, why] of whySecond)
    it(`tells why the second is second: ${story}`, () => {
      const [one, two] = [
        { ...first, ...best },
        { ...second(), ...other },
      ];
      expect(reasonOf({ candidates: [one, two], drops: [] }, { ids: ['a'], basis: 'ranking' })).to.include(
        `ahead of b with ${two.yield.toFixed(1)}${why}`,
      );
      if (why === '')
        expect(reasonOf({ candidates: [one, two], drops: [] }, { ids: ['a'], basis: 'ranking' })).to.match(
          /\.0(?:,|$)(?!.*\()/,
        );
    });

  it('tells of the first that it was re-admitted, rests, or is hot', () => {
    const of = (part: Partial<Ranked>, ...others: readonly Ranked[]) =>
      reason('ranking', [{ ...first, ...part }, ...others]);
    expect(of({ readmitted: 'nothing safer is on offer' })).to.equal(
      'a ranks first of 1 with yield 60.0, re-admitted: nothing safer is on offer',
    );
    expect(of({ cooldown: rest })).to.equal(
      'a ranks first of 1 with yield 60.0, though resting: every class rests',
    );
    expect(of({ heat: 0.5 })).to.equal(
      'a ranks first of 1 with yield 60.0, though hot: everything is, or this is still the best',
    );
    const hot = { heat: 0.5, fleetHazard: 0.01 };
    const worse = second({ fleetHazard: 0.02 });
    expect(of(hot, worse)).to.match(/, though hot: what is cooler is interrupted more often$/);
    expect(of(hot, worse, second({ id: 'c', fleetHazard: 0.01 }))).to.match(/this is still the best$/);
    expect(of(hot, worse, second({ id: 'c', heat: 0.5, fleetHazard: 0.01 }))).to.match(/more often$/);
  });
});
