import { expect } from 'chai';
import { fleetView } from '../../../src/decision/fleet-view.ts';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { LabelRequirement, PendingPod } from '../../../src/decision/scale-up-request.ts';
import { absent, LabelValues } from '../../../src/decision/label-values.ts';
import type { GroupShown } from './known-market.ts';
import { knownMarket, modelRisk, now, pod, scaleUp } from './known-market.ts';

const zone = 'topology.kubernetes.io/zone';
const hostname = 'kubernetes.io/hostname';
const labels = { tier: 'gold', cpus: '8', minus: '-3', odd: '1e3' };

describe('a label requirement', () => {
  const cases: readonly (readonly [string, LabelRequirement['operator'], readonly string[], boolean])[] = [
    ['tier', 'In', ['silver', 'gold'], true],
    ['tier', 'In', ['silver'], false],
    ['none', 'In', ['gold'], false],
    ['tier', 'NotIn', ['silver'], true],
    ['tier', 'NotIn', ['gold'], false],
    ['none', 'NotIn', ['gold'], true],
    ['tier', 'Exists', [], true],
    ['none', 'Exists', [], false],
    ['none', 'DoesNotExist', [], true],
    ['tier', 'DoesNotExist', [], false],
    ['cpus', 'Gt', ['7'], true],
    ['cpus', 'Gt', ['8'], false],
    ['cpus', 'Lt', ['10'], true],
    ['minus', 'Lt', ['0'], true],
    ['odd', 'Gt', ['1'], false],
    ['tier', 'Gt', ['1'], false],
    ['none', 'Lt', ['1'], false],
    ['cpus', 'Gt', [], false],
  ];
  for (const [key, operator, values, holds] of cases)
    it(`${key} ${operator} ${values.join(',')} ${holds ? 'holds' : 'does not hold'}`, () => {
      const known = new LabelValues([key]);
      const shown = Object.entries(labels).map(
        ([name, value]) => [name, known.valueOf(name, value)] as const,
      );
      const value = shown.find(([name]) => name === key)?.[1]?.id ?? absent;
      expect(known.judgeOf({ key, operator, values }).holds(value)).to.equal(holds);
    });
});

const market = knownMarket({
  prices: { 'c5.large': { spotPerHour: 0.03, onDemandPerHour: 0.085 } },
  risk: { 'c5.large': modelRisk(0.1, 0.01) },
  groups: {
    wide: {
      instanceTypes: ['c5.large'],
      zones: ['ap-south-1a', 'ap-south-1b'],
      capacityType: 'spot',
      onDemandShare: 0,
      source: 'configuration',
    },
  },
});

const shown = (zoneName: string, pods: readonly number[], more: Partial<GroupShown> = {}): GroupShown => ({
  type: 'c5.large',
  zone: zoneName,
  capacityType: 'SPOT',
  nodeCount: 2,
  pods,
  ...more,
});

const likes = (zoneName: string, weight = 50) => ({
  weight,
  requirements: [{ key: zone, operator: 'In', values: [zoneName] } as const],
});

function decide(groups: Record<string, GroupShown>, pods: readonly PendingPod[]) {
  const { ranked } = decideScaleUp(scaleUp(groups, pods), market, defaultPolicy, now);
  return Object.fromEntries(ranked.map((candidate) => [candidate.id, candidate]));
}

describe('preferred node affinity', () => {
  it('is the share of its weight that the group meets', () => {
    const both = [likes('ap-south-1a', 80), likes('ap-south-1b', 20)];
    const { a, b, c } = decide(
      { a: shown('ap-south-1a', [0]), b: shown('ap-south-1b', [0]), c: shown('ap-south-1c', [0]) },
      [pod(900, 1, { preferredNodeTerms: both })],
    );
    expect([a?.affinity, b?.affinity, c?.affinity]).to.deep.equal([0.8, 0.2, 0]);
    expect(a!.score - c!.score).to.be.closeTo(8, 1e-9);
  });

  it('counts in the score by the share of pods that have it', () => {
    const pods = [
      pod(900, 1, { preferredNodeTerms: [likes('ap-south-1b')] }),
      pod(900, 1),
      pod(900, 1),
      pod(900, 1),
    ];
    const { a, b } = decide(
      { a: shown('ap-south-1a', [0, 1, 2, 3]), b: shown('ap-south-1b', [0, 1, 2, 3]) },
      pods,
    );
    expect(b!.affinity).to.equal(1);
    expect(b!.score - a!.score).to.be.closeTo(2.5, 1e-9);
  });

  it('is absent where no pod has any', () => {
    const { a } = decide({ a: shown('ap-south-1a', [0]) }, [pod(900, 1)]);
    expect(a).to.not.have.property('affinity');
  });

  it('is met half by a group over two zones of which one is liked', () => {
    const { wide } = decide({ wide: shown('ap-south-1a', [0]) }, [
      pod(900, 1, { preferredNodeTerms: [likes('ap-south-1b')] }),
    ]);
    expect(wide?.affinity).to.equal(0.5);
  });
});

