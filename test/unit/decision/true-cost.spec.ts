import { expect } from 'chai';
import fc from 'fast-check';
import { podsOnNode, usableRoom } from '../../../src/decision/node-value.ts';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { Market } from './known-market.ts';
import { gib, knownMarket, modelRisk, now, pod, recordRisk, scaleUp } from './known-market.ts';

const zone = 'ap-south-1a';
const size = (vcpu: number, gibs: number, gpus = 0) => ({
  cpuMilli: vcpu * 1000,
  memoryBytes: gibs * gib,
  gpus,
});

describe('free room that others can use', () => {
  it('needs CPU and memory side by side, and is nothing beside a GPU', () => {
    expect(usableRoom(size(4, 16), 1, size(2, 8))).to.be.closeTo(2 * 1.4, 1e-12);
    expect(usableRoom(size(4, 16), 1, size(2, 16))).to.equal(0);
    expect(usableRoom(size(4, 16), 1, size(4, 8))).to.equal(0);
    expect(usableRoom(size(4, 16, 1), 1, size(1, 1))).to.equal(0);
  });

  it('is never below 0 and grows with the node', () => {
    const amount = fc.integer({ min: 1, max: 64 });
    fc.assert(
      fc.property(amount, amount, amount, amount, (vcpu, gibs, askedVcpu, askedGib) => {
        const asked = size(askedVcpu, askedGib);
        const room = usableRoom(size(vcpu, gibs), 2, asked);
        expect(room).to.be.at.least(0);
        expect(usableRoom(size(vcpu + 1, gibs + 1), 2, asked)).to.be.at.least(room);
      }),
    );
  });
});

describe('the pods of a node', () => {
  it('are as many as its scarcest resource holds, 1 to 110', () => {
    expect(podsOnNode(size(4, 16), size(4, 4), 8)).to.equal(8);
    expect(podsOnNode(size(4, 16), size(4, 32), 8)).to.equal(4);
    expect(podsOnNode(size(4, 16), size(64, 4), 8)).to.equal(1);
    expect(podsOnNode(size(64, 256), size(0.1, 0.1), 10)).to.equal(110);
    expect(podsOnNode(size(4, 16), size(0, 0), 8)).to.equal(1);
  });
});

const market: Market = {
  prices: {
    'm5.large': { spotPerHour: 0.04, onDemandPerHour: 0.1 },
    'm5.4xlarge': { spotPerHour: 0.319, onDemandPerHour: 0.8 },
    'c5.large': { spotPerHour: 0.0401, onDemandPerHour: 0.1 },
  },
};
const option = (type: string, nodeCount: number, count: number) =>
  ({
    type,
    zone,
    capacityType: 'SPOT',
    nodeCount,
    pods: Array.from({ length: count }, (_, index) => index),
  }) as const;

