import { expect } from 'chai';
import { decideScaleUp } from '../../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../../src/decision/policy.ts';
import type { RestingClass } from '../../../../src/decision/capacity-rests.ts';
import { capacityKeeper } from '../../../../src/server/expander/capacity-keeper.ts';
import { knownMarket, modelRisk, now, pod, scaleUp, spotPool } from '../../decision/known-market.ts';

const minutes = 60_000;
const week = 7 * 24 * 60 * minutes;
const dry = spotPool('c5.large@ap-south-1a');
const market = knownMarket({
  prices: {
    'c5.large': { spotPerHour: 0.03, onDemandPerHour: 0.085 },
    'm5.large': { spotPerHour: 0.05, onDemandPerHour: 0.1 },
  },
  risk: { 'c5.large': modelRisk(0.1), 'm5.large': modelRisk(0.1) },
});
const groups = {
  cheap: { type: 'c5.large', zone: 'ap-south-1a', capacityType: 'SPOT', nodeCount: 2, pods: [0] },
  other: { type: 'm5.large', zone: 'ap-south-1b', capacityType: 'SPOT', nodeCount: 2, pods: [0] },
} as const;
const waiting = [pod(500, 1, { uid: '1' })];

function keeper() {
  const clock = { wallMs: now, monotonicMs: 1_000 };
  const rests: RestingClass[] = [];
  const kept = capacityKeeper({
    policy: defaultPolicy,
    by: 'a',
    clock: { nowMs: () => clock.wallMs, monotonicMs: () => clock.monotonicMs },
    onRest: (resting) => void rests.push(resting),
    onFault: (error) => {
      throw error;
    },
  });
  return {
    clock,
    rests,
    cooldown: () => kept.cooldown(dry),
    ask(offered: readonly (keyof typeof groups)[]): void {
      const request = scaleUp(Object.fromEntries(offered.map((id) => [id, groups[id]])), waiting);
      const atMs = clock.wallMs;
      kept.tell({ kind: 'asked', atMs, request });
      const decision = decideScaleUp(request, market, defaultPolicy, atMs);
      kept.tell({ kind: 'answered', atMs, request, decision });
    },
    passes(ms: number): void {
      clock.wallMs += ms;
      clock.monotonicMs += ms;
    },
  };
}

describe('the capacity keeper, when the wall clock jumps', () => {
  it('lets a class rest for its time and no longer when the clock is set back', () => {
    const one = keeper();
    one.ask(['cheap', 'other']);
    one.passes(minutes);
    one.ask(['other']);
    expect(one.rests.map(({ nodeGroupId }) => nodeGroupId)).to.deep.equal(['cheap']);
    expect(one.rests[0]?.untilMs).to.equal(one.clock.wallMs + defaultPolicy.cooldownMs);
    one.clock.wallMs -= week;
    expect(one.cooldown()?.untilMs).to.equal(one.clock.wallMs + defaultPolicy.cooldownMs);
    one.passes(defaultPolicy.cooldownMs + 1);
    expect(one.cooldown()).to.equal(undefined);
  });

  it('takes no choice for undelivered because the clock was set ahead', () => {
    const one = keeper();
    one.ask(['cheap', 'other']);
    one.passes(1_000);
    one.clock.wallMs += 10 * minutes;
    one.ask(['cheap', 'other']);
    expect(one.rests).to.deep.equal([]);
    one.passes(10 * minutes);
    one.ask(['cheap', 'other']);
    expect(one.rests.map(({ nodeGroupId }) => nodeGroupId)).to.deep.equal(['cheap']);
  });
});
