import { sustainedSize } from './burstable-types.ts';
import type { Assessed, DecisionContext, NodePrice } from './decision-context.ts';
import { dropped } from './decision-context.ts';
import { interruptionsPerHour } from './interruption-price.ts';
import type { Knowledge } from './knowledge.ts';
import { dearerForLossAtOnce, shareAtOnce } from './loss-at-once.ts';
import { nodeTails, reusedShare } from './node-lifetime.ts';
import { unitsOf, unusedShare, usableRoom } from './node-value.ts';
import type { Policy } from './policy.ts';
import type { Resources } from './resources.ts';
import { mean } from './several-pools.ts';
import type { Surroundings } from './surroundings.ts';
import { usualOnDemandPerUnit } from './yield.ts';

export interface Priced extends Assessed {
  readonly price: NodePrice;
}

export interface Costed extends Priced {
  readonly wastePerHour: number;
  readonly wasteShare: number;
  readonly shareAtOnce: number;
  /** For a unit of what is asked. */
  readonly tco: number;
  /** What a unit of what is asked costs on demand. */
  readonly onDemandPerUnit: number;
}

/** Where no size is known candidates compare by node, and a node stands for this many units. */
const usualNodeUnits = 4;

/**
 * TCO = (expected price + expected interruptions) × nodes / units that they will serve × what concentration adds, so that
 * candidates of different sizes and with different pods compare: few pods on a small node are as dear a unit as they are, not
 * cheap because they are few. Served is what the pods ask for and `reuseShare` of the room beside them that other pods can use:
 * charging all idle room to these pods would forget that the next ones fill it. What a candidate leaves to later scale-ups makes
 * it dearer by up to `unservedWeight`, since those need nodes of their own.
 * Where no pod could be read a candidate counts as used as well as the others are; where no size is known either,
 * candidates compare by node.
 */
export function withCost(
  context: DecisionContext<Priced>,
  knowledge: Knowledge,
  surroundings: Surroundings,
  policy: Policy,
): DecisionContext<Costed> {
  const reused = reusedShare(surroundings, policy);
  const tails = nodeTails(context.candidates, surroundings.pods, policy);
  const shares = context.candidates.map(wasteShareOf);
  const typicalShare = mean(shares.flatMap((share) => share ?? [])) ?? 0;
  const units = context.candidates.map((candidate) => unitsServed(candidate, typicalShare, reused, policy));
  const byNode = units.every((unit) => unit === undefined);
  const candidates: Costed[] = [];
  const drops = [...context.drops];
  context.candidates.forEach((candidate, index) => {
    const unitCount = byNode ? candidate.nodeCount : units[index];
    if (unitCount === undefined) {
      const sentence = `neither the size of ${candidate.id}'s nodes nor what they would serve is known`;
      drops.push(dropped(candidate, 'optimizer', 'no-size', sentence));
      return;
    }
    const wasteShare = policy.switches.wasteCost ? (shares[index] ?? typicalShare) : 0;
    const tail = policy.switches.wasteCost ? (tails[index] ?? 0) : 0;
    const perUnit = onDemandPerUnit(candidate, knowledge);
    const asked = candidate.demand?.units ?? unitCount * (byNode ? usualNodeUnits : 1);
    const interruptions = interruptionsPerHour(candidate, asked, perUnit, policy);
    const atOnce = shareAtOnce(candidate, knowledge.fleet);
    candidates.push({
      ...candidate,
      wasteShare,
      wastePerHour: candidate.price.perHour * candidate.nodeCount * wasteShare,
      shareAtOnce: atOnce,
      tco:
        ((expectedPerHour(candidate, policy) * candidate.nodeCount + interruptions) *
          (1 + tail) *
          (1 + policy.unservedWeight * (1 - candidate.coverage)) *
          (1 + dearerForLossAtOnce(atOnce, policy))) /
        unitCount /
        weightOf(candidate),
      onDemandPerUnit: perUnit * (byNode ? usualNodeUnits : 1),
    });
  });
  return { candidates, drops };
}

/** A price model's say: the rise that it forecasts, as often as it forecasts it, of what is bought as Spot. */
function expectedPerHour(
  { price, risk, capacityType, onDemandShare }: Priced,
  { forecastRise }: Policy,
): number {
  if (risk.source !== 'family-stress' || capacityType !== 'spot' || onDemandShare >= 1) return price.perHour;
  // The probability is of the group's Spot share already.
  return price.perHour * (1 + forecastRise * risk.expectedFrequency);
}

function onDemandPerUnit({ demand }: Priced, { onDemandPerUnit: known }: Knowledge): number {
  const kind = demand !== undefined && demand.resources.gpus > 0 ? 'accelerated' : 'plain';
  return known?.(kind) ?? known?.('plain') ?? usualOnDemandPerUnit;
}

function weightOf({ wishes }: Priced): number {
  const weight = wishes?.weight;
  return weight !== undefined && weight > 0 && Number.isFinite(weight) ? weight : 1;
}

function wasteShareOf({ nodeSize, nodeCount, demand }: Priced): number | undefined {
  return nodeSize === undefined || demand === undefined
    ? undefined
    : unusedShare(nodeSize, nodeCount, demand.resources);
}

function unitsServed(
  { demand, nodeSize, nodeCount, pools }: Priced,
  typicalShare: number,
  reused: number,
  policy: Policy,
): number | undefined {
  if (nodeSize === undefined) return demand?.units;
  const sustained = sustainedSize(nodeSize, pools[0]?.instanceType, policy.burstableLoad);
  if (demand === undefined) return unitsOf(sustained) * nodeCount * Math.max(0.01, 1 - typicalShare);
  const asked = demand.units - overAsked(demand.resources, sustained, nodeSize, nodeCount);
  if (!policy.switches.wasteCost) return Math.max(asked, unitsOf(sustained) * nodeCount);
  const { cpuMilli, memoryBytes } = policy.daemonSets;
  const occupied = {
    cpuMilli: demand.resources.cpuMilli + cpuMilli * nodeCount,
    memoryBytes: demand.resources.memoryBytes + memoryBytes * nodeCount,
    gpus: demand.resources.gpus,
  };
  // The next scale-up is taken to be no larger than this one: a large node is not cheap for what nobody may come to use.
  return asked + reused * Math.min(asked, usableRoom(sustained, nodeCount, occupied));
}

/** Units of CPU that the pods ask for and a burstable node cannot give them for long; a tenth is always served. */
function overAsked(demand: Resources, sustained: Resources, node: Resources, nodeCount: number): number {
  if (sustained.cpuMilli === node.cpuMilli) return 0;
  return (
    Math.min(0.9 * demand.cpuMilli, Math.max(0, demand.cpuMilli - sustained.cpuMilli * nodeCount)) / 1000
  );
}
