import { expect } from 'chai';
import type { Candidate } from '../../../src/decision/decision-context.ts';
import { preferencesOf } from '../../../src/decision/preferences.ts';
import type { LabelRequirement, PreferredNodeTerm } from '../../../src/decision/scale-up-request.ts';
import { pod, spotPool } from './known-market.ts';
import { oneCandidate } from './one-candidate.ts';

const zone = 'topology.kubernetes.io/zone';
const type = 'node.kubernetes.io/instance-type';

const within = (key: string, ...values: readonly string[]): LabelRequirement => ({
  key,
  operator: 'In',
  values,
});
const likes = (weight: number, ...requirements: readonly LabelRequirement[]): PreferredNodeTerm => ({
  weight,
  requirements,
});

const over = (...pools: readonly string[]): Partial<Candidate> => ({ pools: pools.map(spotPool) });
const labelled = (labels: Readonly<Record<string, string>>): Partial<Candidate> => ({ labels });

/** For one pod with these terms, of each candidate. */
function degrees(
  terms: readonly PreferredNodeTerm[],
  ...candidates: readonly Partial<Candidate>[]
): readonly (number | undefined)[] {
  const each = candidates.map((part, index) => oneCandidate({ id: `${index}`, pods: [0], ...part }));
  const { affinityOf } = preferencesOf(
    { pods: [pod(100, 1, { preferredNodeTerms: terms })], domains: () => undefined },
    each,
    undefined,
  );
  return each.map((candidate) => affinityOf(candidate)?.degree);
}

