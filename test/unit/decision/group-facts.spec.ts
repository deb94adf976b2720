import { expect } from 'chai';
import { groupPools } from '../../../src/decision/group-pools.ts';
import { groupFactsOf, mergedGroupFacts } from '../../../src/decision/group-rules.ts';
import type { GroupFacts } from '../../../src/decision/knowledge.ts';
import {
  architectureOf,
  instanceTypeOf,
  operatingSystemOf,
  regionOf,
  zoneOf,
} from '../../../src/decision/node-labels.ts';

const facts = (part: Partial<GroupFacts> = {}): GroupFacts => ({
  ...{ instanceTypes: [], zones: [], capacityType: 'unknown', onDemandShare: 0, source: 'configuration' },
  ...part,
});
const merged = (...sources: readonly (GroupFacts | undefined)[]) =>
  mergedGroupFacts(sources.map((each) => () => each))('g', {});

describe('facts of a group from several sources', () => {
  it('are none where no source knows the group, and the one source’s own where one does', () => {
    const only = facts();
    expect(merged(undefined, undefined)).to.equal(undefined);
    expect(merged(undefined, only)).to.equal(only);
  });

  it('are each from the first that tells it', () => {
    const weights = { 'm5.large': 2 };
    const wishes = { rank: 1 };
    expect(
      merged(
        facts({ zones: ['b'] }),
        facts({ instanceTypes: ['m5.large'], zones: ['c'], source: 'auto-scaling-group', weights, wishes }),
        facts({ instanceTypes: ['c5.large'], capacityType: 'spot', weights: {}, wishes: {} }),
      ),
    ).to.deep.equal(
      facts({ instanceTypes: ['m5.large'], zones: ['b'], capacityType: 'spot', weights, wishes }),
    );
  });

  it('stay unknown where no source tells', () => {
    expect(merged(facts(), facts({ source: 'auto-scaling-group' }))).to.deep.equal(facts());
  });

  const shares: readonly (readonly [string, GroupFacts, GroupFacts, number])[] = [
    [
      'the stronger one’s, beside its own kind',
      facts({ capacityType: 'spot', onDemandShare: 0.2 }),
      facts({ onDemandShare: 0.6 }),
      0.2,
    ],
    [
      'the weaker one’s where it refines Spot',
      facts({ capacityType: 'spot' }),
      facts({ onDemandShare: 0.6 }),
      0.6,
    ],
    ['none where it would contradict Spot', facts({ capacityType: 'spot' }), facts({ onDemandShare: 1 }), 0],
    [
      'none where it would contradict on-demand',
      facts({ capacityType: 'on-demand' }),
      facts({ onDemandShare: 0.6 }),
      0,
    ],
    [
      'the stronger one’s before the other’s kind',
      facts({ onDemandShare: 0.3 }),
      facts({ capacityType: 'on-demand' }),
      0.3,
    ],
    ['whoever tells it where nobody tells the kind', facts(), facts({ onDemandShare: 0.6 }), 0.6],
  ];
  for (const [story, one, other, share] of shares)
    it(`have the on-demand share that is ${story}`, () => {
      expect(merged(one, other)?.onDemandShare).to.equal(share);
    });

  it('carry an operator’s wishes from a description', () => {
    const described = groupFactsOf([
      {
        ...{ match: { id: 'g' }, instanceTypes: ['m5.large'], zones: ['a'], capacityType: undefined },
        ...{ onDemandShare: 0.5, wishes: { rank: 3 } },
      },
    ])('g', {});
    expect(described).to.deep.equal(
      facts({ instanceTypes: ['m5.large'], zones: ['a'], onDemandShare: 0.5, wishes: { rank: 3 } }),
    );
  });
});

