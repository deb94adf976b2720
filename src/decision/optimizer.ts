import type { Assessed, Cart, NodePrice, Objection, Scored } from './decision-context.ts';
import { dropped, without } from './decision-context.ts';
import { interruptionPerHour } from './interruption-price.ts';
import { unitsOf, unusedShare, usableRoom } from './node-value.ts';
import { nodeTails, reusedShare } from './node-lifetime.ts';
import type { Policy } from './policy.ts';
import type { Preferences } from './preferences.ts';
import { preferencesOf } from './preferences.ts';
import type { PendingPod } from './scale-up-request.ts';
import { mean } from './several-pools.ts';
import { highestCost, yieldOf } from './yield.ts';

interface Priced extends Assessed {
  readonly price: NodePrice;
}

interface Costed extends Priced {
  readonly wastePerHour: number;
  readonly wasteShare: number;
  readonly tco: number;
  /** The same at on-demand price. */
  readonly onDemandTco: number;
}

/**
 * Safety gate, cost for what is served, yield and score; the order is left to the reactive override.
 * @param leaveOut told in a sentence what does not count in this answer since it would take too long
 */
export function scored(
  cart: Cart<Assessed>,
  pods: readonly PendingPod[],
  policy: Policy,
  leaveOut: (sentence: string) => void = () => undefined,
): Cart<Scored> {
  const safe = policy.switches.safetyGate
    ? without(cart, 'optimizer', (candidate) => tooRisky(candidate, policy))
    : cart;
  const costed = rightSized(withCost(priced(safe), pods, policy), policy);
  const preferences = preferencesOf(pods, costed.candidates);
  if (preferences.leftOut !== undefined) leaveOut(preferences.leftOut);
  const highest = highestOf(costed.candidates, policy);
  return {
    candidates: costed.candidates.map((candidate) => scoredOf(candidate, highest, preferences, policy)),
    drops: costed.drops,
  };
}

function highestOf(candidates: readonly Costed[], policy: Policy): number {
  const costs = candidates.map(({ tco, onDemandTco }) =>
    policy.costReference === 'on-demand' ? Math.max(tco, onDemandTco) : tco,
  );
  return highestCost(costs, policy);
}

/** Nothing is known against a candidate of unknown risk, so the gate is not for it. */
function tooRisky({ risk }: Assessed, { maxCrashProbability }: Policy): Objection | undefined {
  if (risk.source === 'none' || risk.crashProbability <= maxCrashProbability) return undefined;
  return {
    reason: 'crash-probability',
    sentence: `crash probability ${risk.crashProbability.toFixed(2)} (${risk.source}) is above ${maxCrashProbability}`,
  };
}

function priced(cart: Cart<Assessed>): Cart<Priced> {
  const candidates: Priced[] = [];
  const drops = [...cart.drops];
  for (const candidate of cart.candidates) {
    const { price } = candidate;
    if (price === undefined) drops.push(dropped(candidate, 'optimizer', 'no-price', noPrice(candidate)));
    else candidates.push({ ...candidate, price });
  }
  return { candidates, drops };
}

function noPrice({ id, pools }: Assessed): string {
  const [pool] = pools;
  if (pool === undefined)
    return `nothing tells the instance type and zone of ${id}: describe it under node_groups`;
  return `no price is known for ${pool.instanceType} in ${pool.zone}`;
}

/**
 * TCO = (price + expected interruptions) × nodes / units that they will serve, so that candidates of different sizes and with
 * different pods compare: few pods on a small node are as dear a unit as they are, not cheap because they are few. Served is
 * what the pods ask for and `reuseShare` of the room beside them that other pods can use: charging all idle room to these pods
 * would forget that the next ones fill it. What a candidate leaves to later scale-ups makes it dearer by up to
 * `unservedWeight`, since those need nodes of their own.
 * Where no pod could be read a candidate counts as used as well as the others are; where no size is known either,
 * candidates compare by node.
 */
