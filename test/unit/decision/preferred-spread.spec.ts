import { expect } from 'chai';
import type { Candidate } from '../../../src/decision/decision-context.ts';
import { fleetView } from '../../../src/decision/fleet-view.ts';
import { preferencesOf } from '../../../src/decision/preferences.ts';
import { surroundingsOf } from '../../../src/decision/surroundings.ts';
import { knownMarket, pod, scaleUp, spotPool } from './known-market.ts';
import { oneCandidate } from './one-candidate.ts';

const zone = 'topology.kubernetes.io/zone';
const hostname = 'kubernetes.io/hostname';
const offered: Readonly<Record<string, readonly string[]>> = { [zone]: ['a', 'b', 'c'], rack: ['1', '2'] };

/** For so many pods that spread over these keys, where all groups have zones a, b and c, and racks 1 and 2. */
function degree(
  keys: readonly string[],
  podCount: number,
  part: Partial<Candidate>,
  nodesInZone?: Readonly<Record<string, number>>,
): number | undefined {
  const spreadPreferences = keys.map((topologyKey) => ({ topologyKey, maxSkew: 1 }));
  const pods = Array.from({ length: podCount }, () => pod(100, 1, { spreadPreferences }));
  const candidate = oneCandidate({ nodeCount: 9, pods: [...pods.keys()], ...part });
  const fleet =
    nodesInZone &&
    fleetView(
      'nodes',
      Object.entries(nodesInZone).map(([at, nodes]) => ({
        ...{
          instanceType: 'm5.large',
          zone: at,
          capacityType: 'spot',
          nodeGroupId: undefined,
          vcpus: 2,
          nodes,
        },
      })),
    );
  const domains = (key: string) => (key === hostname ? undefined : (offered[key] ?? []));
  return preferencesOf({ pods, domains }, [candidate], fleet).spreadOf(candidate)?.degree;
}

const inZones = (...zones: readonly string[]) => ({ pools: zones.map((one) => spotPool(`m5.large@${one}`)) });

describe('how far a group spreads pods', () => {
  it('over zones is the share of all zones that it reaches, two pools of a zone being one', () => {
    expect(degree([zone], 3, inZones('a'))).to.equal(1 / 3);
    expect(degree([zone], 3, inZones('a', 'a', 'b'))).to.equal(2 / 3);
    expect(degree([zone], 3, inZones('a', 'b', 'c'))).to.equal(1);
  });

  it('asks for no more zones than there are pods, and reaches no more than it gets nodes', () => {
    expect(degree([zone], 2, inZones('a'))).to.equal(1 / 2);
    expect(degree([zone], 3, { ...inZones('a', 'b', 'c'), nodeCount: 1 })).to.equal(1 / 3);
  });

  it('goes by its node’s label where nothing tells its pools', () => {
    expect(degree([zone], 3, { labels: { [zone]: 'a' } })).to.equal(1 / 3);
    expect(degree([zone], 3, {})).to.equal(0);
  });

  it('over hosts is its nodes for each pod', () => {
    expect(degree([hostname], 4, { nodeCount: 3 })).to.equal(3 / 4);
    expect(degree([hostname], 2, { nodeCount: 3 })).to.equal(1);
  });

  it('over another label is one value of those that all groups have', () => {
    expect(degree(['rack'], 3, { labels: { rack: '1' } })).to.equal(1 / 2);
    expect(degree(['rack'], 3, { labels: { row: '1' } })).to.equal(0);
    expect(degree(['row'], 3, { labels: { row: '1' } })).to.equal(0);
  });

  it('over several labels is the mean', () => {
    expect(degree(['rack', zone], 3, { ...inZones('a', 'b', 'c'), labels: { rack: '1' } })).to.equal(3 / 4);
  });

  describe('with the fleet in view', () => {
    const fleet = { a: 6, b: 2, c: 4 };

    it('over zones is half the zones that it reaches, half how far it evens out what runs there', () => {
      // Two nodes more in a zone that is 4, 2 or 0 behind the fullest, out of 4 and 2.
      const two = (at: string) => degree([zone], 3, { ...inZones(at), nodeCount: 2 }, fleet);
      expect(two('b')).to.be.closeTo((1 / 3 + 1) / 2, 1e-12);
      expect(two('c')).to.be.closeTo((1 / 3 + 4 / 6) / 2, 1e-12);
      expect(two('a')).to.be.closeTo((1 / 3 + 2 / 6) / 2, 1e-12);
    });

    it('of several zones is their mean', () => {
      expect(degree([zone], 3, { ...inZones('a', 'b'), nodeCount: 2 }, fleet)).to.be.closeTo(
        (2 / 3 + (1 + 2 / 6) / 2) / 2,
        1e-12,
      );
    });

    it('in zones that are even is as even as can be, an empty fleet too', () => {
      expect(degree([zone], 3, inZones('a'), { a: 3, b: 3, c: 3 })).to.be.closeTo((1 / 3 + 1) / 2, 1e-12);
      expect(degree([zone], 3, inZones('a'), {})).to.be.closeTo((1 / 3 + 1) / 2, 1e-12);
    });

    it('in a zone that no group was known to have counts as one with the fewest', () => {
      expect(degree([zone], 3, { ...inZones('d'), nodeCount: 2 }, fleet)).to.be.closeTo(
        (1 / 3 + 1) / 2,
        1e-12,
      );
      expect(degree([zone], 3, { ...inZones('d'), nodeCount: 2 }, { ...fleet, d: 9 })).to.be.closeTo(
        (1 / 3 + 2 / 6) / 2,
        1e-12,
      );
    });

    it('of a group whose pools nothing tells is what it reaches', () => {
      expect(degree([zone], 3, { labels: { [zone]: 'a' } }, fleet)).to.equal(1 / 3);
    });

    it('changes nothing over hosts', () => {
      expect(degree([hostname], 4, { ...inZones('b'), nodeCount: 3 }, fleet)).to.equal(3 / 4);
    });
  });
});

