import { expect } from 'chai';
import fc from 'fast-check';
import type { CapacityEvent, CapacityMemory } from '../../../src/decision/capacity-memory.ts';
import { emptyCapacityMemory, remembered } from '../../../src/decision/capacity-memory.ts';
import { classOf, cooldownOf } from '../../../src/decision/capacity-rests.ts';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { Knowledge } from '../../../src/decision/knowledge.ts';
import type { PendingPod, ScaleUpRequest } from '../../../src/decision/scale-up-request.ts';
import { knownMarket, modelRisk, now, pod, scaleUp, spotPool } from './known-market.ts';

const seconds = 1000;
const minutes = 60 * seconds;
const dry = spotPool('c5.large@ap-south-1a');

const market = knownMarket({
  prices: {
    'c5.large': { spotPerHour: 0.03, onDemandPerHour: 0.085 },
    'm5.large': { spotPerHour: 0.05, onDemandPerHour: 0.1 },
    't3.medium': { spotPerHour: 0.06, onDemandPerHour: 0.1 },
  },
  risk: { 'c5.large': modelRisk(0.1), 'm5.large': modelRisk(0.1), 't3.medium': modelRisk(0.1) },
});

const shown = {
  cheap: { type: 'c5.large', zone: 'ap-south-1a', capacityType: 'SPOT', nodeCount: 2 },
  twin: { type: 'c5.large', zone: 'ap-south-1a', capacityType: 'SPOT', nodeCount: 2 },
  other: { type: 'm5.large', zone: 'ap-south-1b', capacityType: 'SPOT', nodeCount: 2 },
  third: { type: 't3.medium', zone: 'ap-south-1c', capacityType: 'SPOT', nodeCount: 2 },
} as const;

function pods(...uids: readonly string[]): readonly PendingPod[] {
  return uids.map((uid) => pod(500, 1, uid === '' ? {} : { uid }));
}

function asking(groups: readonly (keyof typeof shown)[], waiting: readonly PendingPod[]): ScaleUpRequest {
  const all = waiting.map((_, index) => index);
  return scaleUp(Object.fromEntries(groups.map((id) => [id, { ...shown[id], pods: all }])), waiting);
}

/** A server that remembers, asked in turn. */
function server() {
  let memory: CapacityMemory = emptyCapacityMemory;
  const tell = (event: CapacityEvent) => {
    memory = remembered(memory, event, defaultPolicy);
    return memory.begun;
  };
  return {
    tell,
    memory: () => memory,
    ask: (request: ScaleUpRequest, atMs: number): { answer: readonly string[]; begun: readonly string[] } => {
      const begun = tell({ kind: 'asked', atMs, request }).map(({ evidence }) => evidence);
      const knowledge: Knowledge = { ...market, cooldown: (pool) => cooldownOf(memory, pool, atMs) };
      const decision = decideScaleUp(request, knowledge, defaultPolicy, atMs);
      tell({ kind: 'answered', atMs, request, decision });
      return { answer: decision.answer, begun };
    },
  };
}