describe('what an option truly costs', () => {
  it('a large node is not cheap for room that nobody may come to use', () => {
    const request = scaleUp({ small: option('m5.large', 1, 1), large: option('m5.4xlarge', 1, 1) }, [
      pod(100, 0.2),
    ]);
    expect(decideScaleUp(request, knownMarket(market), defaultPolicy, now).answer).to.deep.equal(['small']);
  });

  it('of two that cost the same for what is asked, the one whose room others can use is cheaper', () => {
    const pods = Array.from({ length: 3 }, () => pod(500, 1));
    const sizes = { lean: size(2, 3), roomy: size(2, 8) };
    const request = scaleUp(
      {
        lean: { ...option('m5.large', 1, 3), size: sizes.lean },
        roomy: { ...option('m5.large', 1, 3), zone: 'ap-south-1b', size: sizes.roomy },
      },
      pods,
    );
    const { ranked } = decideScaleUp(request, knownMarket(market), defaultPolicy, now);
    expect(ranked.map(({ id }) => id)).to.deep.equal(['roomy', 'lean']);
    const unshared = decideScaleUp(
      request,
      knownMarket(market),
      { ...defaultPolicy, reuseShare: 0, nodeTail: 0 },
      now,
    );
    expect(unshared.ranked[0]?.tco).to.equal(unshared.ranked[1]?.tco);
  });

  it('many pods on one node cost a tail, which the policy can leave out', () => {
    const pods = Array.from({ length: 16 }, () => pod(900, 3));
    const request = scaleUp(
      {
        many: { ...option('m5.large', 8, 16), size: size(2, 8) },
        one: { ...option('m5.4xlarge', 1, 16), size: size(16, 64) },
      },
      pods,
    );
    const decide = (nodeTail: number) =>
      decideScaleUp(request, knownMarket(market), { ...defaultPolicy, nodeTail }, now).answer;
    expect(decide(defaultPolicy.nodeTail)).to.deep.equal(['many']);
    expect(decide(0)).to.deep.equal(['one']);
  });

  it('pods that the autoscaler moves leave no tail; those that stay among them leave theirs', () => {
    const decide = (staying: number) => {
      const pods = Array.from({ length: 16 }, (_, index) =>
        pod(900, 3, { onScaleDown: index < staying ? 'stays' : 'moves' }),
      );
      const options = {
        many: { ...option('m5.large', 8, 16), size: size(2, 8) },
        one: { ...option('m5.4xlarge', 1, 16), size: size(16, 64) },
      };
      const { answer, ranked } = decideScaleUp(
        scaleUp(options, pods),
        knownMarket(market),
        defaultPolicy,
        now,
      );
      return { answer, one: ranked.find(({ id }) => id === 'one')!.tco };
    };
    expect(decide(0).answer).to.deep.equal(['one']);
    expect(decide(16).answer).to.deep.equal(['many']);
    // 900m on 16 cores: room for 17.8 such pods, of which the staying share stays.
    const doublings = (staying: number) => (decide(staying).one / decide(0).one - 1) / defaultPolicy.nodeTail;
    expect(doublings(16)).to.be.closeTo(Math.log2(16 / 0.9), 1e-9);
    expect(doublings(8)).to.be.closeTo(Math.log2(8 / 0.9), 1e-9);
    expect(doublings(1)).to.be.closeTo(Math.log2(1 / 0.9), 1e-9);
  });

  it('free room counts less the larger the pods are, and for nothing where a node holds one', () => {
    const served = (vcpu: number, nodeVcpu: number) => {
      const one = { ...option('m5.4xlarge', 1, 1), size: size(nodeVcpu, nodeVcpu * 4) };
      const decide = (reuseShare: number) =>
        decideScaleUp(
          scaleUp({ one }, [pod(vcpu * 1000, vcpu * 4, { onScaleDown: 'moves' })]),
          knownMarket(market),
          { ...defaultPolicy, reuseShare, daemonSets: { cpuMilli: 0, memoryBytes: 0 } },
          now,
        ).ranked[0]!.tco;
      return decide(0) / decide(1) - 1;
    };
    expect(served(16, 16)).to.equal(0);
    // The room is as large as the pod, and half of it has place for whole pods.
    expect(served(8, 16)).to.be.closeTo(1 / 2, 1e-9);
    expect(served(12, 16)).to.be.closeTo((1 / 4) * (4 / 12), 1e-9);
  });

  it('room beside pods that ask for nothing counts in full', () => {
    const request = scaleUp({ one: { ...option('m5.large', 1, 2), size: size(2, 8) } }, [
      pod(0, 0),
      pod(0, 0),
    ]);
    const tco = (reuseShare: number) =>
      decideScaleUp(request, knownMarket(market), { ...defaultPolicy, reuseShare }, now).ranked[0]!.tco;
    expect(tco(0) / tco(1)).to.be.closeTo(2, 1e-9);
  });

  it('interruptions are priced by the band, and by a model of interruptions or the fleet’s own record before it', () => {
    const pods = [pod(900, 1), pod(900, 2)];
    const request = scaleUp({ a: option('m5.large', 1, 2), b: option('c5.large', 1, 2) }, pods);
    const bands = {
      'm5.large': { interruptRate: 0.175, code: 3 },
      'c5.large': { interruptRate: 0.025, code: 0 },
    };
    const policy = { ...defaultPolicy, reuseShare: 0, nodeTail: 0 };
    const tco = (more: Partial<Market>, interruptionPrice: number, lostWorkMinutes = 0) => {
      const { ranked } = decideScaleUp(
        request,
        knownMarket({ ...market, bands, ...more }),
        { ...policy, interruptionPrice, lostWorkMinutes },
        now,
      );
      return ranked.find(({ id }) => id === 'a')!.tco;
    };
    const units = 1.8 + 0.3;
    const band = -Math.log(1 - 0.175) / 730;
    const stressed = { risk: { 'm5.large': modelRisk(0.5, 0.3), 'c5.large': modelRisk(0.5, 0.3) } };
    expect(tco(stressed, 100) - tco(stressed, 0)).to.be.closeTo((band * 2 * 100) / units, 1e-9);
    // An hour of the pods' work at the middle on-demand price: of m5.large, m5.4xlarge (unknown here) and c5.large, 0.1 / 2.4.
    expect(tco({}, 0, 120) - tco({}, 0, 0)).to.be.closeTo((band * 2 * units * (0.1 / 2.4)) / units, 1e-9);
    const model = { risk: { 'm5.large': recordRisk(0.5, 0.3), 'c5.large': recordRisk(0.5, 0.3) } };
    expect(tco(model, 100) - tco(model, 0)).to.be.closeTo(((-Math.log(0.7) / 12) * 2 * 100) / units, 1e-9);
    const own = { ...model, hazards: { 'm5.large': 0.001, 'c5.large': 0.001 } };
    expect(tco(own, 100) - tco(own, 0)).to.be.closeTo((0.001 * 2 * 100) / units, 1e-9);
  });
});