describe('the pools of a group with facts', () => {
  const spotLabels = {
    'node.kubernetes.io/instance-type': 'm5.large',
    'topology.kubernetes.io/zone': 'ap-south-1a',
    'eks.amazonaws.com/capacityType': 'SPOT',
  };
  const pools = (given: GroupFacts | undefined, labels: Readonly<Record<string, string>> = spotLabels) =>
    groupPools('g', labels, () => given);

  it('are Spot with a share below 1, on-demand with the whole, and else what facts or labels tell', () => {
    const kind = (part: Partial<GroupFacts>, labels?: Readonly<Record<string, string>>) => {
      const { capacityType, onDemandShare } = pools(facts(part), labels);
      return [capacityType, onDemandShare];
    };
    expect(kind({ onDemandShare: 1, capacityType: 'spot' })).to.deep.equal(['on-demand', 1]);
    expect(kind({ onDemandShare: 0.4, capacityType: 'on-demand' })).to.deep.equal(['spot', 0.4]);
    expect(kind({})).to.deep.equal(['spot', 0]);
    expect(kind({ capacityType: 'on-demand' })).to.deep.equal(['on-demand', 1]);
    expect(kind({}, {})).to.deep.equal(['unknown', 0]);
  });

  it('count by weights beside the template’s type: an instance of 4 is two of 2', () => {
    const weights = { 'm5.large': 2, 'm5.xlarge': 4, 'c5.large': 1 };
    expect(pools(facts({ weights })).countsFor).to.deep.equal({
      'm5.large': 1,
      'm5.xlarge': 2,
      'c5.large': 0.5,
    });
    expect(pools(facts({ weights }), {}).countsFor).to.deep.equal(weights);
    expect(pools(facts({ weights: { 'c5.large': 3 } })).countsFor).to.deep.equal({ 'c5.large': 3 });
    expect(pools(facts())).to.not.have.any.keys('countsFor', 'wishes');
    expect(pools(facts({ wishes: { rank: 1 } })).wishes).to.deep.equal({ rank: 1 });
  });

  it('are the first 256 of a description that is a mistake', () => {
    const many = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    const wide = pools(facts({ instanceTypes: many(100, 't'), zones: many(3, 'z') })).pools;
    expect(wide).to.have.length(256);
    expect(wide.at(-1)).to.include({ instanceType: 't55', zone: 'z2' });
  });

  it('are none of a label that is empty', () => {
    expect(pools(undefined, { ...spotLabels, 'topology.kubernetes.io/zone': '' }).pools).to.deep.equal([]);
  });
});

describe("a node's labels", () => {
  it('tell type and zone, the current name before the old one', () => {
    const [type, oldType] = ['node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type'];
    const [zone, oldZone] = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];
    expect(instanceTypeOf({ [type]: 'a', [oldType]: 'b' })).to.equal('a');
    expect(instanceTypeOf({ [oldType]: 'b' })).to.equal('b');
    expect(zoneOf({ [zone]: 'a', [oldZone]: 'b' })).to.equal('a');
    expect(zoneOf({ [oldZone]: 'b' })).to.equal('b');
    expect([instanceTypeOf({}), zoneOf({})]).to.deep.equal([undefined, undefined]);
  });

  it('tell the region, else the zone does, else nothing', () => {
    const [region, old] = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region'];
    expect(regionOf({ [region]: 'a', [old]: 'b' }, 'ap-south-1a')).to.equal('a');
    expect(regionOf({ [old]: 'b' }, 'ap-south-1a')).to.equal('b');
    expect(regionOf({}, 'ap-south-1a')).to.equal('ap-south-1');
    expect(regionOf({}, 'rack 7')).to.equal('');
  });

  it('tell Windows; what is not told is Linux', () => {
    expect(operatingSystemOf({ 'kubernetes.io/os': 'Windows' })).to.equal('windows');
    expect(operatingSystemOf({ 'beta.kubernetes.io/os': 'windows' })).to.equal('windows');
    expect(operatingSystemOf({ 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'windows' })).to.equal(
      'linux',
    );
    expect(operatingSystemOf({})).to.equal('linux');
  });

  it('tell the architecture in both of its spellings', () => {
    const told = (name: string, label = 'kubernetes.io/arch') => architectureOf({ [label]: name });
    expect(
      ['amd64', 'x86_64', 'AMD64', 'arm64', 'aarch64', 'riscv64'].map((name) => told(name)),
    ).to.deep.equal([...['x86_64', 'x86_64', 'x86_64', 'arm64', 'arm64', 'unknown']]);
    expect(told('arm64', 'beta.kubernetes.io/arch')).to.equal('arm64');
    expect(architectureOf({})).to.equal('unknown');
  });
});
