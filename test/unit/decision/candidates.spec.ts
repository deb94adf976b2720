import { expect } from 'chai';
import { withBoundedPools } from '../../../src/decision/bounded-pools.ts';
import { pacedKnowledge } from '../../../src/decision/paced-knowledge.ts';
import { groupCandidates, groupOfPool } from '../../../src/decision/pool-candidates.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { GroupQuestion } from '../../../src/decision/questions.ts';
import {
  scaleUpCandidates,
  soundNodeCount,
  soundResources,
} from '../../../src/decision/scale-up-candidates.ts';
import type { NodeTemplate, PendingPod } from '../../../src/decision/scale-up-request.ts';
import { gib, knownMarket, onDemandPool, pod, scaleUp, spotPool, type GroupShown } from './known-market.ts';
import { oneCandidate } from './one-candidate.ts';

const shown = (pods: readonly number[], more: Partial<GroupShown> = {}): GroupShown => ({
  ...{ type: 'm5.large', zone: 'ap-south-1a', capacityType: 'SPOT', nodeCount: 1, pods },
  ...more,
});

function candidates(
  groups: Readonly<Record<string, GroupShown>>,
  pods: readonly PendingPod[],
  change: (template: NodeTemplate) => NodeTemplate | undefined = (template) => template,
) {
  const request = scaleUp(groups, pods);
  const nodes = new Map(
    [...request.nodes].flatMap(([id, template]) => {
      const changed = change(template);
      return changed === undefined ? [] : [[id, changed] as const];
    }),
  );
  return scaleUpCandidates({ ...request, nodes }, knownMarket({}));
}

describe('an amount that is not one', () => {
  it('of nodes is one, a whole number up to a million', () => {
    expect([1, 2.9, 1e6, 2e6, 0.5, 0, -3, NaN, Infinity].map(soundNodeCount)).to.deep.equal([
      ...[1, 2, 1e6, 1e6, 1, 1, 1, 1, 1e6],
    ]);
  });

  it('of a resource is none', () => {
    const sound = (value: number) => soundResources({ cpuMilli: value, memoryBytes: 5, gpus: 0 });
    expect(sound(-1)).to.deep.equal({ cpuMilli: 0, memoryBytes: 5, gpus: 0 });
    expect(sound(NaN).cpuMilli).to.equal(0);
    expect(sound(Number.MAX_SAFE_INTEGER).cpuMilli).to.equal(Number.MAX_SAFE_INTEGER);
    expect(sound(Infinity).cpuMilli).to.equal(0);
    expect(soundResources({ cpuMilli: 1, memoryBytes: NaN, gpus: -1 })).to.deep.equal({
      ...{ cpuMilli: 1, memoryBytes: 0, gpus: 0 },
    });
  });
});