describe('how far a group meets a preference', () => {
  it('of its nodes’ labels is all or nothing', () => {
    expect(
      degrees([likes(10, within('disk', 'nvme'))], labelled({ disk: 'nvme' }), labelled({ disk: 'hdd' }), {}),
    ).to.deep.equal([1, 0, 0]);
  });

  it('of several labels at once needs all of them', () => {
    const both = [likes(10, within('disk', 'nvme'), within('tier', 'gold'))];
    expect(
      degrees(
        both,
        labelled({ disk: 'nvme', tier: 'gold' }),
        labelled({ disk: 'nvme' }),
        labelled({ tier: 'gold' }),
      ),
    ).to.deep.equal([1, 0, 0]);
  });

  it('is judged of each group by itself, whatever the one before it carried', () => {
    const gold = [likes(10, within('tier', 'gold'))];
    expect(degrees(gold, labelled({ tier: 'gold' }), {}, labelled({ tier: 'gold' }))).to.deep.equal([
      1, 0, 1,
    ]);
  });

  it('of a zone is the share of its pools there', () => {
    expect(
      degrees(
        [likes(10, within(zone, 'b'))],
        over('m5.large@a', 'm5.large@b', 'c5.large@b', 'r5.large@b'),
        over('m5.large@a', 'c5.large@a'),
      ),
    ).to.deep.equal([3 / 4, 0]);
  });

  it('of a type is the share of its pools of it', () => {
    expect(
      degrees([likes(10, within(type, 'm5.large'))], over('m5.large@a', 'm5.large@b', 'c5.large@b')),
    ).to.deep.equal([2 / 3]);
  });

  it('of a zone and a type at once is the share of its pools that are both', () => {
    expect(
      degrees(
        [likes(10, within(zone, 'b'), within(type, 'm5.large', 'r5.large'))],
        over('m5.large@a', 'm5.large@b', 'c5.large@b', 'r5.large@b', 'r5.large@a'),
        over('m5.large@a', 'c5.large@b'),
        over('c5.large@b', 'm5.large@b'),
      ),
    ).to.deep.equal([2 / 5, 0, 1 / 2]);
  });

  it('of a label and a zone needs the label everywhere, and counts the pools', () => {
    const wish = [likes(10, within('disk', 'nvme'), within(zone, 'b'))];
    const pools = over('m5.large@a', 'm5.large@b');
    expect(degrees(wish, { ...pools, ...labelled({ disk: 'nvme' }) }, pools)).to.deep.equal([1 / 2, 0]);
  });

  it('with one pool goes by what its node’s labels say of zone and type', () => {
    const wish = [likes(10, within(zone, 'b'), within(type, 'm5.large'))];
    expect(
      degrees(
        wish,
        { ...over('m5.large@b'), ...labelled({ [zone]: 'b', [type]: 'm5.large' }) },
        { ...over('m5.large@b'), ...labelled({ [zone]: 'b' }) },
        over('m5.large@b'),
      ),
    ).to.deep.equal([1, 0, 0]);
  });

  it('with several pools goes by the pools, not by the label of the one that its template shows', () => {
    expect(
      degrees([likes(10, within(zone, 'b'))], {
        ...over('m5.large@a', 'm5.large@b'),
        ...labelled({ [zone]: 'b' }),
      }),
    ).to.deep.equal([1 / 2]);
  });

  it('is told apart for groups of the same zones and types in other pairs', () => {
    expect(
      degrees(
        [likes(10, within(zone, 'a'), within(type, 'm5.large'))],
        over('m5.large@a', 'c5.large@b'),
        over('c5.large@a', 'm5.large@b'),
      ),
    ).to.deep.equal([1 / 2, 0]);
  });

  it('is the met share of the weights from 1 to 100; others weigh nothing', () => {
    const gold = within('tier', 'gold');
    const silver = within('tier', 'silver');
    const golden = labelled({ tier: 'gold' });
    expect(degrees([likes(1, gold), likes(99, silver)], golden)).to.deep.equal([0.01]);
    expect(degrees([likes(100, gold), likes(100, silver)], golden)).to.deep.equal([0.5]);
    expect(
      degrees([likes(50, gold), likes(0, silver), likes(101, silver), likes(-9, silver)], golden),
    ).to.deep.equal([1]);
    expect(degrees([likes(0, gold)], golden)).to.deep.equal([0]);
  });

  it('is the mean over the pods that prefer anything, of those that the group would hold', () => {
    const pods = [
      pod(100, 1, { preferredNodeTerms: [likes(10, within('tier', 'gold'))] }),
      pod(100, 1, { preferredNodeTerms: [likes(10, within('tier', 'silver'))] }),
      pod(100, 1),
    ];
    const candidates = [
      oneCandidate({ id: 'a', pods: [0, 0, 1, 2], labels: { tier: 'gold' } }),
      oneCandidate({ id: 'b', pods: [1, 2], labels: { tier: 'gold' } }),
      oneCandidate({ id: 'c', pods: [2], labels: { tier: 'gold' } }),
    ];
    const { affinityOf, leftOut } = preferencesOf({ pods, domains: () => undefined }, candidates, undefined);
    expect(candidates.map(affinityOf)).to.deep.equal([
      { degree: 2 / 3, share: 3 / 4 },
      { degree: 0, share: 1 / 2 },
      undefined,
    ]);
    expect(leftOut).to.equal(undefined);
  });

  it('counts for nobody where judging takes more steps than there are, and a sentence says so', () => {
    const pods = [pod(100, 1, { preferredNodeTerms: [likes(10, within('tier', 'gold'))] })];
    const candidates = [1, 2].map((index) =>
      oneCandidate({ id: `${index}`, pods: [0], labels: { tier: `${index}` } }),
    );
    // Each group is a step for the term, and one for its label.
    const judged = (steps: number) =>
      preferencesOf({ pods, domains: () => undefined }, candidates, undefined, steps);
    expect(judged(4).leftOut).to.equal(undefined);
    expect(judged(4).affinityOf(candidates[0]!)).to.deep.equal({ degree: 0, share: 1 });
    expect(judged(3).leftOut).to.equal(
      'preferences of pods are left out: 2 groups and what 1 pods would like take more than 3 comparisons',
    );
    expect(candidates.map(judged(3).affinityOf)).to.deep.equal([undefined, undefined]);
  });

  it('takes a step for each pair of a zone and a type where both are asked for', () => {
    const pods = [
      pod(100, 1, { preferredNodeTerms: [likes(10, within(zone, 'a'), within(type, 'm5.large'))] }),
    ];
    const candidates = [oneCandidate({ pods: [0], ...over('m5.large@a', 'm5.large@b', 'c5.large@c') })];
    const isLeftOut = (steps: number) =>
      preferencesOf({ pods, domains: () => undefined }, candidates, undefined, steps).leftOut !== undefined;
    // One, and three zones times two types.
    expect([7, 6].map(isLeftOut)).to.deep.equal([false, true]);
  });
});
