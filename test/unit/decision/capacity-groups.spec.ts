import { expect } from 'chai';
import type { CapacityEvent, CapacityMemory } from '../../../src/decision/capacity-memory.ts';
import { emptyCapacityMemory, remembered } from '../../../src/decision/capacity-memory.ts';
import { cooldownOf, groupCooldownOf, type RestingClass } from '../../../src/decision/capacity-rests.ts';
import type { Knowledge } from '../../../src/decision/knowledge.ts';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { ScaleUpRequest } from '../../../src/decision/scale-up-request.ts';
import { knownMarket, modelRisk, now, pod, scaleUp, spotPool } from './known-market.ts';

const minutes = 60_000;
const pool = spotPool('c5.large@ap-south-1a');
const market = knownMarket({
  prices: {
    'c5.large': { spotPerHour: 0.03, onDemandPerHour: 0.085 },
    'm5.large': { spotPerHour: 0.05, onDemandPerHour: 0.1 },
  },
  risk: { 'c5.large': modelRisk(0.1), 'm5.large': modelRisk(0.1) },
});

/** Two groups of one pool, told apart by the name that their nodes carry, and a third elsewhere. */
const groups = {
  'asg-web': { type: 'c5.large', zone: 'ap-south-1a', name: 'web' },
  'asg-batch': { type: 'c5.large', zone: 'ap-south-1a', name: 'batch' },
  'asg-other': { type: 'm5.large', zone: 'ap-south-1b', name: 'other' },
} as const;
type Group = keyof typeof groups;

const waiting = ['1', '2', '3'].map((uid) => pod(500, 1, { uid }));

function asking(offered: readonly Group[]): ScaleUpRequest {
  const all = waiting.map((_, index) => index);
  const shown = Object.fromEntries(
    offered.map((id) => {
      const { type, zone } = groups[id];
      return [id, { type, zone, capacityType: 'SPOT' as const, nodeCount: 3, pods: all }];
    }),
  );
  const request = scaleUp(shown, waiting);
  const nodes = new Map(
    [...request.nodes].map(([id, node]) => {
      const { name } = groups[id as Group];
      return [id, { ...node, labels: { ...node.labels, 'eks.amazonaws.com/nodegroup': name } }];
    }),
  );
  return { ...request, nodes };
}

function server() {
  let memory: CapacityMemory = emptyCapacityMemory;
  const tell = (event: CapacityEvent) => (memory = remembered(memory, event, defaultPolicy));
  return {
    tell,
    memory: () => memory,
    ask: (offered: readonly Group[], atMs: number, isAtMaximum?: (id: string) => boolean) => {
      const request = asking(offered);
      tell({ kind: 'asked', atMs, request, ...(isAtMaximum !== undefined && { isAtMaximum }) });
      const knowledge: Knowledge = {
        ...market,
        cooldown: (one) => cooldownOf(memory, one, atMs),
        groupCooldown: (id) => groupCooldownOf(memory, id, atMs),
      };
      const begun = memory.begun;
      const decision = decideScaleUp(request, knowledge, defaultPolicy, atMs);
      tell({ kind: 'answered', atMs, request, decision });
      return { answer: decision.answer, begun };
    },
    node: (groupName: string | undefined, atMs: number) =>
      tell({ kind: 'node-appeared', atMs, pool, groupName }),
  };
}

