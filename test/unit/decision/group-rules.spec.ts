import { expect } from 'chai';
import { groupPools } from '../../../src/decision/group-pools.ts';
import { groupFactsOf, mergedGroupFacts } from '../../../src/decision/group-rules.ts';
import type { GroupDescription } from '../../../src/decision/group-rules.ts';
import { capacityTypeOf } from '../../../src/decision/node-labels.ts';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import { fleetView } from '../../../src/decision/fleet-view.ts';
import type { GroupFacts, Knowledge } from '../../../src/decision/knowledge.ts';
import { knownMarket, modelRisk, now, pod, scaleUp } from './known-market.ts';

function description(part: Partial<GroupDescription>): GroupDescription {
  return { match: {}, instanceTypes: [], zones: [], capacityType: undefined, onDemandShare: 0, ...part };
}

const eks = 'eks.amazonaws.com/capacityType';

describe("a group's capacity type", () => {
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [{ [eks]: 'SPOT' }, 'spot'],
    [{ [eks]: 'ON_DEMAND' }, 'on-demand'],
    [{ 'karpenter.sh/capacity-type': 'spot' }, 'spot'],
    [{ 'karpenter.sh/capacity-type': 'on-demand' }, 'on-demand'],
    [{ 'node.kubernetes.io/lifecycle': 'spot' }, 'spot'],
    [{ 'node.kubernetes.io/lifecycle': 'normal' }, 'on-demand'],
    [{ 'node-role.kubernetes.io/spot-worker': 'true' }, 'spot'],
    [{ 'node-role.kubernetes.io/spot-worker': '' }, 'spot'],
    [{ 'node-role.kubernetes.io/spot-worker': 'false' }, 'unknown'],
    [{ lifecycle: 'Ec2Spot' }, 'spot'],
    [{ lifecycle: 'OnDemand' }, 'on-demand'],
    [{ [eks]: 'ON_DEMAND', lifecycle: 'Ec2Spot' }, 'on-demand'],
    [{ [eks]: 'CAPACITY_BLOCK' }, 'on-demand'],
    [{ [eks]: 'CAPACITY_BLOCK', lifecycle: 'Ec2Spot' }, 'on-demand'],
    [{ [eks]: 'A_LATER_WORD', lifecycle: 'Ec2Spot' }, 'spot'],
    [{ 'karpenter.sh/capacity-type': 'reserved' }, 'on-demand'],
    [{ 'aws.amazon.com/spot': 'true' }, 'spot'],
    [{ 'aws.amazon.com/spot': 'false' }, 'on-demand'],
    [{ 'node-lifecycle': 'spot' }, 'spot'],
    [{ 'node-lifecycle': 'on-demand' }, 'on-demand'],
    [{ 'kubernetes.io/lifecycle': 'spot' }, 'spot'],
    [{ 'spotinst.io/node-lifecycle': 'spot' }, 'spot'],
    [{ 'spotinst.io/node-lifecycle': 'od' }, 'on-demand'],
    [{ 'scheduling.cast.ai/spot': 'true' }, 'spot'],
    [{ 'cluster.x-k8s.io/interruptible': '' }, 'spot'],
    [{ 'machine.openshift.io/interruptible-instance': '' }, 'spot'],
    [{}, 'unknown'],
    [{ lifecycle: 'Spotty' }, 'unknown'],
  ];
  for (const [labels, capacityType] of cases)
    it(`is ${capacityType} by ${JSON.stringify(labels)}`, () => {
      expect(capacityTypeOf(labels)).to.equal(capacityType);
    });
});

