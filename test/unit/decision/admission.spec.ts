import { expect } from 'chai';
import { admitted, forcedOnDemand } from '../../../src/decision/admission.ts';
import type { LayerObjection, Ranked } from '../../../src/decision/decision-context.ts';
import type { Drop } from '../../../src/decision/decision.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import { now } from './known-market.ts';
import { oneRanked } from './one-candidate.ts';

const objection: LayerObjection = { layer: 'static', reason: 'interrupt-rate', sentence: 'too often' };
const risky: LayerObjection = { layer: 'optimizer', reason: 'crash-probability', sentence: 'too risky' };
const rest = { untilMs: now + 1, evidence: 'e' };
const refused = (id: string, part: Partial<Ranked> = {}) => oneRanked({ id, objection, ...part });
const passing = (id: string, part: Partial<Ranked> = {}) => oneRanked({ id, ...part });

function layer(
  candidates: readonly Ranked[],
  onAllRejected: 'all' | 'block' = 'all',
  drops: readonly Drop[] = [],
) {
  const { candidates: left, drops: all } = admitted(
    { candidates, drops },
    { ...defaultPolicy, onAllRejected },
  );
  return {
    left: left.map(({ id, readmitted }) => (readmitted === undefined ? id : `${id}: ${readmitted}`)),
    drops: all.map(({ id, reason }) => `${id}: ${reason}`),
  };
}

describe('what a filter objects to', () => {
  it('goes where a candidate that all filters let pass is ahead of it', () => {
    expect(layer([passing('a'), refused('b'), passing('c'), refused('d')])).to.deep.equal({
      ...{ left: ['a', 'c'], drops: ['b: interrupt-rate', 'd: interrupt-rate'] },
    });
  });

  it('stays ahead of those, with what safety would cost: 25 % more', () => {
    expect(
      layer([refused('a', { tco: 0.02 }), passing('b', { tco: 0.03 }), passing('c', { tco: 0.025 })]),
    ).to.deep.equal({ left: ['a: what is safer costs 25 % more', 'b', 'c'], drops: [] });
  });

  it('stays where what is safer rests, or ranks behind for other reasons than its cost', () => {
    const cheap = { tco: 0.01 };
    expect(layer([refused('a'), passing('b', { ...cheap, cooldown: rest })]).left).to.deep.equal([
      'a: what is safer rests',
      'b',
    ]);
    expect(layer([refused('a'), passing('b', cheap), passing('c', { cooldown: rest })]).left[0]).to.equal(
      'a: what is safer ranks behind it for other reasons',
    );
    expect(layer([refused('a'), passing('b', { tco: 0.02 })]).left[0]).to.equal(
      'a: what is safer ranks behind it for other reasons',
    );
  });

  it('stays where nothing safer is on offer, in its order', () => {
    expect(layer([refused('a'), refused('b')]).left).to.deep.equal([
      'a: nothing safer is on offer',
      'b: nothing safer is on offer',
    ]);
  });

  it('goes all the same under a policy that blocks, but only where everything is objected to', () => {
    expect(layer([refused('a'), refused('b')], 'block')).to.deep.equal({
      ...{ left: [], drops: ['a: interrupt-rate', 'b: interrupt-rate'] },
    });
    expect(layer([refused('a'), passing('b')], 'block').left).to.have.length(2);
  });

  it('changes nothing where there is nothing of it', () => {
    const context = { candidates: [passing('a')], drops: [] };
    expect(admitted(context, defaultPolicy)).to.equal(context);
  });

  it('is told among the drops in the order of the layers', () => {
    const reactive: Drop = {
      id: 'x',
      layer: 'reactive',
      reason: 'hot-pool',
      sentence: 's',
      facts: {} as never,
    };
    expect(
      layer([passing('a'), refused('b', { objection: risky }), refused('c')], 'all', [reactive]).drops,
    ).to.deep.equal(['c: interrupt-rate', 'b: crash-probability', 'x: hot-pool']);
  });
});

describe('on-demand that is first only through a filter', () => {
  const onDemand = (part: Partial<Ranked> = {}) =>
    oneRanked({
      id: 'o',
      capacityType: 'on-demand',
      tco: 0.03,
      scoreUnfiltered: 40,
      price: { perHour: 0.1, source: 'on-demand' },
      ...part,
    });
  const forced = (best: Ranked, before: readonly Ranked[], drops: readonly Drop[] = []) =>
    forcedOnDemand({ candidates: [best], drops }, before);

  it('is told with the cheapest that it stands for, and by how much it is dearer', () => {
    expect(forced(onDemand(), [refused('a', { tco: 0.025 }), refused('b', { tco: 0.02 })])).to.deep.equal({
      ...{ id: 'o', insteadOf: 'b', dearerBy: 0.03 / 0.02 - 1 },
    });
    expect(
      forced(onDemand(), [refused('b', { tco: 0.02 }), refused('a', { tco: 0.025 })])?.insteadOf,
    ).to.equal('b');
  });

  const noCases: readonly (readonly [string, Partial<Ranked>])[] = [
    ['passes all filters', { objection: undefined }],
    ['is on-demand too', { capacityType: 'on-demand' }],
    ['rests', { cooldown: rest }],
    ['is hot', { heat: 0.1 }],
    ['would not be ahead of it', { scoreUnfiltered: 40 }],
    ['is no cheaper', { tco: 0.03 }],
  ];
  for (const [story, part] of noCases)
    it(`is not where what is left out ${story}`, () => {
      expect(forced(onDemand(), [refused('a', part)])).to.equal(undefined);
    });

  it('is not where Spot is first, or nothing', () => {
    expect(forced(passing('s'), [refused('a', { tco: 0.001 })])).to.equal(undefined);
    expect(forcedOnDemand({ candidates: [], drops: [] }, [])).to.equal(undefined);
  });

  describe('by the classic formula, which prices nothing that it drops', () => {
    const drop = (id: string, facts: object, reason: Drop['reason'] = 'interrupt-rate'): Drop =>
      ({
        id,
        layer: 'static',
        reason,
        sentence: 's',
        facts: { nodeCount: 2, spotPerHour: 0.04, ...facts },
      }) as never;

    it('is told by Spot prices of all nodes: 0.1 against 2 × 0.04', () => {
      const dearerBy = 0.1 / 0.08 - 1;
      expect(forced(onDemand(), [], [drop('a', {})])).to.deep.equal({ id: 'o', insteadOf: 'a', dearerBy });
      expect(forced(onDemand(), [], [drop('a', {}, 'crash-probability')])?.insteadOf).to.equal('a');
      expect(forced(onDemand({ nodeCount: 2 }), [], [drop('a', {})])?.dearerBy).to.be.closeTo(1.5, 1e-12);
    });

    it('names the cheapest, whatever their order', () => {
      const all = [drop('a', {}), drop('b', { spotPerHour: 0.02 }), drop('c', { spotPerHour: 0.03 })];
      expect(forced(onDemand(), [], all)?.insteadOf).to.equal('b');
      expect(forced(onDemand(), [], all.toReversed())?.insteadOf).to.equal('b');
    });

    it('is not by what was dropped for another reason, hot, without a price, or no cheaper', () => {
      for (const each of [
        drop('a', {}, 'too-small'),
        drop('a', { heat: 0 }),
        drop('a', { spotPerHour: undefined }),
        drop('a', { spotPerHour: 0.05 }),
      ])
        expect(forced(onDemand(), [], [each])).to.equal(undefined);
    });
  });
});
