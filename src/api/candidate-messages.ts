import type { CandidateFacts, Drop, PoolRanking, RankedCandidate } from '../decision/decision.ts';
import type { CapacityType } from '../decision/pool.ts';
import type { CandidateMessage, CapacityTypeName, DropCount } from './messages.ts';

const capacityTypeNames: Readonly<Record<CapacityType, CapacityTypeName>> = {
  spot: 'SPOT',
  'on-demand': 'ON_DEMAND',
  unknown: 'UNKNOWN',
};

/** All candidates of a ranking: those that hold, best first, then the dropped in the order in which they left. */
export function candidateMessages(ranking: PoolRanking): readonly CandidateMessage[] {
  return [
    ...ranking.ranked.map((candidate, index) => rankedMessage(candidate, index + 1)),
    ...ranking.drops.map(dropMessage),
  ];
}

/** How many candidates each layer dropped, and why. */
export function dropCounts(drops: readonly Drop[]): readonly DropCount[] {
  const groups = Map.groupBy(drops, ({ layer, reason }) => `${layer} ${reason}`);
  return [...groups.values()].flatMap((group) =>
    group.slice(0, 1).map(({ layer, reason }) => ({ layer, reason, count: group.length })),
  );
}

export function rankedMessage(candidate: RankedCandidate, rank: number): CandidateMessage {
  return {
    ...factsMessage(candidate),
    crash_probability: candidate.crashProbability,
    expected_frequency: candidate.expectedFrequency,
    waste_cost: candidate.wastePerHour,
    tco: candidate.tco,
    yield_score: candidate.yield,
    affinity: candidate.affinity ?? null,
    spread: candidate.spread ?? null,
    heat: candidate.heat,
    score: candidate.score,
    price_per_hour: candidate.pricePerHour,
    price_source: candidate.priceSource,
    explanation: candidate.sentence,
    resting_because: candidate.cooldown?.evidence ?? null,
    is_valid: true,
    rank,
  };
}

function dropMessage({ facts, layer, reason, sentence }: Drop): CandidateMessage {
  return {
    ...factsMessage(facts),
    filtered_by: layer,
    filtered_code: reason,
    filtered_reason: sentence,
  };
}

function factsMessage(facts: CandidateFacts): CandidateMessage {
  const { spotPerHour, onDemandPerHour } = facts;
  return {
    id: facts.id,
    instance_type: facts.instanceType,
    availability_zone: facts.zone,
    region: facts.region,
    capacity_type: capacityTypeNames[facts.capacityType],
    node_count: facts.nodeCount,
    spot_price: spotPerHour ?? null,
    on_demand_price: onDemandPerHour ?? null,
    discount_depth:
      spotPerHour === undefined || onDemandPerHour === undefined || onDemandPerHour === 0
        ? null
        : 1 - spotPerHour / onDemandPerHour,
    crash_probability: facts.crashProbability ?? null,
    expected_frequency: facts.expectedFrequency ?? null,
    risk_source: facts.riskSource,
    historic_interrupt_rate: facts.historicInterruptRate ?? null,
    vcpu: facts.vcpu ?? null,
    memory_gb: facts.memoryGib ?? null,
    architecture: facts.architecture,
    admitted_for: facts.admittedFor ?? null,
    waste_cost: null,
    tco: null,
    yield_score: null,
    affinity: null,
    spread: null,
    heat: facts.heat ?? 0,
    score: null,
    price_per_hour: null,
    price_source: null,
    explanation: null,
    resting_because: null,
    is_valid: false,
    filtered_reason: null,
    filtered_by: null,
    filtered_code: null,
    rank: 0,
  };
}