describe('ScheduleAnyway spread', () => {
  const spreads = (topologyKey: string) => ({ spreadPreferences: [{ topologyKey, maxSkew: 1 }] });

  it('is the share of the zones on offer that the group can reach', () => {
    const pods = [0, 1, 2].map(() => pod(400, 1, spreads(zone)));
    const { wide, c } = decide(
      { wide: shown('ap-south-1a', [0, 1, 2]), c: shown('ap-south-1c', [0, 1, 2]) },
      pods,
    );
    expect(wide?.spread).to.be.closeTo(2 / 3, 1e-12);
    expect(c?.spread).to.be.closeTo(1 / 3, 1e-12);
    expect(wide!.score - c!.score).to.be.closeTo(5 / 3, 1e-9);
  });

  it('over hosts asks for as many nodes as pods', () => {
    const pods = [0, 1, 2, 3].map(() => pod(400, 0.8, spreads(hostname)));
    const all = [0, 1, 2, 3];
    const { one, three } = decide(
      {
        one: shown('ap-south-1a', all, { nodeCount: 1 }),
        three: shown('ap-south-1a', all, { nodeCount: 3 }),
      },
      pods,
    );
    expect(one?.spread).to.be.closeTo(1 / 4, 1e-12);
    expect(three?.spread).to.be.closeTo(3 / 4, 1e-12);
  });

  it('evens out what runs in each zone where the fleet is in view, one group for each zone', () => {
    const fleet = (a: number, b: number, c: number) =>
      [a, b, c].map((nodes, zoneIndex) => ({
        instanceType: 'm5.large',
        zone: `ap-south-1${'abc'[zoneIndex] ?? ''}`,
        capacityType: 'spot' as const,
        nodeGroupId: undefined,
        vcpus: 2,
        nodes,
      }));
    const pods = [0, 1, 2].map(() => pod(400, 1, spreads(zone)));
    const order = (nodes: readonly [number, number, number], spreadWeight = 0.05) =>
      decideScaleUp(
        scaleUp(
          Object.fromEntries(['a', 'b', 'c'].map((one) => [one, shown(`ap-south-1${one}`, [0, 1, 2])])),
          pods,
        ),
        { ...market, fleet: fleetView('nodes', fleet(...nodes)) },
        { ...defaultPolicy, spreadWeight, lossAtOnce: { ofTenPercent: 0, ofThirtyPercent: 0, ofHalf: 0 } },
        now,
      ).ranked.map(({ id, spread }) => [id, spread === undefined ? '' : spread.toFixed(3)]);
    // Half of the degree is for the zones that it reaches, one of three, half for how far it evens out; two nodes come.
    const half = (evened: number) => ((1 / 3 + evened) / 2).toFixed(3);
    expect(order([10, 4, 7])).to.deep.equal([
      ['b', half(1)],
      ['c', half(5 / 8)],
      ['a', half(2 / 8)],
    ]);
    expect(order([3, 3, 3])[0]).to.deep.equal(['a', half(1)]);
  });

  it('over a label that the group lacks is not met', () => {
    const pods = [pod(400, 1, spreads('rack'))];
    const { a, b } = decide(
      { a: shown('ap-south-1a', [0], { labels: { rack: '1' } }), b: shown('ap-south-1a', [0]) },
      pods,
    );
    expect([a?.spread, b?.spread]).to.deep.equal([1, 0]);
  });
});