describe("an operator's descriptions", () => {
  it('match by id and by labels, the first that matches counting', () => {
    const facts = groupFactsOf([
      description({ match: { id: '^batch-' }, capacityType: 'spot' }),
      description({ match: { labels: { team: 'data' } }, capacityType: 'on-demand' }),
      description({ match: { id: 'x$', labels: { team: 'web' } }, zones: ['ap-south-1c'] }),
    ]);
    expect(facts('batch-1', { team: 'data' })?.capacityType).to.equal('spot');
    expect(facts('my-batch-1', { team: 'data' })?.capacityType).to.equal('on-demand');
    expect(facts('x', { team: 'web' })?.zones).to.deep.equal(['ap-south-1c']);
    expect(facts('x', { team: 'ops' })).to.equal(undefined);
    expect(facts('y', { team: 'web' })).to.equal(undefined);
  });

  it('match nothing when they say nothing to match', () => {
    expect(groupFactsOf([description({})])('a', {})).to.equal(undefined);
  });

  it('find the same however often they are asked', () => {
    const facts = groupFactsOf([description({ match: { id: 'a' }, capacityType: 'spot' })]);
    expect([1, 2, 3].map(() => facts('a', {})?.capacityType)).to.deep.equal(['spot', 'spot', 'spot']);
  });

  it('are refused when an expression does not compile', () => {
    expect(() => groupFactsOf([description({ match: { id: '(' } })])).to.throw(SyntaxError);
  });

  it('leave to the Auto Scaling group what they do not tell', () => {
    const group: GroupFacts = {
      instanceTypes: ['c5.large', 'm5.large'],
      zones: ['ap-south-1a', 'ap-south-1b'],
      capacityType: 'on-demand',
      onDemandShare: 0.3,
      source: 'auto-scaling-group',
    };
    const facts = mergedGroupFacts([
      groupFactsOf([description({ match: { id: 'a' }, capacityType: 'spot' })]),
      () => group,
    ]);
    expect(facts('a', {})).to.deep.equal({ ...group, capacityType: 'spot', source: 'configuration' });
    expect(facts('b', {})).to.deep.equal(group);
  });

  for (const [configured, share, merged] of [
    ['on-demand', 0.3, 0],
    ['spot', 1, 0],
    ['spot', 0.3, 0.3],
    [undefined, 1, 1],
  ] as const) {
    it(`configured as ${configured ?? 'nothing'} over an Auto Scaling group with share ${share} has share ${merged}`, () => {
      const facts = mergedGroupFacts([
        groupFactsOf([description({ match: { id: 'a' }, capacityType: configured, zones: ['ap-south-1a'] })]),
        () => ({
          instanceTypes: ['c5.large'],
          zones: [],
          capacityType: share === 1 ? 'on-demand' : 'spot',
          onDemandShare: share,
          source: 'auto-scaling-group',
        }),
      ]);
      const told = groupPools('a', {}, facts);
      expect(facts('a', {})?.onDemandShare).to.equal(merged);
      expect(told.capacityType).to.equal(configured ?? 'on-demand');
    });
  }
});

describe('the pools of a group', () => {
  const labels = {
    'node.kubernetes.io/instance-type': 'c5.large',
    'topology.kubernetes.io/zone': 'ap-south-1a',
    [eks]: 'SPOT',
  };

  it("are its node's, when nobody tells more", () => {
    expect(groupPools('g', labels, () => undefined)).to.deep.equal({
      pools: [{ instanceType: 'c5.large', zone: 'ap-south-1a', region: 'ap-south-1', capacityType: 'spot' }],
      capacityType: 'spot',
      onDemandShare: 0,
    });
  });

  it('are read from the labels of older clusters', () => {
    const old = {
      'beta.kubernetes.io/instance-type': 'm5.large',
      'failure-domain.beta.kubernetes.io/zone': 'aps1-az1',
      'failure-domain.beta.kubernetes.io/region': 'ap-south-1',
    };
    expect(groupPools('g', old, () => undefined).pools).to.deep.equal([
      { instanceType: 'm5.large', zone: 'aps1-az1', region: 'ap-south-1', capacityType: 'unknown' },
    ]);
  });

  it('are all types in all zones that are told', () => {
    const facts = groupFactsOf([
      description({
        match: { id: 'g' },
        instanceTypes: ['c5.large', 'm5.large'],
        zones: ['ap-south-1b', 'ap-south-1c'],
      }),
    ]);
    const { pools, capacityType } = groupPools('g', labels, facts);
    expect(pools.map(({ instanceType, zone }) => `${instanceType}@${zone}`)).to.deep.equal([
      'c5.large@ap-south-1b',
      'm5.large@ap-south-1b',
      'c5.large@ap-south-1c',
      'm5.large@ap-south-1c',
    ]);
    expect(capacityType).to.equal('spot');
  });

  it('are none where neither labels nor facts tell', () => {
    expect(groupPools('g', {}, () => undefined).pools).to.deep.equal([]);
  });
});

