import { decisionIds } from '../../../../src/api/decision-ids.ts';
import { decisionLog } from '../../../../src/server/advisor/decision-log.ts';
import type { Offerings } from '../../../../src/server/advisor/offerings.ts';
import { spotAdvisor } from '../../../../src/server/advisor/spot-advisor.ts';
import type { Knowledge, PoolSignal } from '../../../../src/decision/knowledge.ts';
import { defaultPolicy } from '../../../../src/decision/policy.ts';
import { poolKey, type Pool } from '../../../../src/decision/pool.ts';
import type { DecisionMessage } from '../../../../src/api/messages.ts';

/** A region of a few pools with plain numbers: type, zone, Spot price, on-demand price, crash probability. */
const market = [
  ['c5.large', 'ap-south-1a', 0.03, 0.085, 0.2],
  ['c5.large', 'ap-south-1b', 0.04, 0.085, 0.1],
  ['c5.xlarge', 'ap-south-1a', 0.07, 0.17, 0.2],
  ['m6g.large', 'ap-south-1a', 0.025, 0.0506, 0.1],
  ['r5.large', 'ap-south-1a', 0.05, 0.13, 0.95],
] as const;

const sizes: Readonly<Record<string, readonly [vcpu: number, memoryGib: number, arm: boolean]>> = {
  'c5.large': [2, 4, false],
  'c5.xlarge': [4, 8, false],
  'm6g.large': [2, 8, true],
  'r5.large': [2, 16, false],
};

export const smallMarketNowMs = Date.UTC(2026, 0, 31, 8, 22);

export const offerings: Offerings = {
  pools: market.map(([instanceType, zone]) => ({
    instanceType,
    zone,
    region: 'ap-south-1',
    capacityType: 'spot',
  })),
  instanceTypes: Object.keys(sizes),
};

export function smallMarket(signals: ReadonlyMap<string, PoolSignal> = new Map()): Knowledge {
  const row = (pool: Pool) => market.find(([type, zone]) => type === pool.instanceType && zone === pool.zone);
  return {
    instanceType: (instanceType) => {
      const size = sizes[instanceType];
      if (size === undefined) return undefined;
      const [vcpu, memoryGib, arm] = size;
      const family = instanceType.split('.')[0] ?? '';
      return { instanceType, vcpu, memoryGib, gpus: 0, architecture: arm ? 'arm64' : 'x86_64', family };
    },
    advisorBand: () => ({ interruptRate: 0.025, code: 0 }),
    prices: (pool) => {
      const found = row(pool);
      return (
        found && { spotPerHour: found[2], onDemandPerHour: found[3], spotObservedAtMs: smallMarketNowMs }
      );
    },
    risk: (pool) => {
      const found = row(pool);
      return (
        found && { crashProbability: found[4], expectedFrequency: found[4] / 10, source: 'fleet-hazard' }
      );
    },
    signal: (pool) => signals.get(poolKey(pool)),
    groupFacts: () => undefined,
    cooldown: () => undefined,
    pricesAreStale: false,
  };
}

export function smallAdvisor(knowledge = smallMarket(), pause?: () => Promise<void>) {
  let monotonicMs = 0;
  const clock = { nowMs: () => smallMarketNowMs, monotonicMs: () => (monotonicMs += 1) };
  const told: DecisionMessage[] = [];
  const decisions = decisionLog(decisionIds(clock.nowMs, () => 0));
  const advisor = spotAdvisor({
    knowledge: () => knowledge,
    offerings: () => offerings,
    policy: defaultPolicy,
    region: 'ap-south-1',
    clock,
    decisions,
    onDecision: (decision) => void told.push(decision),
    ...(pause !== undefined && { pause }),
  });
  return { advisor, told, decisions };
}