function withCost(cart: Cart<Priced>, pods: readonly PendingPod[], policy: Policy): Cart<Costed> {
  const reused = reusedShare(cart.candidates, policy);
  const tails = nodeTails(cart.candidates, pods, policy);
  const shares = cart.candidates.map(wasteShareOf);
  const typicalShare = mean(shares.flatMap((share) => share ?? [])) ?? 0;
  const units = cart.candidates.map((candidate) => unitsServed(candidate, typicalShare, reused, policy));
  const byNode = units.every((unit) => unit === undefined);
  const candidates: Costed[] = [];
  const drops = [...cart.drops];
  cart.candidates.forEach((candidate, index) => {
    const served = byNode ? candidate.nodeCount : units[index];
    if (served === undefined) {
      const sentence = `neither the size of ${candidate.id}'s nodes nor what they would serve is known`;
      drops.push(dropped(candidate, 'optimizer', 'no-size', sentence));
      return;
    }
    const wasteShare = policy.switches.wasteCost ? (shares[index] ?? typicalShare) : 0;
    const nodesPerHour = candidate.price.perHour * candidate.nodeCount;
    const tail = policy.switches.wasteCost ? (tails[index] ?? 0) : 0;
    const factor = ((1 + tail) * (1 + policy.unservedWeight * (1 - candidate.coverage))) / served;
    const interruptions = interruptionPerHour(candidate, candidate.price, policy) * candidate.nodeCount;
    candidates.push({
      ...candidate,
      wasteShare,
      wastePerHour: nodesPerHour * wasteShare,
      tco: (nodesPerHour + interruptions) * factor,
      onDemandTco: (candidate.price.onDemandPerHour ?? 0) * candidate.nodeCount * factor,
    });
  });
  return { candidates, drops };
}

function wasteShareOf({ nodeSize, nodeCount, demand }: Priced): number | undefined {
  return nodeSize === undefined || demand === undefined
    ? undefined
    : unusedShare(nodeSize, nodeCount, demand.resources);
}

function unitsServed(
  { demand, nodeSize, nodeCount }: Priced,
  typicalShare: number,
  reused: number,
  policy: Policy,
): number | undefined {
  if (demand === undefined)
    return nodeSize === undefined
      ? undefined
      : unitsOf(nodeSize) * nodeCount * Math.max(0.01, 1 - typicalShare);
  if (nodeSize === undefined) return demand.units;
  if (!policy.switches.wasteCost) return Math.max(demand.units, unitsOf(nodeSize) * nodeCount);
  // The next scale-up is taken to be no larger than this one: a large node is not cheap for what nobody may come to use.
  const room = Math.min(demand.units, usableRoom(nodeSize, nodeCount, demand.resources));
  return demand.units + reused * room;
}

function scoredOf(candidate: Costed, highest: number, preferences: Preferences, policy: Policy): Scored {
  const yieldScore = yieldOf(candidate.tco, highest, discount(candidate, policy));
  const affinity = preferences.affinityOf(candidate);
  const spread = preferences.spreadOf(candidate);
  const liked =
    policy.affinityWeight * (affinity === undefined ? 0 : affinity.degree * affinity.share) +
    policy.spreadWeight * (spread === undefined ? 0 : spread.degree * spread.share);
  return {
    ...candidate,
    yield: yieldScore,
    affinity: affinity?.degree,
    spread: spread?.degree,
    score: yieldScore + 100 * liked,
  };
}

function discount({ risk }: Assessed, { yieldProbability }: Policy): number {
  return yieldProbability === 'calibrated' ? risk.expectedFrequency : risk.crashProbability;
}

/** A larger type stays only when its yield, with all in comparison, beats that of the one it was admitted for. */
function rightSized(cart: Cart<Costed>, policy: Policy): Cart<Costed> {
  if (cart.candidates.every(({ admittedFor }) => admittedFor === undefined)) return cart;
  const highest = highestOf(cart.candidates, policy);
  const yieldAmongAll = (candidate: Costed) => yieldOf(candidate.tco, highest, discount(candidate, policy));
  const yields = new Map(cart.candidates.map((candidate) => [candidate.id, yieldAmongAll(candidate)]));
  return without(cart, 'optimizer', (candidate) => {
    if (candidate.admittedFor === undefined) return undefined;
    const own = yieldAmongAll(candidate);
    const asked = yields.get(candidate.admittedFor);
    if (asked !== undefined && own > asked) return undefined;
    return {
      reason: 'not-better',
      sentence:
        asked === undefined
          ? `${candidate.admittedFor}, which it would stand in for, was dropped`
          : `it yields ${own.toFixed(1)}, no more than ${asked.toFixed(1)} of the smaller ${candidate.admittedFor}`,
    };
  });
}