describe('the candidates of a scale-up', () => {
  const pods = [pod(500, 1), pod(1500, 3)];

  it('ask for the sum of their pods, and serve their share of all that waits', () => {
    const [all, one] = candidates({ all: shown([0, 1]), one: shown([0]) }, pods).candidates;
    expect(all?.demand?.resources).to.deep.equal({ cpuMilli: 2000, memoryBytes: 4 * gib, gpus: 0 });
    expect(all?.demand?.units).to.be.closeTo(2.4, 1e-12);
    expect(all?.coverage).to.equal(1);
    expect(one?.coverage).to.be.closeTo(0.6 / 2.4, 1e-12);
  });

  it('serve no more than all where a pod is told twice', () => {
    expect(candidates({ all: shown([0, 1, 1, 1]) }, pods).candidates[0]?.coverage).to.equal(1);
  });

  it('whose pods could not be read serve what the others serve on average, and all where none could', () => {
    const coverage = (groups: Readonly<Record<string, GroupShown>>) =>
      candidates(groups, pods).candidates.map((each) => Number(each.coverage.toFixed(6)));
    expect(
      coverage({ all: shown([0, 1]), one: shown([0]), none: shown([]), lost: shown([7]) }),
    ).to.deep.equal([...[1, 0.25, 0.625, 0.625]]);
    expect(coverage({ none: shown([]) })).to.deep.equal([1]);
    expect(candidates({ none: shown([]) }, pods).candidates[0]?.demand).to.equal(undefined);
  });

  it('are each asked about once', () => {
    const request = scaleUp({ a: shown([0]) }, pods);
    const twice = { ...request, options: [...request.options, ...request.options] };
    const { candidates: once, drops } = scaleUpCandidates(twice, knownMarket({}));
    expect(once.map(({ id }) => id)).to.deep.equal(['a']);
    expect(drops.map(({ id, layer, reason, sentence }) => [id, layer, reason, sentence])).to.deep.equal([
      ['a', 'input', 'duplicate', 'a is in the request more than once'],
    ]);
  });

  it('are of the labels’ system and architecture, else of the type’s', () => {
    const [told, typed, unknown] = candidates(
      {
        told: shown([0], { labels: { 'kubernetes.io/arch': 'arm64', 'kubernetes.io/os': 'windows' } }),
        typed: shown([0]),
        unknown: shown([0], { type: 'x9.large' }),
      },
      pods,
    ).candidates;
    expect([told?.architecture, typed?.architecture, unknown?.architecture]).to.deep.equal([
      ...['arm64', 'x86_64', 'unknown'],
    ]);
    expect([told?.operatingSystem, typed?.operatingSystem]).to.deep.equal(['windows', 'linux']);
  });

  describe('are of the size that', () => {
    const allocatable = { cpuMilli: 1900, memoryBytes: 7 * gib, gpus: 0 };
    const capacity = { cpuMilli: 2000, memoryBytes: 8 * gib, gpus: 0 };
    const size = (template: Partial<NodeTemplate> | undefined, type = 'm5.large') =>
      candidates({ a: shown([0], { type }) }, pods, (node) =>
        template === undefined ? undefined : { ...node, allocatable, capacity, ...template },
      ).candidates[0]?.nodeSize;

    it('the template leaves to pods, else that it has, else that of the type', () => {
      const none = { cpuMilli: 0, memoryBytes: 0, gpus: 0 };
      expect(size({})).to.deep.equal(allocatable);
      expect(size({ allocatable: none })).to.deep.equal(capacity);
      expect(size({ allocatable: { ...allocatable, memoryBytes: 0 } })).to.deep.equal(capacity);
      expect(size({ allocatable: { ...allocatable, cpuMilli: 0.9 } })).to.deep.equal(capacity);
      expect(size({ allocatable: { ...allocatable, cpuMilli: 1 } })).to.deep.equal({
        ...allocatable,
        cpuMilli: 1,
      });
      expect(size({ allocatable: none, capacity: none })).to.deep.equal(capacity);
      expect(size({ allocatable: none, capacity: none }, 'x9.large')).to.equal(undefined);
      expect(size(undefined)).to.equal(undefined);
    });

    it('has the type’s GPUs where the template was made before the driver ran', () => {
      expect(size({}, 'g4dn.xlarge')).to.deep.equal({ ...allocatable, gpus: 1 });
      expect(size({ allocatable: { ...allocatable, gpus: 2 } }, 'g4dn.xlarge')?.gpus).to.equal(2);
    });
  });

  it('without a template are known by their id alone', () => {
    const [alone] = candidates({ a: shown([0]) }, pods, () => undefined).candidates;
    expect(alone).to.deep.include({ id: 'a', pools: [], labels: {}, capacityType: 'unknown', nodeCount: 1 });
  });
});

