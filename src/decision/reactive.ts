import type { Cart, Objection, Ranked, Scored } from './cart.ts';
import { without } from './cart.ts';
import type { CapacityCooldown, Knowledge, PoolSignal } from './knowledge.ts';
import type { Policy } from './policy.ts';
import { expectedAndWorst } from './several-pools.ts';

/**
 * What happens now outranks what was predicted. A candidate all of whose Spot pools gave a termination notice is
 * dropped while others exist; any other heat discounts the score; when everything is hot the least hot comes first. A
 * capacity class that did not deliver ranks behind all that do not rest.
 * The cart is never emptied here. What remains is in order, best first.
 */
export function withReactiveOverride(cart: Cart<Scored>, knowledge: Knowledge, policy: Policy): Cart<Ranked> {
  const felt: Cart<Ranked> = {
    candidates: cart.candidates.map((candidate) => heated(candidate, knowledge, policy)),
    drops: cart.drops,
  };
  const left = withoutTerminating(felt);
  const allHot = left.candidates.every(({ heat }) => heat > 0);
  return {
    candidates: [...left.candidates].sort((one, other) => order(one, other, allHot)),
    drops: left.drops,
  };
}

function heated(candidate: Scored, knowledge: Knowledge, policy: Policy): Ranked {
  const isSpot = candidate.capacityType !== 'on-demand';
  const signals =
    policy.switches.hotPools && isSpot ? candidate.pools.map((pool) => knowledge.signal(pool)) : [];
  const heats = signals.map((signal) => signal?.heat ?? 0);
  const heat = (expectedAndWorst(heats, policy.worstPoolWeight) ?? 0) * (1 - candidate.onDemandShare);
  const cooldowns = policy.switches.capacityCooldown
    ? candidate.pools.map((pool) => knowledge.cooldown(pool))
    : [];
  return {
    ...candidate,
    heat,
    score: candidate.score * (1 - heat) - policy.hotPenalty * heat,
    signal: hottest(signals),
    ends: signals.length > 0 && signals.every((signal) => signal?.kind === 'TERMINATION'),
    cooldown: resting(cooldowns),
  };
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

function withoutTerminating(cart: Cart<Ranked>): Cart<Ranked> {
  const someStay = cart.candidates.some(({ ends }) => !ends);
  const leastHeat = cart.candidates.reduce((least, { heat }) => Math.min(least, heat), 1);
  return without(cart, 'reactive', (candidate): Objection | undefined => {
    if (!candidate.ends || (!someStay && candidate.heat === leastHeat)) return undefined;
    return {
      reason: 'hot-pool',
      sentence: someStay
        ? 'a node of this pool got a termination notice, and other pools are there'
        : `a node of this pool got a termination notice, heat ${candidate.heat.toFixed(2)}; another is less hot`,
    };
  });
}

function order(one: Ranked, other: Ranked, allHot: boolean): number {
  return (
    Number(one.cooldown !== undefined) - Number(other.cooldown !== undefined) ||
    (allHot ? one.heat - other.heat : 0) ||
    other.score - one.score ||
    one.risk.crashProbability - other.risk.crashProbability ||
    one.risk.expectedFrequency - other.risk.expectedFrequency ||
    one.tco - other.tco ||
    // A price that differs by less than what interruptions cost can be rounded away.
    one.price.perHour * one.nodeCount - other.price.perHour * other.nodeCount ||
    (one.id < other.id ? -1 : 1)
  );
}
