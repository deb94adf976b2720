import { expect } from 'chai';
import { answerOf, rankedCandidate } from '../../../src/decision/answer.ts';
import type { Ranked } from '../../../src/decision/decision-context.ts';
import type { Drop, DropReason } from '../../../src/decision/decision.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import { now, spotPool } from './known-market.ts';
import { oneRanked } from './one-candidate.ts';

const rest = { untilMs: now + 1, evidence: 'asked for 3, 0 came' };
const drop = (id: string, reason: DropReason): Drop =>
  ({ id, layer: 'optimizer', reason, sentence: 's', facts: {} }) as never;
const tolerant = (equalSetTolerance: number) => ({ ...defaultPolicy, equalSetTolerance });

describe('the answer', () => {
  const ids = (tolerance: number, ...candidates: readonly Partial<Ranked>[]) =>
    answerOf(
      { candidates: candidates.map((part, index) => oneRanked({ id: `${index}`, ...part })), drops: [] },
      tolerant(tolerance),
    ).ids;

  it('is the first, alone, however close the others are', () => {
    expect(ids(0, {}, {}, {})).to.deep.equal(['0']);
    expect(ids(NaN, {}, {})).to.deep.equal(['0']);
  });

  it('with a tolerance is all that score no more than it below the first', () => {
    expect(ids(2, { score: 50 }, { score: 48 }, { score: 47.9 })).to.deep.equal(['0', '1']);
  });

  it('holds equal only what is no hotter, and rests as the first does', () => {
    expect(ids(2, { heat: 0.1 }, { heat: 0.1 }, { heat: 0.2 }, { heat: 0 })).to.deep.equal(['0', '1', '3']);
    expect(ids(2, {}, { cooldown: rest })).to.deep.equal(['0']);
    expect(ids(2, { cooldown: rest }, { cooldown: rest }, {})).to.deep.equal(['0', '1']);
  });

  it('with nothing ranked is what nothing is known about, before what is rejected', () => {
    const drops = [
      drop('a', 'too-small'),
      drop('b', 'no-price'),
      drop('c', 'no-size'),
      drop('b', 'no-price'),
    ];
    expect(answerOf({ candidates: [], drops }, defaultPolicy)).to.deep.equal({
      ids: ['b', 'c'],
      basis: 'nothing-known',
    });
  });

  it('with all rejected is all of them, or none where the policy is to block', () => {
    const drops = [drop('a', 'too-small'), drop('b', 'interrupt-rate'), drop('a', 'duplicate')];
    const block = { ...defaultPolicy, onAllRejected: 'block' as const };
    expect(answerOf({ candidates: [], drops }, defaultPolicy)).to.deep.equal({
      ids: ['a', 'b'],
      basis: 'all-rejected',
    });
    expect(answerOf({ candidates: [], drops }, block)).to.deep.equal({ ids: [], basis: 'blocked' });
    expect(answerOf({ candidates: [], drops: [] }, block)).to.deep.equal({ ids: [], basis: 'all-rejected' });
    expect(answerOf({ candidates: [oneRanked()], drops }, block).basis).to.equal('ranking');
  });
});