describe('the candidates of groups given by hand', () => {
  const m5 = spotPool('m5.large@a');
  const group = (part: Partial<GroupQuestion> = {}): GroupQuestion => ({
    ...{ id: 'g', pools: [m5], capacityType: 'spot', onDemandShare: 0 },
    ...part,
  });
  const demand = (vcpus: number, gibs: number) => ({
    cpuMilli: vcpus * 1000,
    memoryBytes: gibs * gib,
    gpus: 0,
  });
  const of = (...questions: readonly GroupQuestion[]) =>
    groupCandidates(questions, knownMarket({}), defaultPolicy).candidates;

  it('of a pool bear its name, with the capacity type behind it where that is not Spot', () => {
    expect(groupOfPool({ pool: m5 })).to.include({
      id: 'm5.large@a',
      capacityType: 'spot',
      onDemandShare: 0,
    });
    expect(groupOfPool({ pool: onDemandPool('m5.large@a'), nodeCount: 2 })).to.include({
      ...{ id: 'm5.large@a/on-demand', onDemandShare: 1, nodeCount: 2 },
    });
    expect(groupOfPool({ pool: { ...m5, capacityType: 'unknown' } })).to.include({
      ...{ id: 'm5.large@a/unknown', onDemandShare: 0 },
    });
  });

  it('are as many nodes as the demand needs, or as are asked for', () => {
    expect(of(group({ demand: demand(5, 8) }))[0]).to.include({ nodeCount: 3 });
    expect(of(group({ demand: demand(5, 8), nodeCount: 7 }))[0]).to.include({ nodeCount: 7 });
    expect(of(group({ demand: demand(5, 8), pools: [spotPool('x9.large@a')] }))[0]).to.include({
      ...{ nodeCount: 1, nodeSize: undefined, architecture: 'unknown' },
    });
  });

  it('without a demand, or with next to none, are wholly used', () => {
    const whole = { resources: demand(4, 16), units: 5.6 };
    expect(of(group({ nodeCount: 2 }))[0]?.demand).to.deep.equal(whole);
    expect(of(group({ nodeCount: 2, demand: { ...demand(0, 0), cpuMilli: 0.9 } }))[0]?.demand).to.deep.equal(
      whole,
    );
    expect(of(group({ demand: { ...demand(0, 0), cpuMilli: 1 } }))[0]?.demand).to.deep.equal({
      ...{ resources: { ...demand(0, 0), cpuMilli: 1 }, units: 0.001 },
    });
    expect(of(group({ pools: [] }))[0]?.demand).to.equal(undefined);
  });

  it('have the share, the wishes and the pools that are told', () => {
    expect(of(group({ onDemandShare: 0.3, wishes: { rank: 1 } }))[0]).to.deep.include({
      ...{ onDemandShare: 0.3, wishes: { rank: 1 }, pools: [m5], coverage: 1, operatingSystem: 'linux' },
    });
    expect(of(group({ onDemandShare: 3 }))[0]).to.include({ onDemandShare: 0 });
    expect(of(group())[0]).to.not.have.property('wishes');
  });

  it('are each asked about once', () => {
    const { candidates: once, drops } = groupCandidates([group(), group()], knownMarket({}), defaultPolicy);
    expect(once).to.have.length(1);
    expect(drops.map(({ layer, reason, sentence }) => [layer, reason, sentence])).to.deep.equal([
      ['input', 'duplicate', 'g is asked about more than once'],
    ]);
  });

  describe('with larger types beside them', () => {
    const prices = Object.fromEntries(
      ['c5.large', 'c5.xlarge', 'c5.2xlarge'].map((type) => [type, { spotPerHour: 0.03 }]),
    );
    const question = groupOfPool({ pool: spotPool('c5.large@a'), demand: demand(5, 8) });
    const ids = (questions: readonly GroupQuestion[], policy = defaultPolicy) =>
      groupCandidates(questions, knownMarket({ prices }), policy).candidates.map(
        ({ id, admittedFor, nodeCount }) => [id, admittedFor, nodeCount],
      );

    it('offer each of them for the same demand', () => {
      expect(ids([question])).to.deep.equal([
        ['c5.large@a', undefined, 3],
        ['c5.xlarge@a', 'c5.large@a', 2],
        ['c5.2xlarge@a', 'c5.large@a', 1],
      ]);
    });

    it('leave what was asked about as it was asked', () => {
      const xlarge = groupOfPool({ pool: spotPool('c5.xlarge@a') });
      expect(ids([question, xlarge]).slice(0, 3)).to.deep.equal([
        ['c5.large@a', undefined, 3],
        ['c5.xlarge@a', undefined, 1],
        ['c5.2xlarge@a', 'c5.large@a', 1],
      ]);
    });

    it('offer none for groups of several pools, of unknown size, or where that is switched off', () => {
      expect(ids([{ ...question, pools: [...question.pools, m5] }])).to.have.length(1);
      expect(ids([group({ pools: [] })])).to.have.length(1);
      const off = { ...defaultPolicy, switches: { ...defaultPolicy.switches, rightSizing: false } };
      expect(ids([question], off)).to.have.length(1);
    });
  });
});

describe('more pools than can be looked up', () => {
  const wide = (id: string, pools: number) =>
    oneCandidate({ id, pools: Array.from({ length: pools }, (_, index) => spotPool(`t${index}@a`)) });
  const bounded = (most: number, ...all: readonly ReturnType<typeof wide>[]) => {
    const told: string[] = [];
    const { candidates: left } = withBoundedPools(
      { candidates: all, drops: [] },
      (each) => told.push(each),
      most,
    );
    return { left: left.map(({ pools }) => pools.length), told };
  };

  it('are cut to as many for each group as leave all of them the same room', () => {
    expect(bounded(6, wide('a', 5), wide('b', 2), wide('c', 1))).to.deep.equal({
      left: [2, 2, 1],
      told: ['pools are left out: 3 groups have 8 of them, and each group is judged by its first 2'],
    });
    expect(bounded(1, wide('a', 5), wide('b', 2)).left).to.deep.equal([1, 1]);
  });

  it('are none up to the bound', () => {
    expect(bounded(8, wide('a', 5), wide('b', 3))).to.deep.equal({ left: [5, 3], told: [] });
  });
});

describe('knowledge that is asked again and again', () => {
  it('lets the asker breathe every 512 look-ups, whichever they are', () => {
    let breaths = 0;
    const paced = pacedKnowledge(knownMarket({ hazards: { 'm5.large': 0.1 } }), () => (breaths += 1));
    const pool = spotPool('m5.large@a');
    const looks = [
      () => paced.instanceType('m5.large'),
      () => paced.advisorBand(pool),
      () => paced.prices(pool),
      () => paced.risk(pool),
      () => paced.signal(pool),
      () => paced.hazard?.(pool),
      () => paced.groupFacts('g', {}),
      () => paced.cooldown(pool),
    ];
    for (let round = 0; round < 64; round += 1) {
      expect(breaths).to.equal(0);
      for (const look of looks) look();
    }
    expect(breaths).to.equal(1);
    expect(paced.hazard?.(pool)).to.equal(0.1);
    expect(paced.instanceType('m5.large')?.vcpu).to.equal(2);
    expect(pacedKnowledge(knownMarket({}), () => undefined)).to.not.have.property('hazard');
  });
});
