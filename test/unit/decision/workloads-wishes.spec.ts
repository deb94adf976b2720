import { expect } from 'chai';
import type { LabelRequirement, PreferredNodeTerm } from '../../../src/decision/scale-up-request.ts';
import { wishCounter, wishKindsOf } from '../../../src/decision/wish-kinds.ts';
import { pod } from './known-market.ts';

const requirement = (part: Partial<LabelRequirement> = {}): LabelRequirement => ({
  key: 'tier',
  operator: 'In',
  values: ['gold', 'silver'],
  ...part,
});
const term = (...requirements: readonly LabelRequirement[]): PreferredNodeTerm => ({
  weight: 10,
  requirements,
});

/** By pod the place of its kind, −1 for none. */
function kindsOf(...wishes: readonly (readonly PreferredNodeTerm[])[]): readonly number[] {
  const pods = wishes.map((preferredNodeTerms) => pod(100, 1, { preferredNodeTerms }));
  return [...wishKindsOf(pods, ({ preferredNodeTerms }) => preferredNodeTerms).ofPod];
}

function spreadKindsOf(
  ...wishes: readonly (readonly (readonly [topologyKey: string, maxSkew: number])[])[]
): readonly number[] {
  const pods = wishes.map((each) =>
    pod(100, 1, { spreadPreferences: each.map(([topologyKey, maxSkew]) => ({ topologyKey, maxSkew })) }),
  );
  return [...wishKindsOf(pods, ({ spreadPreferences }) => spreadPreferences).ofPod];
}

describe('pods of one workload', () => {
  it('carry one kind of wishes, whichever objects these are; a pod without wishes carries none', () => {
    expect(kindsOf([term(requirement())], [], [term(requirement())])).to.deep.equal([0, -1, 0]);
    expect(kindsOf([], [])).to.deep.equal([-1, -1]);
  });

  const base = [term(requirement(), requirement({ key: 'disk' }))];
  const others: Readonly<Record<string, readonly PreferredNodeTerm[]>> = {
    'another weight': [{ ...base[0]!, weight: 11 }],
    'another key': [term(requirement(), requirement({ key: 'disc' }))],
    'another operator': [term(requirement(), requirement({ key: 'disk', operator: 'NotIn' }))],
    'another value': [term(requirement(), requirement({ key: 'disk', values: ['gold', 'bronze'] }))],
    'values in another order': [
      term(requirement(), requirement({ key: 'disk', values: ['silver', 'gold'] })),
    ],
    'a value less': [term(requirement(), requirement({ key: 'disk', values: ['gold'] }))],
    'a requirement less': [term(requirement())],
    'requirements in another order': [term(requirement({ key: 'disk' }), requirement())],
    'a term more': [...base, term(requirement({ key: 'third' }))],
    'texts cut elsewhere': [term(requirement(), requirement({ key: 'disk', values: ['golds', 'ilver'] }))],
  };
  for (const [story, wishes] of Object.entries(others))
    it(`are told from those that have ${story}`, () => {
      expect(kindsOf(base, wishes, base)).to.deep.equal([0, 1, 0]);
      expect(kindsOf(wishes, base, wishes)).to.deep.equal([0, 1, 0]);
    });

  it('that spread otherwise are another kind', () => {
    const one = [['zone', 1]] as const;
    expect(
      spreadKindsOf(one, [['rack', 1]], [['zone', 2]], [...one, ['rack', 1]], [['zone', 1]]),
    ).to.deep.equal([0, 1, 2, 3, 0]);
  });

  it('are counted for each candidate: how many wish anything, and how many of each kind, by the kinds’ places', () => {
    const [gold, disk] = [term(requirement()), term(requirement({ key: 'disk' }))];
    const pods = [[disk], [gold], [], [gold], [disk], [gold]].map((preferredNodeTerms) =>
      pod(100, 1, { preferredNodeTerms }),
    );
    const countsOf = wishCounter(wishKindsOf(pods, ({ preferredNodeTerms }) => preferredNodeTerms));
    expect(countsOf([1, 2, 3, 0])).to.deep.equal({ wishing: 3, kinds: [0, 1], counts: [1, 2] });
    expect(countsOf([5])).to.deep.equal({ wishing: 1, kinds: [1], counts: [1] });
    expect(countsOf([2])).to.deep.equal({ wishing: 0, kinds: [], counts: [] });
    expect(countsOf([])).to.deep.equal({ wishing: 0, kinds: [], counts: [] });
  });

  it('are counted once for all candidates that hold the same list of pods', () => {
    const pods = [pod(100, 1, { preferredNodeTerms: [term(requirement())] })];
    const countsOf = wishCounter(wishKindsOf(pods, ({ preferredNodeTerms }) => preferredNodeTerms));
    const list = [0];
    expect(countsOf(list)).to.equal(countsOf(list));
  });

  it('a place that is no pod wishes nothing', () => {
    const pods = [pod(100, 1, { preferredNodeTerms: [term(requirement())] })];
    const countsOf = wishCounter(wishKindsOf(pods, ({ preferredNodeTerms }) => preferredNodeTerms));
    expect(countsOf([0, 7])).to.deep.equal({ wishing: 1, kinds: [0], counts: [1] });
  });
});
