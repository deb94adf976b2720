import { expect } from 'chai';
import { nodeTails, reusedShare } from '../../../src/decision/node-lifetime.ts';
import {
  nodesFor,
  podsOnNode,
  podUnits,
  unitsOf,
  unusedShare,
  usableRoom,
} from '../../../src/decision/node-value.ts';
import { onDemandPerUnitOf } from '../../../src/decision/on-demand-unit.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import { gib, pod, typeFacts } from './known-market.ts';
import { oneCandidate } from './one-candidate.ts';

const of = (vcpus: number, gibs: number, gpus = 0) => ({
  cpuMilli: vcpus * 1000,
  memoryBytes: gibs * gib,
  gpus,
});

describe('units', () => {
  it('are vCPUs; ten GiB are worth one, and a GPU sixteen', () => {
    expect(unitsOf(of(2, 0))).to.equal(2);
    expect(unitsOf(of(0, 10))).to.equal(1);
    expect(unitsOf(of(0, 0, 1))).to.equal(16);
    expect(unitsOf(of(2, 10, 1))).to.equal(19);
  });

  it('of a pod that asks for nothing are those that the scheduler assumes: a tenth of a core, 200 MiB', () => {
    const memory = (200 / 1024) * 0.1;
    expect(podUnits(of(0, 0))).to.be.closeTo(0.1 + memory, 1e-12);
    expect(podUnits({ ...of(1, 0), memoryBytes: 0.5 })).to.be.closeTo(1 + memory, 1e-12);
    expect(podUnits({ ...of(0, 10), cpuMilli: 0.9 })).to.be.closeTo(0.1 + 1, 1e-12);
    expect(podUnits({ cpuMilli: 1, memoryBytes: 1, gpus: 0 })).to.be.closeTo(0.001, 1e-9);
  });
});

describe('what is left of nodes', () => {
  it('is the unused share of their worth, of each resource by itself', () => {
    // Two nodes of 2 + 1 units; a vCPU and ten GiB of them are used.
    expect(unusedShare(of(2, 10), 2, of(1, 10))).to.be.closeTo(4 / 6, 1e-12);
    expect(unusedShare(of(2, 10, 1), 1, of(9, 99, 0))).to.be.closeTo(16 / 19, 1e-12);
    expect(unusedShare(of(2, 10), 1, of(2, 10))).to.equal(0);
    expect(unusedShare(of(0, 0), 1, of(1, 1))).to.equal(0);
  });

  it('is of use where CPU and memory are side by side, four GiB for a vCPU; nowhere beside a GPU', () => {
    // Two free vCPUs and four free GiB: a vCPU with its four.
    expect(usableRoom(of(4, 16), 1, of(2, 12))).to.be.closeTo(1.4, 1e-12);
    expect(usableRoom(of(4, 16), 2, of(7, 12))).to.be.closeTo(1.4, 1e-12);
    expect(usableRoom(of(4, 16), 1, of(4, 0))).to.equal(0);
    expect(usableRoom(of(4, 16), 1, of(5, 0))).to.equal(0);
    expect(usableRoom(of(4, 16, 1), 1, of(0, 0))).to.equal(0);
  });
});

describe('how many pods a node holds', () => {
  it('goes by its scarcest resource, from 1 to 110', () => {
    expect(podsOnNode(of(4, 16), of(2, 2), 4)).to.equal(8);
    expect(podsOnNode(of(4, 16), of(1, 16), 4)).to.equal(4);
    expect(podsOnNode(of(4, 16, 1), of(1, 1, 2), 4)).to.equal(2);
    expect(podsOnNode(of(4, 16), of(20, 2), 4)).to.equal(1);
    expect(podsOnNode(of(400, 1600), of(1, 1), 4)).to.equal(110);
    expect(podsOnNode(of(4, 16), of(0, 0), 4)).to.equal(1);
  });
});