describe('a ranked candidate', () => {
  const sentence = (part: Partial<Ranked> = {}, formula: 'classic' | 'expected-cost' = 'expected-cost') =>
    rankedCandidate(oneRanked(part), formula).sentence;
  const usual =
    '1 node at 0.0300 USD an hour; 10 % unused; 0.0200 for a unit of what is asked; crash probability 0.40, expected 2.0 % (family-stress); yield 50.0';

  it('is told in a sentence with everything that its place rests on', () => {
    expect(sentence()).to.equal(usual);
    expect(sentence({ nodeCount: 3 })).to.match(/^3 nodes at /);
    expect(sentence({ price: { perHour: 0.03, source: 'assumed' } })).to.match(
      /^1 node at 0\.0300 USD an hour \(assumed\); /,
    );
    expect(sentence({}, 'classic')).to.include('; 0.0200 with what is unused; ');
  });

  it('of on-demand has no Spot risk, and no hazard of the fleet', () => {
    const onDemand = { ...oneRanked().risk, source: 'on-demand' } as const;
    expect(sentence({ risk: onDemand, fleetHazard: 0 })).to.match(/; on-demand, no Spot risk; yield 50\.0$/);
  });

  const additions: readonly (readonly [story: string, part: Partial<Ranked>, addition: string])[] = [
    ["the fleet's record", { fleetHazard: 0.002 }, 'the fleet expects 2 interruptions in 1,000 node-hours'],
    [
      'its band',
      { evidence: { ...oneRanked().evidence, source: 'band', perHour: 0.00015 } },
      'its band expects 0.15 interruptions in 1,000 node-hours',
    ],
    ['what could go at once', { shareAtOnce: 0.005 }, '0.50 % of the fleet could go at once'],
    [
      'why a filter gave way',
      { readmitted: 'nothing safer is on offer' },
      're-admitted: nothing safer is on offer',
    ],
    [
      'a live signal',
      { heat: 0.5, signal: { kind: 'REBALANCE', atMs: now, expiresAtMs: now + 1, heat: 0.5 } },
      'hot 0.50 after REBALANCE',
    ],
    ["its class's rest", { cooldown: rest }, 'resting: asked for 3, 0 came'],
    ['whom it stands in for', { admittedFor: 'm5.large@a' }, 'admitted as a larger type for m5.large@a'],
    [
      'what the operator wishes',
      { wishes: { rank: 1, weight: 2, priceFactor: 0.9, minShare: 0.1, maxShare: 0.5, preferZone: 'a' } },
      'as configured: rank 1, weight 2, price × 0.9, at least 10 % of the nodes, at most 50 % of the nodes, rather in a',
    ],
  ];
  for (const [story, part, addition] of additions)
    it(`tells ${story}`, () => {
      expect(sentence(part)).to.equal(`${usual}; ${addition}`);
    });

  it("tells the fleet's record rather than its band, and leaves out what is too little to matter", () => {
    const both = { fleetHazard: 0.002, evidence: { ...oneRanked().evidence, source: 'band' } } as const;
    expect(sentence(both)).to.not.include('its band');
    expect(sentence({ shareAtOnce: 0.0049, wishes: {} })).to.equal(usual);
    expect(sentence({ wishes: { rank: 2 } })).to.match(/; as configured: rank 2$/);
    expect(sentence({ wishes: { maxShare: 0.5 } })).to.match(/; as configured: at most 50 % of the nodes$/);
  });

  it('is told to programs with its numbers, and with what is absent left out', () => {
    const told = rankedCandidate(oneRanked({ pools: [spotPool('m5.large@a')] }), 'expected-cost');
    expect(told).to.include({
      id: 'a',
      instanceType: 'm5.large',
      zone: 'a',
      pricePerHour: 0.03,
      priceSource: 'spot',
      wastePerHour: 0.003,
      tco: 0.02,
      crashProbability: 0.4,
      expectedFrequency: 0.02,
      shareAtOnce: 0,
      gateProbability: 0.3,
      evidenceSource: 'typical',
      isReadmitted: false,
      yield: 50,
      heat: 0,
      score: 50,
      sentence: usual,
    });
    expect(told).to.not.have.any.keys('affinity', 'spread', 'signal', 'cooldown');
    const signal = { kind: 'TERMINATION', atMs: now, expiresAtMs: now + 1, heat: 1 } as const;
    expect(
      rankedCandidate(
        oneRanked({ affinity: 0.5, spread: 0.25, signal, cooldown: rest, readmitted: 'r' }),
        'classic',
      ),
    ).to.deep.include({ affinity: 0.5, spread: 0.25, signal, cooldown: rest, isReadmitted: true });
  });
});
