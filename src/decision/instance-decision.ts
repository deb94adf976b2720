import { mockSentence } from './explanation.ts';
import type { InstanceDecision, PoolRanking, RankedCandidate } from './decision.ts';
import type { CandidateRisk } from './decision-context.ts';
import type { InterruptionEvidence } from './evidence.ts';
import { interruptionEvidence } from './interruption-evidence.ts';
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
 * signal evidence of interruptions is: at or above the gate, or when another node of the pool got a termination notice (over
 * 92 % of interruptions come within three minutes in the same type and zone), the instance switches, provided that a
 * safer pool ranks for work of its size.
 */
export function instanceDecision(
  question: InstanceQuestion,
  knowledge: Knowledge,
  given: Policy,
  nowMs: number,
  rank: Rank,
): InstanceDecision {
  const base = { signal: question.signal, atMs: question.signalAtMs ?? nowMs } as const;
  try {
    const sound = soundKnowledge(knowledge, nowMs);
    const policy = { ...given, riskHorizonHours: sound.horizonHours ?? given.riskHorizonHours };
    const { risk, evidence } = ownRisk(question.pool, sound, policy);
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
        return { ...known, ...judged(question, sound, policy, risk, evidence, rank) };
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

function ownRisk(
  pool: Pool,
  knowledge: Knowledge,
  policy: Policy,
): { readonly risk: CandidateRisk; readonly evidence: InterruptionEvidence } {
  const { pools, capacityType, onDemandShare } = groupOfPool({ pool });
  const own = { pools, capacityType, onDemandShare, operatingSystem: 'linux' } as const;
  const risk = riskOf(own, knowledge, policy, 'model');
  return { risk, evidence: interruptionEvidence(own, risk, knowledge, policy, 'bands') };
}

function judged(
  question: InstanceQuestion,
  knowledge: Knowledge,
  policy: Policy,
  risk: CandidateRisk,
  evidence: InterruptionEvidence,
  rank: Rank,
): Verdict {
  const { pool } = question;
  const isSpot = pool.capacityType !== 'on-demand';
  const poolEnds = policy.switches.hotPools && isSpot && knowledge.signal(pool)?.kind === 'TERMINATION';
  const isRisky =
    policy.switches.safetyGate &&
    isSpot &&
    evidence.source !== 'typical' &&
    evidence.gateProbability >= policy.maxCrashProbability;
  const riskText = riskTextOf(risk, evidence, policy);
  if (!isRisky && !poolEnds) {
    if (!isSpot) return { decision: 'STAY', reason: 'on-demand instances are not reclaimed' };
    return {
      decision: 'STAY',
      reason:
        evidence.source === 'typical'
          ? `${riskText}nothing tells the risk of this pool and AWS has given no signal, so the instance is left alone`
          : `${riskText} is below the gate of ${policy.maxCrashProbability}`,
    };
  }
  const why = poolEnds
    ? 'another node of this pool got a termination notice'
    : `${riskText} reaches the gate of ${policy.maxCrashProbability}`;
  const proposed = betterPool(question, knowledge, policy, rank, evidence, poolEnds);
  if (proposed === undefined) return { decision: 'STAY', reason: `${why}, but no better pool is known` };
  return { decision: 'SWITCH', reason: `${why}; ${proposed.id} is better: ${proposed.sentence}`, proposed };
}

/** A price forecast is named beside the evidence and never in its place: nothing moves for it. */
function riskTextOf(
  risk: CandidateRisk,
  { source, gateProbability }: InterruptionEvidence,
  policy: Policy,
): string {
  const forecast =
    risk.source === 'family-stress'
      ? `the price model's ${risk.crashProbability.toFixed(2)} is a forecast of prices and moves nothing; `
      : '';
  if (source === 'typical') return forecast;
  const by = {
    fleet: 'by the fleet’s record',
    band: 'by its band',
    model: `by ${risk.source}`,
    'on-demand': '',
  };
  return `${forecast}probability of an interruption ${gateProbability.toFixed(2)} (at even odds, within ${policy.riskHorizonHours} h, ${by[source]})`;
}

/**
 * The best that is neither hot nor resting nor objected to by a filter, whose risk of interruption is known and lower where that
 * is why the instance leaves, and by the fleet's own record not interrupted more often. Never a type with accelerators for work
 * that runs without.
 */
function betterPool(
  { pool, alternatives }: InstanceQuestion,
  knowledge: Knowledge,
  policy: Policy,
  rank: Rank,
  evidence: InterruptionEvidence,
  poolEnds: boolean,
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
  // Nothing that nobody knows is safer than a risk that is known; anything is safer than a pool that ends.
  const isSafer = ({ evidenceSource, gateProbability }: RankedCandidate): boolean =>
    poolEnds || (evidenceSource !== 'typical' && gateProbability < evidence.gateProbability);
  // What a filter objects to is better only where the fleet itself met fewer interruptions there.
  const isCalmer = (candidate: RankedCandidate): boolean =>
    candidate.pools.every((one) => (knowledge.hazard?.(one) ?? Infinity) < own.hazard);
  const isWasted = ({ instanceType }: Pool): boolean =>
    facts?.gpus === 0 && (knowledge.instanceType(instanceType)?.gpus ?? 0) > 0;
  return rank(questions).ranked.find(
    (candidate) =>
      candidate.id !== own.id &&
      candidate.heat === 0 &&
      candidate.cooldown === undefined &&
      (!candidate.isReadmitted || isCalmer(candidate)) &&
      isSafer(candidate) &&
      candidate.pools.every((one) => !isWasted(one) && (knowledge.hazard?.(one) ?? 0) <= own.hazard),
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