describe('capacity memory', () => {
  const three = pods('1', '2', '3');

  it('rests the class of a group that vanished while its pods still wait', () => {
    const { ask } = server();
    expect(ask(asking(['cheap', 'other'], three), now).answer).to.deep.equal(['cheap']);
    const second = ask(asking(['other'], three), now + 30 * seconds);
    expect(second.begun).to.deep.equal([
      'cheap is no longer offered while 3 of the 3 pods it was chosen for 30 s ago still wait',
    ]);
    expect(ask(asking(['cheap', 'other'], three), now + 60 * seconds).answer).to.deep.equal(['other']);
  });

  it('rests other groups of the same type, zone and capacity type with it', () => {
    const { ask } = server();
    ask(asking(['cheap', 'other'], three), now);
    ask(asking(['other', 'third'], three), now + 30 * seconds);
    expect(ask(asking(['twin', 'third'], three), now + 60 * seconds).answer).to.deep.equal(['third']);
  });

  it('does not loop over Spot groups that run dry one after the other', () => {
    const { ask } = server();
    const answers: string[] = [];
    const offered = new Set<keyof typeof shown>(['cheap', 'other', 'third']);
    for (let round = 0; round < 3; round++) {
      const [chosen = ''] = ask(asking([...offered], three), now + round * minutes).answer;
      answers.push(chosen);
      offered.delete(chosen as keyof typeof shown);
    }
    // Back-off is over at the autoscaler, all come back: those that failed still rest behind the last.
    expect(answers).to.deep.equal(['cheap', 'other', 'third']);
    expect(ask(asking(['cheap', 'other', 'third'], three), now + 3 * minutes).answer).to.deep.equal([
      'third',
    ]);
  });

  it('forgets the rest after its time', () => {
    const { ask, memory } = server();
    ask(asking(['cheap', 'other'], three), now);
    ask(asking(['other'], three), now + seconds);
    expect(cooldownOf(memory(), dry, now + 10 * minutes)).to.not.equal(undefined);
    expect(cooldownOf(memory(), dry, now + seconds + 10 * minutes)).to.equal(undefined);
    const later = asking(['cheap', 'other'], pods('7', '8', '9'));
    expect(ask(later, now + 20 * minutes).answer).to.deep.equal(['cheap']);
    expect(memory().resting.size).to.equal(0);
  });

  it('sees nothing in a group that vanished when other pods wait', () => {
    const { ask } = server();
    ask(asking(['cheap', 'other'], three), now);
    expect(ask(asking(['other'], pods('7', '8', '9')), now + 30 * seconds).begun).to.deep.equal([]);
  });

  it('sees nothing when most of the pods were served', () => {
    const { ask } = server();
    ask(asking(['cheap', 'other'], three), now);
    expect(ask(asking(['other'], pods('3', '8')), now + 30 * seconds).begun).to.deep.equal([]);
  });

  it('takes a group that is offered again for the same pods as evidence once it has had time to act', () => {
    const { ask } = server();
    const request = asking(['cheap', 'other'], three);
    for (const second of [0, 10, 20, 60, 119])
      expect(ask(request, now + second * seconds).answer, `${second} s`).to.deep.equal(['cheap']);
    const late = ask(request, now + 121 * seconds);
    expect(late.begun[0]).to.equal(
      'cheap is offered again while 3 of the 3 pods it was chosen for 2 min ago still wait',
    );
    expect(late.answer).to.deep.equal(['other']);
  });

  it('watches a new choice for new pods from its own time', () => {
    const { ask } = server();
    ask(asking(['cheap', 'other'], three), now);
    ask(asking(['cheap', 'other'], pods('4', '5', '6')), now + 100 * seconds);
    expect(ask(asking(['cheap', 'other'], pods('4', '5', '6')), now + 130 * seconds).begun).to.deep.equal([]);
  });

  it('ends the watch when the nodes that were asked for appear, and the rest when one does', () => {
    const watched = server();
    watched.ask(asking(['cheap', 'other'], three), now);
    for (const after of [20, 21])
      watched.tell({ kind: 'node-appeared', atMs: now + after * seconds, pool: dry });
    expect(watched.ask(asking(['other'], three), now + 30 * seconds).begun).to.deep.equal([]);
    const resting = server();
    resting.ask(asking(['cheap', 'other'], three), now);
    resting.ask(asking(['other'], three), now + 30 * seconds);
    resting.tell({ kind: 'node-appeared', atMs: now + 40 * seconds, pool: dry });
    expect(cooldownOf(resting.memory(), dry, now + 50 * seconds)).to.equal(undefined);
  });

  it('sees a node in the node map of a group that had none, where one was asked for', () => {
    const { ask } = server();
    const one = asking(['cheap', 'other'], three);
    ask({ ...one, options: one.options.map((option) => ({ ...option, nodeCount: 1 })) }, now);
    const request = asking(['other'], three);
    const template = asking(['cheap'], three).nodes.get('cheap')!;
    const nodes = new Map([
      ...request.nodes,
      ['cheap', { ...template, providerId: 'aws:///ap-south-1a/i-1' }],
    ]);
    expect(ask({ ...request, nodes }, now + 30 * seconds).begun).to.deep.equal([]);
  });

  it('watches no answer of groups of which nothing is known, nor one without readable pods', () => {
    const { ask, memory, tell } = server();
    const request = asking(['cheap', 'other'], three);
    const decision = decideScaleUp(request, { ...market, prices: () => undefined }, defaultPolicy, now);
    expect(decision.answer).to.have.length(2);
    tell({ kind: 'answered', atMs: now, request, decision });
    ask(asking(['cheap'], []), now);
    expect(memory().watched).to.have.length(0);
  });

  it('tells pods apart by shape where uids are missing, and then wants all of them to wait', () => {
    const all = server();
    all.ask(asking(['cheap', 'other'], pods('', '', '')), now);
    expect(all.ask(asking(['other'], pods('', '', '')), now + 30 * seconds).begun).to.have.length(1);
    const some = server();
    some.ask(asking(['cheap', 'other'], pods('', '', '')), now);
    expect(some.ask(asking(['other'], pods('', '')), now + 30 * seconds).begun).to.deep.equal([]);
  });

  it('sees nothing in a request without options', () => {
    const { ask } = server();
    ask(asking(['cheap', 'other'], three), now);
    expect(ask(asking([], three), now + 30 * seconds)).to.deep.equal({ answer: [], begun: [] });
  });

  it('gives up watching after a while', () => {
    const { ask, memory } = server();
    ask(asking(['cheap', 'other'], three), now);
    expect(ask(asking(['other'], three), now + 46 * minutes).begun).to.deep.equal([]);
    expect(memory().watched.map(({ nodeGroupId }) => nodeGroupId)).to.deep.equal(['other']);
  });

  it('keeps pools apart by capacity type', () => {
    expect(classOf(dry)).to.equal('c5.large@ap-south-1a/spot');
    expect(classOf({ ...dry, capacityType: 'on-demand' })).to.equal('c5.large@ap-south-1a/on-demand');
  });

  it('stays bounded and never changes what it was given', () => {
    const groups: readonly (keyof typeof shown)[] = ['cheap', 'twin', 'other', 'third'];
    const step = fc.record({
      offered: fc.subarray([...groups], { minLength: 1 }),
      uids: fc.subarray(['1', '2', '3', '4', '5', '']),
      afterMs: fc.nat(3 * minutes),
      appears: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let memory = emptyCapacityMemory;
        let atMs = now;
        const next = (event: CapacityEvent) => {
          const before = JSON.stringify([memory.watched.length, [...memory.resting], memory.begun]);
          const after = remembered(memory, event, defaultPolicy);
          expect(JSON.stringify([memory.watched.length, [...memory.resting], memory.begun])).to.equal(before);
          memory = after;
        };
        for (const { offered, uids, afterMs, appears } of steps) {
          atMs += afterMs;
          const request = asking(offered, pods(...uids));
          next({ kind: 'asked', atMs, request });
          const decision = decideScaleUp(request, market, defaultPolicy, atMs);
          next({ kind: 'answered', atMs, request, decision });
          if (appears) next({ kind: 'node-appeared', atMs, pool: dry });
          expect(memory.watched.length).to.be.at.most(groups.length);
          for (const rest of memory.resting.values()) {
            expect(rest.untilMs - rest.sinceMs).to.equal(defaultPolicy.cooldownMs);
            expect(rest.evidence).to.contain(rest.nodeGroupId);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds at most 64 choices, the newest', () => {
    const { ask, memory } = server();
    for (let round = 0; round < 70; round++) {
      const id = `g${round}`;
      ask(scaleUp({ [id]: { ...shown.cheap, pods: [0] } }, pods(`${round}`)), now + round);
    }
    expect(memory().watched).to.have.length(64);
    expect(memory().watched.at(-1)?.nodeGroupId).to.equal('g69');
  });
});

describe('capacity memory of more than one answer', () => {
  const many = pods(...Array.from({ length: 20 }, (_, index) => `p${index}`));
  const askedFor = (
    nodeCount: number,
    groups: readonly (keyof typeof shown)[],
    waiting: readonly PendingPod[],
  ) => {
    const request = asking(groups, waiting);
    return { ...request, options: request.options.map((option) => ({ ...option, nodeCount })) };
  };

  it('is not content with one node of twenty: the class rests once the others did not come', () => {
    const { ask, tell } = server();
    expect(ask(askedFor(20, ['cheap', 'other'], many), now).answer).to.deep.equal(['cheap']);
    tell({ kind: 'node-appeared', atMs: now + 60 * seconds, pool: dry });
    const left = many.slice(1);
    const later = ask(askedFor(19, ['other', 'third'], left), now + 16 * minutes);
    expect(later.begun).to.deep.equal([
      'cheap is no longer offered while 19 of the 20 pods it was chosen for 16 min ago still wait, 1 of 20 nodes came',
    ]);
  });

  it('forgets a choice whose nodes all came', () => {
    const { ask, tell, memory } = server();
    ask(askedFor(2, ['cheap', 'other'], many), now);
    tell({ kind: 'node-appeared', atMs: now + 60 * seconds, pool: dry });
    expect(memory().watched.map(({ nodesCome }) => nodesCome)).to.deep.equal([1]);
    tell({ kind: 'node-appeared', atMs: now + 70 * seconds, pool: dry });
    expect(memory().watched).to.deep.equal([]);
  });

  it('watches every id of an answered set, and takes none for failed because it is offered again', () => {
    const { tell, memory } = server();
    const request = asking(['cheap', 'other', 'third'], many);
    const tolerant = { ...defaultPolicy, equalSetTolerance: 100 };
    const decision = decideScaleUp(request, market, tolerant, now);
    expect(decision.answer).to.have.length(3);
    tell({ kind: 'answered', atMs: now, request, decision });
    expect(memory().watched).to.have.length(3);
    expect(tell({ kind: 'asked', atMs: now + 5 * minutes, request })).to.deep.equal([]);
    const [rest, ...others] = tell({
      kind: 'asked',
      atMs: now + 6 * minutes,
      request: asking(['cheap', 'third'], many),
    });
    expect([rest?.nodeGroupId, others]).to.deep.equal(['other', []]);
  });

  it('suspects the third zone of a type that was short in two', () => {
    const { tell, memory } = server();
    for (const [index, zone] of ['ap-south-1a', 'ap-south-1b'].entries()) {
      const group = { type: 'c5.large', zone, capacityType: 'SPOT', nodeCount: 1, pods: [0] } as const;
      const other = { ...shown.other, pods: [0] };
      const waiting = pods(`w${index}`);
      const request = scaleUp({ group, other }, waiting);
      const decision = decideScaleUp(request, market, defaultPolicy, now);
      expect(decision.answer).to.deep.equal(['group']);
      tell({ kind: 'answered', atMs: now + index, request, decision });
      const without = { ...request, options: request.options.slice(1) };
      tell({ kind: 'asked', atMs: now + minutes + index, request: without });
      const third = cooldownOf(memory(), spotPool('c5.large@ap-south-1c'), now + 2 * minutes);
      expect(third?.evidence).to.equal(
        index === 0 ? undefined : 'c5.large was short in ap-south-1a and ap-south-1b',
      );
    }
    expect(cooldownOf(memory(), spotPool('m5.large@ap-south-1c'), now + 2 * minutes)).to.equal(undefined);
    tell({ kind: 'node-appeared', atMs: now + 3 * minutes, pool: spotPool('c5.large@ap-south-1b') });
    expect(cooldownOf(memory(), spotPool('c5.large@ap-south-1c'), now + 3 * minutes)).to.equal(undefined);
  });

  it('goes on-demand after three choices of Spot in vain, or after their pods waited too long, and back when they are served', () => {
    const onDemand = {
      type: 'm5.large',
      zone: 'ap-south-1a',
      capacityType: 'ON_DEMAND',
      nodeCount: 2,
    } as const;
    const spot = ['cheap', 'other', 'third'] as const;
    const run = (policy: typeof defaultPolicy, pauseMs: number) => {
      let memory: CapacityMemory = emptyCapacityMemory;
      const answers: string[] = [];
      const offered = new Set<string>(spot);
      let atMs = now;
      for (let round = 0; round < 5; round += 1) {
        const waiting = pods('1', '2', '3');
        const all = { ...shown, od: onDemand };
        const request = scaleUp(
          Object.fromEntries(
            Object.entries(all)
              .filter(([id]) => id === 'od' || offered.has(id))
              .map(([id, group]) => [id, { ...group, pods: [0, 1, 2] }]),
          ),
          waiting,
        );
        memory = remembered(memory, { kind: 'asked', atMs, request }, policy);
        const knowledge: Knowledge = {
          ...market,
          cooldown: (pool) => cooldownOf(memory, pool, atMs),
          ...(memory.onDemandFirst !== undefined && { onDemandFirst: memory.onDemandFirst }),
        };
        const decision = decideScaleUp(request, knowledge, policy, atMs);
        answers.push(decision.answer.join());
        if (decision.answer[0] === 'od') {
          expect(decision.remarks.join()).to.match(/on-demand first: Spot was chosen \d times in vain/);
          const after = remembered(
            memory,
            { kind: 'asked', atMs: atMs + 1, request: asking(['cheap'], pods('9')) },
            policy,
          );
          expect(after.onDemandFirst).to.equal(undefined);
          return answers;
        }
        memory = remembered(memory, { kind: 'answered', atMs, request, decision }, policy);
        offered.delete(decision.answer[0] ?? '');
        atMs += pauseMs;
      }
      return answers;
    };
    const patient = { ...defaultPolicy, spotWaitMs: 24 * 60 * minutes };
    expect(run({ ...patient, spotFailures: 2 }, minutes)).to.deep.equal(['cheap', 'other', 'od']);
    expect(run({ ...patient, spotFailures: 9, spotWaitMs: minutes }, minutes)).to.deep.equal(['cheap', 'od']);
  });
});
