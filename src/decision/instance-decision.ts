import { mockSentence } from './explanation.ts';
import type { InstanceDecision, PoolRanking, RankedCandidate } from './decision.ts';
import type { CandidateRisk } from './decision-context.ts';
import type { Knowledge } from './knowledge.ts';
import type { Policy } from './policy.ts';
import type { Pool } from './pool.ts';
import { groupOfPool } from './pool-candidates.ts';
import type { InstanceQuestion, PoolQuestion } from './questions.ts';
import type { Resources } from './resources.ts';
import { largerTypes } from './right-sizing.ts';
import { riskOf } from './risk.ts';
import { sizeOfType } from './scale-up-candidates.ts';
import { soundKnowledge } from './sound-knowledge.ts';

type Rank = (pools: readonly PoolQuestion[]) => PoolRanking;

/**
 * STAY, SWITCH, DRAIN or EVACUATE. TERMINATION evacuates and REBALANCE drains whatever the model says. Without a
 * signal the model is trusted: at or above the gate, or when another node of the pool got a termination notice (over
 * 92 % of interruptions come within three minutes in the same type and zone), the instance switches, provided that a
 * safer pool ranks for work of its size.
 */
export function instanceDecision(
  question: InstanceQuestion,
  knowledge: Knowledge,
  policy: Policy,
  nowMs: number,
  rank: Rank,
): InstanceDecision {
  const base = { signal: question.signal, atMs: question.signalAtMs ?? nowMs } as const;
  try {
    const sound = soundKnowledge(knowledge, nowMs);
    const risk = ownRisk(question.pool, sound, policy);
    const known = {
      ...base,
      ...(risk.source !== 'none' && {
        crashProbability: risk.crashProbability,
        expectedFrequency: risk.expectedFrequency,
      }),
      riskSource: risk.source,
      degradation: {
        step: risk.step,
        reasons: [
          ...(risk.step === 'model'
            ? []
            : [
                risk.source === 'mock' ? mockSentence : whyNoModel(sound),
                ...missingBand(question, risk),
                ...sound.faults(),
              ]),
          ...(sound.remarks ?? []),
        ],
      },
    };
    switch (question.signal) {
      case 'TERMINATION':
      case 'REBALANCE':
        return { ...known, ...obeyed(question.signal) };
      case 'NONE':
        return { ...known, ...judged(question, sound, policy, risk, rank) };
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      ...base,
      ...(question.signal === 'NONE'
        ? { decision: 'STAY', reason: `the instance could not be judged (${message}), so it is left alone` }
        : obeyed(question.signal)),
      riskSource: 'none',
      degradation: { step: 'all-ids', reasons: [message] },
    };
  }
}

/** What is missing where nothing tells the risk. */
function missingBand({ pool }: InstanceQuestion, { source }: CandidateRisk): readonly string[] {
  const { instanceType, region } = pool;
  return source === 'none'
    ? [`no Spot Advisor band of ${instanceType}${region === '' ? '' : ` in ${region}`} is known`]
    : [];
}

function whyNoModel({ pricesAreStale }: Knowledge): string {
  return pricesAreStale
    ? 'Spot prices are stale and so is what a model makes of them'
    : 'no model speaks for this pool';
}

type Verdict = Pick<InstanceDecision, 'decision' | 'reason' | 'proposed'>;

function obeyed(signal: 'REBALANCE' | 'TERMINATION'): Verdict {
  return signal === 'TERMINATION'
    ? {
        decision: 'EVACUATE',
        reason: 'AWS will take this instance within two minutes: pods must leave at once',
      }
    : {
        decision: 'DRAIN',
        reason: 'AWS recommends a rebalance: the risk is elevated, pods leave as their budgets allow',
      };
}

function ownRisk(pool: Pool, knowledge: Knowledge, policy: Policy): CandidateRisk {
  const { pools, capacityType, onDemandShare } = groupOfPool({ pool });
  return riskOf({ pools, capacityType, onDemandShare, operatingSystem: 'linux' }, knowledge, policy, 'model');
}