describe('the domains of all groups', () => {
  const groups = {
    one: { type: 'm5.large', zone: 'ap-south-1a', nodeCount: 1, pods: [0], labels: { rack: '1' } },
    two: { type: 'm5.large', zone: 'ap-south-1b', nodeCount: 1, pods: [], labels: { rack: '1' } },
    wide: { type: 'm5.large', zone: 'ap-south-1a', nodeCount: 1, pods: [] },
  };
  const market = knownMarket({
    groups: {
      wide: {
        ...{ instanceTypes: ['m5.large'], zones: ['ap-south-1c', 'ap-south-1d'], capacityType: 'spot' },
        ...{ onDemandShare: 0, source: 'configuration' },
      },
    },
  });
  const { domains, mostPodsOnNode } = surroundingsOf(scaleUp(groups, [pod(500, 1), pod(500, 1)]), market);

  it('are their zones, of all their pools, whichever are on offer', () => {
    expect(domains(zone)).to.deep.equal(['ap-south-1a', 'ap-south-1b', 'ap-south-1c', 'ap-south-1d']);
  });

  it('are the values of a label, each once; hosts are as many as there are nodes', () => {
    expect(domains('rack')).to.deep.equal(['1']);
    expect(domains('row')).to.deep.equal([]);
    expect(domains(hostname)).to.equal(undefined);
  });

  it('hold, on the largest node of any group, four pods of half a core', () => {
    expect(mostPodsOnNode).to.equal(4);
  });

  it('hold one pod where a node holds none, and say nothing of pods that ask for nothing or are not told', () => {
    const most = (...pods: readonly Parameters<typeof pod>[]) =>
      surroundingsOf(
        scaleUp(
          groups,
          pods.map((each) => pod(...each)),
        ),
        market,
      ).mostPodsOnNode;
    expect(most([9_000, 1])).to.equal(1);
    expect(most([0, 0])).to.equal(undefined);
    expect(most()).to.equal(undefined);
    // The mean of both: two of a core.
    expect(most([500, 1], [1_500, 1])).to.equal(2);
  });
});