describe('how many nodes a demand needs', () => {
  it('is what its scarcest resource needs, at least one; unknown where none are enough', () => {
    expect(nodesFor(of(2, 8), of(5, 8))).to.equal(3);
    expect(nodesFor(of(2, 8), of(1, 17))).to.equal(3);
    expect(nodesFor(of(2, 8, 1), of(1, 1, 4))).to.equal(4);
    expect(nodesFor(of(2, 8), of(0, 0))).to.equal(1);
    expect(nodesFor(of(2, 8), of(1, 1, 1))).to.equal(undefined);
  });
});

describe('the price of a unit on demand', () => {
  it('is the middle of all types, of those with accelerators by themselves', () => {
    const price = onDemandPerUnitOf([
      { facts: typeFacts('x.a', 1, 0), onDemandPerHour: 0.3 },
      { facts: typeFacts('x.b', 2, 0), onDemandPerHour: 0.2 },
      { facts: typeFacts('x.c', 0, 10), onDemandPerHour: 0.2 },
      { facts: typeFacts('x.d', 0, 0, 1), onDemandPerHour: 1.6 },
    ]);
    expect(price('plain')).to.equal(0.2);
    expect(price('accelerated')).to.equal(0.1);
  });

  it('is unknown without a type that has size and price', () => {
    const price = onDemandPerUnitOf([
      { facts: typeFacts('x.a', 0, 0), onDemandPerHour: 0.3 },
      { facts: typeFacts('x.b', 1, 0), onDemandPerHour: 0 },
    ]);
    expect(price('plain')).to.equal(undefined);
    expect(price('accelerated')).to.equal(undefined);
  });
});

describe('the tail of a node', () => {
  const policy = { ...defaultPolicy, nodeTail: 0.03, reuseShare: 0.5 };
  const demand = { resources: of(2, 2), units: 2 };
  const tail = (moves: number, part: Parameters<typeof oneCandidate>[0] = {}) =>
    nodeTails(
      [oneCandidate({ nodeSize: of(4, 16), demand, pods: [0, 1, 2, 3], ...part })],
      [0, 1, 2, 3].map((index) => pod(500, 0.5, { onScaleDown: index < moves ? 'moves' : 'stays' })),
      policy,
    )[0];

  it('is 3 % for each doubling of the pods on it that stay: eight are three doublings', () => {
    expect(tail(0)).to.be.closeTo(0.09, 1e-12);
    expect(tail(2)).to.be.closeTo(0.06, 1e-12);
  });

  it('is none where all are moved, or fewer than one stays', () => {
    expect(tail(4)).to.equal(0);
    expect(tail(3, { nodeSize: of(1, 16) })).to.equal(0);
  });

  it('is none where pods are not told one by one, ask for nothing, or nothing tells sizes', () => {
    expect(tail(0, { pods: [] })).to.equal(0);
    expect(tail(0, { demand: undefined })).to.equal(0);
    expect(tail(0, { demand: { resources: of(0, 0), units: 1 } })).to.equal(0);
    expect(tail(0, { nodeSize: undefined })).to.equal(0);
  });

  it('of pods whose fate nobody tells is that of pods that stay', () => {
    const pods = [0, 1, 2, 3].map(() => pod(500, 0.5));
    const candidate = oneCandidate({ nodeSize: of(4, 16), demand, pods: [0, 1, 2, 3] });
    expect(nodeTails([candidate], pods, policy)[0]).to.be.closeTo(0.09, 1e-12);
  });

  it('room beside it is reused less the fewer pods the largest node holds, and not at all without pods', () => {
    const pods = [pod(100, 1)];
    expect(reusedShare({ pods, mostPodsOnNode: 4 }, policy)).to.equal(0.375);
    expect(reusedShare({ pods, mostPodsOnNode: 1 }, policy)).to.equal(0);
    expect(reusedShare({ pods, mostPodsOnNode: undefined }, policy)).to.equal(0.5);
    expect(reusedShare({ pods: [], mostPodsOnNode: 4 }, policy)).to.equal(0);
  });
});