describe('a group over several pools', () => {
  const market = {
    prices: {
      'c5.large@ap-south-1a': { spotPerHour: 0.03, onDemandPerHour: 0.085 },
      'c5.large@ap-south-1b': { spotPerHour: 0.05, onDemandPerHour: 0.085 },
    },
    risk: { 'c5.large@ap-south-1a': modelRisk(0.2, 0.02), 'c5.large@ap-south-1b': modelRisk(0.6, 0.04) },
    bands: {
      'c5.large@ap-south-1a': { interruptRate: 0.05, code: 0 },
      'c5.large@ap-south-1b': { interruptRate: 0.25, code: 4 },
    },
  };
  const wide = (part: Partial<GroupFacts>): GroupFacts => ({
    instanceTypes: ['c5.large'],
    zones: ['ap-south-1a', 'ap-south-1b'],
    capacityType: 'spot',
    onDemandShare: 0,
    source: 'configuration',
    ...part,
  });
  const decide = (facts: GroupFacts) =>
    decideScaleUp(
      scaleUp({ g: { nodeCount: 1, pods: [0] } }, [pod(1900, 3)]),
      knownMarket({ ...market, groups: { g: facts } }),
      defaultPolicy,
      now,
    );

  it('is as risky as the mean of its pools drawn half-way to the worst, and costs their mean', () => {
    const [group] = decide(wide({})).ranked;
    expect(group?.crashProbability).to.be.closeTo(0.5, 1e-12);
    expect(group?.expectedFrequency).to.be.closeTo(0.035, 1e-12);
    expect(group?.historicInterruptRate).to.be.closeTo(0.2, 1e-12);
    expect(group?.pricePerHour).to.be.closeTo(0.04, 1e-12);
  });

  it('counts its on-demand share with probability 0 and at its price', () => {
    const [group] = decide(wide({ onDemandShare: 0.25 })).ranked;
    expect(group?.crashProbability).to.be.closeTo(0.75 * 0.5, 1e-12);
    expect(group?.pricePerHour).to.be.closeTo(0.75 * 0.04 + 0.25 * 0.085, 1e-12);
    expect(group?.priceSource).to.equal('mixed');
  });

  it('is on-demand when all of it is', () => {
    const [group] = decide(wide({ onDemandShare: 1 })).ranked;
    expect(group).to.include({ capacityType: 'on-demand', crashProbability: 0, pricePerHour: 0.085 });
  });

  it('is priced and judged by the pools that are known', () => {
    const [group] = decide(wide({ instanceTypes: ['c5.large', 'x9.mystery'] })).ranked;
    expect(group?.pricePerHour).to.be.closeTo(0.04, 1e-12);
    expect(group?.riskSource).to.equal('none');
  });
});

