import type { DecisionContext, Objection, Ranked, Scored } from './decision-context.ts';
import { without } from './decision-context.ts';
import { wishOrder } from './group-wishes.ts';
import type { CapacityCooldown, FleetView, Knowledge, PoolSignal } from './knowledge.ts';
import type { Policy } from './policy.ts';
import { hazardText, inThousandHours } from './sentences.ts';
import { expectedAndWorst } from './several-pools.ts';

/**
 * What happens now outranks what was predicted: a hot candidate gives way to every cooler one that is not known to be worse.
 * A candidate all of whose Spot pools gave a termination notice is dropped for it, any other heat discounts the score. Worse
 * is only what the fleet's own record says: where all that is cooler is interrupted more often than the hot pool is, this soon
 * after its notice included, leaving it would cost more interruptions than it spares, and score decides, which counts them.
 * When everything is hot and no record tells them apart the least hot comes first. A capacity class that did not deliver ranks
 * behind all that do not rest.
 * The context is never emptied here. What remains is in order, best first.
 */
export function withReactiveOverride(
  context: DecisionContext<Scored>,
  knowledge: Knowledge,
  policy: Policy,
): DecisionContext<Ranked> {
  const all: DecisionContext<Ranked> = {
    candidates: context.candidates.map((candidate) => felt(candidate, knowledge, policy)),
    drops: context.drops,
  };
  const left = withoutTerminating(all);
  const byHeat = left.candidates.every(({ heat, fleetHazard }) => heat > 0 && fleetHazard === undefined);
  return {
    candidates: left.candidates
      .map((candidate) => discounted(candidate, left.candidates, policy))
      .sort((one, other) => order(one, other, byHeat)),
    drops: left.drops,
  };
}

function felt(candidate: Scored, knowledge: Knowledge, policy: Policy): Ranked {
  const isSpot = candidate.capacityType !== 'on-demand';
  const signals =
    policy.switches.hotPools && isSpot ? candidate.pools.map((pool) => knowledge.signal(pool)) : [];
  const heats = signals.map((signal) => signal?.heat ?? 0);
  const cooldowns = policy.switches.capacityCooldown
    ? candidate.pools.map((pool) => knowledge.cooldown(pool))
    : [];
  return {
    ...candidate,
    heat: (expectedAndWorst(heats, policy.worstPoolWeight) ?? 0) * (1 - candidate.onDemandShare),
    signal: hottest(signals),
    ends: signals.length > 0 && signals.every((signal) => signal?.kind === 'TERMINATION'),
    cooldown:
      (policy.switches.capacityCooldown ? knowledge.groupCooldown?.(candidate.id) : undefined) ??
      resting(cooldowns),
    waitsForOnDemand:
      policy.switches.capacityCooldown &&
      knowledge.onDemandFirst !== undefined &&
      candidate.capacityType !== 'on-demand',
    wishOrder: wishOrder(candidate, knowledge.fleet),
    nodesThere: nodesThere(candidate, knowledge.fleet),
    readmitted: undefined,
  };
}

/** Where the fewest are a tie goes: nodes of its pools, then of its zones, as one number. */
function nodesThere({ pools }: Scored, fleet: FleetView | undefined): number {
  if (fleet === undefined) return 0;
  if (pools.length === 0) return 0;
  let sum = 0;
  for (const pool of pools) sum += fleet.pool(pool).nodes + fleet.inZone(pool.zone) / 1e6;
  return sum / pools.length;
}

/** Where nothing better is left for a hot candidate to give way to, its score stands: its interruptions are in its cost. */
function discounted(candidate: Ranked, all: readonly Ranked[], { hotPenalty }: Policy): Ranked {
  const { heat, score } = candidate;
  return heat === 0 || (candidate.fleetHazard !== undefined && betterThan(candidate, all) === undefined)
    ? candidate
    : {
        ...candidate,
        score: heated(score, heat, hotPenalty),
        scoreUnfiltered: heated(candidate.scoreUnfiltered, heat, hotPenalty),
      };
}

/** A score below 0 is no smaller for being hot. */
function heated(score: number, heat: number, hotPenalty: number): number {
  return (score > 0 ? score * (1 - heat) : score) - hotPenalty * heat;
}

/** The first that is cooler and not known to be interrupted more often. */
function betterThan(hot: Ranked, all: readonly Ranked[]): Ranked | undefined {
  return all.find((other) => isCooler(other, hot) && !isKnownWorse(other, hot));
}

/** A termination notice for all of its pools is hotter than any recommendation. */
function isCooler(one: Ranked, other: Ranked): boolean {
  return one.ends === other.ends ? one.heat < other.heat : other.ends;
}

export function isKnownWorse(one: Ranked, other: Ranked): boolean {
  return (
    one.fleetHazard !== undefined && other.fleetHazard !== undefined && one.fleetHazard > other.fleetHazard
  );
}

function hottest(signals: readonly (PoolSignal | undefined)[]): PoolSignal | undefined {
  return signals.reduce(
    (most, signal) =>
      most === undefined || (signal !== undefined && signal.heat > most.heat) ? signal : most,
    undefined,
  );
}

/** A group rests only when all of its pools do; until the first of them is back. */
function resting(cooldowns: readonly (CapacityCooldown | undefined)[]): CapacityCooldown | undefined {
  if (cooldowns.length === 0 || cooldowns.includes(undefined)) return undefined;
  return cooldowns
    .flatMap((cooldown) => cooldown ?? [])
    .reduce((first, cooldown) => (cooldown.untilMs < first.untilMs ? cooldown : first));
}

function withoutTerminating(context: DecisionContext<Ranked>): DecisionContext<Ranked> {
  return without(context, 'reactive', (candidate): Objection | undefined => {
    const better = candidate.ends ? betterThan(candidate, context.candidates) : undefined;
    if (better === undefined) return undefined;
    const known =
      candidate.fleetHazard === undefined || better.fleetHazard === undefined
        ? ''
        : `: ${better.id}, with ${hazardText(better.fleetHazard)} against ${inThousandHours(candidate.fleetHazard)} here`;
    return {
      reason: 'hot-pool',
      sentence: better.ends
        ? `a node of this pool got a termination notice, heat ${candidate.heat.toFixed(2)}; another is less hot${known}`
        : `a node of this pool got a termination notice, and other pools are there${known}`,
    };
  });
}

function order(one: Ranked, other: Ranked, byHeat: boolean): number {
  return (
    Number(one.waitsForOnDemand) - Number(other.waitsForOnDemand) ||
    Number(one.cooldown !== undefined) - Number(other.cooldown !== undefined) ||
    one.wishOrder - other.wishOrder ||
    (byHeat ? one.heat - other.heat : 0) ||
    other.score - one.score ||
    one.risk.crashProbability - other.risk.crashProbability ||
    one.risk.expectedFrequency - other.risk.expectedFrequency ||
    one.tco - other.tco ||
    // A price that differs by less than what interruptions cost can be rounded away.
    one.price.perHour * one.nodeCount - other.price.perHour * other.nodeCount ||
    one.nodesThere - other.nodesThere ||
    (one.id < other.id ? -1 : 1)
  );
}