describe('a fault of one group, told from a dry class', () => {
  it('the group alone rests where a sibling of its pool got a node meanwhile', () => {
    const { ask, node, memory } = server();
    expect(ask(['asg-batch', 'asg-other'], now).answer).to.deep.equal(['asg-batch']);
    node('web', now + minutes);
    const { begun } = ask(['asg-web', 'asg-other'], now + 2 * minutes);
    expect(begun.map(({ of, nodeGroupId }) => [of, nodeGroupId])).to.deep.equal([['group', 'asg-batch']]);
    expect(begun[0]?.evidence).to.match(
      /web got this type in this zone meanwhile, so the group alone rests$/,
    );
    expect(cooldownOf(memory(), pool, now + 3 * minutes)).to.equal(undefined);
    expect(groupCooldownOf(memory(), 'asg-batch', now + 3 * minutes)?.untilMs).to.equal(
      now + 2 * minutes + defaultPolicy.cooldownMs,
    );
    // Its sibling of the same pool is answered; the group itself goes behind what is dearer.
    expect(ask(['asg-batch', 'asg-web', 'asg-other'], now + 3 * minutes).answer).to.deep.equal(['asg-web']);
    expect(ask(['asg-batch', 'asg-other'], now + 3 * minutes).answer).to.deep.equal(['asg-other']);
  });

  it('a class that rests is cleared by a node that its sibling gets, and the failure stays with the group', () => {
    const { ask, node, memory } = server();
    ask(['asg-batch', 'asg-other'], now);
    expect(ask(['asg-other'], now + minutes).begun.map(({ of }) => of)).to.deep.equal(['class']);
    expect(cooldownOf(memory(), pool, now + 2 * minutes)).to.not.equal(undefined);
    node('web', now + 2 * minutes);
    expect(memory().ended.map(({ of }) => of)).to.deep.equal(['class']);
    expect(memory().begun.map(({ of, nodeGroupId }) => [of, nodeGroupId])).to.deep.equal([
      ['group', 'asg-batch'],
    ]);
    expect(cooldownOf(memory(), pool, now + 3 * minutes)).to.equal(undefined);
    expect(groupCooldownOf(memory(), 'asg-batch', now + 3 * minutes)).to.not.equal(undefined);
  });

  it('a node of the group itself, or of no group that is known, ends the rest whole', () => {
    for (const name of ['batch', undefined]) {
      const { ask, node, memory } = server();
      ask(['asg-batch', 'asg-other'], now);
      ask(['asg-other'], now + minutes);
      node(name, now + 2 * minutes);
      expect(memory().resting.size, String(name)).to.equal(0);
    }
    const { ask, node, memory } = server();
    ask(['asg-batch', 'asg-other'], now);
    node('web', now + minutes);
    ask(['asg-other'], now + 2 * minutes);
    node('web', now + 3 * minutes);
    expect(memory().resting.size).to.equal(1);
    node('batch', now + 4 * minutes);
    expect(memory().resting.size).to.equal(0);
  });

  it('a node of a sibling is not counted for the group that was asked', () => {
    const { ask, node, memory } = server();
    ask(['asg-batch', 'asg-other'], now);
    for (const at of [1, 2, 3]) node('web', now + at * minutes);
    expect(memory().watched.map(({ nodesCome }) => nodesCome)).to.deep.equal([0]);
    node('batch', now + 4 * minutes);
    expect(memory().watched.map(({ nodesCome }) => nodesCome)).to.deep.equal([1]);
  });

  it('what a sibling got before the choice clears nothing', () => {
    const { ask, node } = server();
    node('web', now - minutes);
    ask(['asg-batch', 'asg-other'], now);
    expect(ask(['asg-other'], now + minutes).begun.map(({ of }) => of)).to.deep.equal(['class']);
  });
});

describe('a group at its maximum', () => {
  it('that is no longer offered has not failed, and what it got is no word on capacity', () => {
    const { ask, memory } = server();
    ask(['asg-batch', 'asg-other'], now);
    expect(ask(['asg-other'], now + minutes, (id) => id === 'asg-batch').begun).to.deep.equal([]);
    expect(memory().watched.map(({ nodeGroupId }) => nodeGroupId)).to.deep.equal(['asg-other']);
    expect(memory().struggles).to.deep.equal([]);
  });

  it('that is offered again for the same pods has room, so it has failed', () => {
    const { ask } = server();
    ask(['asg-batch', 'asg-other'], now);
    expect(ask(['asg-batch', 'asg-other'], now + 3 * minutes, () => true).begun).to.have.length(1);
  });
});

describe('what others have seen', () => {
  const rest: RestingClass = {
    of: 'class',
    pool,
    capacityClass: 'c5.large@ap-south-1a/spot',
    nodeGroupId: 'asg-batch',
    groupName: 'batch',
    sinceMs: now,
    untilMs: now + 5 * minutes,
    evidence: 'nothing came',
  };

  it('is obeyed like what was seen here, is not told again, and ends when they say so', () => {
    const { ask, tell, memory } = server();
    tell({ kind: 'heard', atMs: now, begun: [rest], ended: [] });
    expect(memory().begun).to.deep.equal([]);
    expect(ask(['asg-batch', 'asg-web', 'asg-other'], now + minutes).answer).to.deep.equal(['asg-other']);
    tell({ kind: 'heard', atMs: now + 2 * minutes, begun: [], ended: ['c5.large@ap-south-1a/spot'] });
    expect(ask(['asg-batch', 'asg-other'], now + 2 * minutes).answer).to.deep.equal(['asg-batch']);
  });

  it('neither shortens a longer rest of our own nor brings back what is over', () => {
    const { tell, memory } = server();
    tell({ kind: 'heard', atMs: now, begun: [{ ...rest, untilMs: now + 8 * minutes }], ended: [] });
    tell({ kind: 'heard', atMs: now, begun: [rest], ended: [] });
    expect(memory().resting.get('c5.large@ap-south-1a/spot')?.untilMs).to.equal(now + 8 * minutes);
    const late = server();
    late.tell({ kind: 'heard', atMs: now + 6 * minutes, begun: [rest], ended: [] });
    expect(late.memory().resting.size).to.equal(0);
  });
});