function judged(
  question: InstanceQuestion,
  knowledge: Knowledge,
  policy: Policy,
  risk: CandidateRisk,
  rank: Rank,
): Verdict {
  const { pool } = question;
  const { source, crashProbability } = risk;
  const isSpot = pool.capacityType !== 'on-demand';
  const poolEnds = policy.switches.hotPools && isSpot && knowledge.signal(pool)?.kind === 'TERMINATION';
  const isRisky =
    policy.switches.safetyGate &&
    isSpot &&
    source !== 'none' &&
    crashProbability >= policy.maxCrashProbability;
  const told = `crash probability ${crashProbability.toFixed(2)} (${source})`;
  if (!isRisky && !poolEnds) {
    if (!isSpot) return { decision: 'STAY', reason: 'on-demand instances are not reclaimed' };
    return {
      decision: 'STAY',
      reason:
        source === 'none'
          ? 'nothing tells the risk of this pool and AWS has given no signal, so the instance is left alone'
          : `${told} is below the gate of ${policy.maxCrashProbability}`,
    };
  }
  const why = poolEnds
    ? 'another node of this pool got a termination notice'
    : `${told} reaches the gate of ${policy.maxCrashProbability}`;
  const proposed = betterPool(question, knowledge, policy, rank, poolEnds ? 1 : crashProbability);
  if (proposed === undefined) return { decision: 'STAY', reason: `${why}, but no better pool is known` };
  return { decision: 'SWITCH', reason: `${why}; ${proposed.id} is better: ${proposed.sentence}`, proposed };
}

/**
 * The best that is neither hot nor resting, of known risk, safer than the instance's own pool where that is why it leaves, and
 * by the fleet's own record not interrupted more often than it.
 */
function betterPool(
  { pool, alternatives }: InstanceQuestion,
  knowledge: Knowledge,
  policy: Policy,
  rank: Rank,
  belowProbability: number,
): RankedCandidate | undefined {
  const facts = knowledge.instanceType(pool.instanceType);
  const demand: Resources | undefined = facts === undefined ? undefined : sizeOfType(facts);
  const larger = policy.switches.rightSizing
    ? largerTypes(pool, knowledge, policy.maxSizeFactor).map(({ instanceType }) => ({
        ...pool,
        instanceType,
      }))
    : [];
  const pools = [pool, ...(alternatives ?? otherZones(pool, knowledge)), ...larger];
  const questions = pools.map((one) => (demand === undefined ? { pool: one } : { pool: one, demand }));
  const own = { id: groupOfPool({ pool }).id, hazard: knowledge.hazard?.(pool) ?? Infinity };
  return rank(questions).ranked.find(
    (candidate) =>
      candidate.id !== own.id &&
      candidate.heat === 0 &&
      candidate.cooldown === undefined &&
      candidate.riskSource !== 'none' &&
      candidate.crashProbability < belowProbability &&
      candidate.pools.every((one) => (knowledge.hazard?.(one) ?? 0) <= own.hazard),
  );
}

/** The same type in the region's other zones, as far as prices know them. */
function otherZones(pool: Pool, knowledge: Knowledge): readonly Pool[] {
  return siblingZones(pool.zone)
    .map((zone) => ({ ...pool, zone }))
    .filter((other) => knowledge.prices(other) !== undefined);
}

/** `ap-south-1a` → `ap-south-1b` … `ap-south-1f`; `aps1-az1` → `aps1-az2` … `aps1-az6`. */
function siblingZones(zone: string): readonly string[] {
  const byName = /^([a-z]{2,}(?:-[a-z]+)+-\d+)[a-z]$/.exec(zone)?.[1];
  const byId = /^([a-z]+\d+-az)\d+$/.exec(zone)?.[1];
  const all =
    byName !== undefined
      ? ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => byName + letter)
      : byId !== undefined
        ? ['1', '2', '3', '4', '5', '6'].map((digit) => byId + digit)
        : [];
  return all.filter((other) => other !== zone);
}