describe('a group whose types are weighed', () => {
  const market = {
    prices: {
      'c5.large@ap-south-1a': { spotPerHour: 0.03, onDemandPerHour: 0.085 },
      'c5.xlarge@ap-south-1a': { spotPerHour: 0.05, onDemandPerHour: 0.17 },
    },
    risk: { 'c5.large': modelRisk(0.1), 'c5.xlarge': modelRisk(0.1) },
  };
  const weighed: GroupFacts = {
    instanceTypes: ['c5.large', 'c5.xlarge'],
    zones: ['ap-south-1a'],
    capacityType: 'spot',
    onDemandShare: 0,
    weights: { 'c5.large': 1, 'c5.xlarge': 2 },
    source: 'auto-scaling-group',
  };

  function pricesOf(type: string, facts: GroupFacts): readonly (number | undefined)[] {
    const request = scaleUp({ weighed: { type, zone: 'ap-south-1a', nodeCount: 1, pods: [0] } }, [
      pod(1_000, 1),
    ]);
    const known = knownMarket({ ...market, groups: { weighed: facts } });
    const [first] = decideScaleUp(request, known, defaultPolicy, now).ranked;
    return [first?.pricePerHour, first?.onDemandPerHour];
  }

  it('costs the price for a unit of weight, the mean over its types', () => {
    const [perHour, onDemand] = pricesOf('c5.large', weighed);
    expect(perHour).to.be.closeTo((0.03 + 0.05 / 2) / 2, 1e-12);
    expect(onDemand).to.be.closeTo(0.085, 1e-12);
  });

  it('whose template weighs two costs what two units do, since the autoscaler takes it for a node', () => {
    const [perHour] = pricesOf('c5.xlarge', weighed);
    expect(perHour).to.be.closeTo(0.03 + 0.05 / 2, 1e-12);
  });

  it('keeps its weights where the operator names the capacity type only', () => {
    const merged = mergedGroupFacts([
      groupFactsOf([description({ match: { id: 'weighed' }, capacityType: 'spot' })]),
      () => weighed,
    ]);
    expect(merged('weighed', {})?.weights).to.deep.equal({ 'c5.large': 1, 'c5.xlarge': 2 });
  });

  it('takes a weight that AWS does not allow for none', () => {
    const [perHour] = pricesOf('c5.large', {
      ...weighed,
      weights: { 'c5.large': 0, 'c5.xlarge': Number.NaN },
    });
    expect(perHour).to.be.closeTo((0.03 + 0.05) / 2, 1e-12);
  });
});

describe('a share of the fleet that an operator wants', () => {
  const asking = (fleet: Partial<Knowledge>, labels: Readonly<Record<string, string>> = {}) => {
    const request = scaleUp(
      { web: { type: 'c5.large', zone: 'ap-south-1a', capacityType: 'SPOT', nodeCount: 1, pods: [0] } },
      [pod(1_000, 1)],
    );
    const nodes = [...request.nodes].map(
      ([id, node]) => [id, { ...node, labels: { ...node.labels, ...labels } }] as const,
    );
    const market = knownMarket({
      prices: { 'c5.large': { spotPerHour: 0.03, onDemandPerHour: 0.085 } },
      risk: { 'c5.large': modelRisk(0.1) },
    });
    const groupFacts = () => ({
      ...{ instanceTypes: [], zones: [], capacityType: 'spot' as const, onDemandShare: 0 },
      source: 'configuration' as const,
      wishes: { maxShare: 0.5 },
    });
    const known = { ...market, groupFacts, ...fleet };
    return decideScaleUp({ ...request, nodes: new Map(nodes) }, known, defaultPolicy, now).remarks.join();
  };

  it('is said not to hold where no label names the group, or no nodes are counted', () => {
    expect(asking({})).to.match(/min_share and max_share of web do not hold: nothing tells yet/);
    const fleet = fleetView('nodes', []);
    expect(asking({ fleet })).to.match(
      /do not hold: no label of its nodes names their group \(eks\.amazonaws/,
    );
  });

  it('holds where a label names it', () => {
    const fleet = fleetView('nodes', []);
    expect(asking({ fleet }, { 'eks.amazonaws.com/nodegroup': 'web' })).to.equal('');
  });
});

describe('a group of unknown capacity type', () => {
  it('is remarked upon wherever it is a candidate', () => {
    const request = scaleUp(
      {
        plain: { type: 'c5.large', zone: 'ap-south-1a', nodeCount: 1, pods: [0] },
        told: { type: 'c5.large', zone: 'ap-south-1a', capacityType: 'SPOT', nodeCount: 1, pods: [0] },
      },
      [pod(1_000, 1)],
    );
    const known = knownMarket({
      prices: { 'c5.large': { spotPerHour: 0.03, onDemandPerHour: 0.085 } },
      risk: { 'c5.large': modelRisk(0.1) },
    });
    const { remarks } = decideScaleUp(request, known, defaultPolicy, now);
    expect(remarks).to.deep.equal([
      'plain: no label and no description tells whether this is Spot or on-demand; it counts at the on-demand price with the risk of Spot',
    ]);
  });
});
