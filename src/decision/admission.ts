import type { DecisionContext, Ranked } from './decision-context.ts';
import { dropped } from './decision-context.ts';
import type { Drop, ForcedOnDemand } from './decision.ts';
import { layers } from './layers.ts';
import type { Policy } from './policy.ts';
import { percentText } from './sentences.ts';

/**
 * Lets filters have their way where safety costs no more than it may: a candidate that a filter objects to stays only where none
 * that all filters let pass is ahead of it, its own cost counted as dearer by the premium. So where every candidate is objected to
 * the least bad of them is first. Under `block` such a context is emptied instead, on purpose. The context is in order, best first.
 */
export function admitted(
  context: DecisionContext<Ranked>,
  { onAllRejected }: Policy,
): DecisionContext<Ranked> {
  const passing = context.candidates.filter(({ objection }) => objection === undefined);
  if (passing.length === context.candidates.length) return context;
  const blocked = passing.length === 0 && onAllRejected === 'block';
  const safest = passing.filter(({ cooldown }) => cooldown === undefined);
  const candidates: Ranked[] = [];
  const drops: Drop[] = [...context.drops];
  let isOpen = !blocked;
  for (const candidate of context.candidates) {
    const { objection } = candidate;
    if (objection === undefined) {
      isOpen = false;
      candidates.push(candidate);
    } else if (isOpen)
      candidates.push({ ...candidate, readmitted: whyReadmitted(candidate, passing, safest) });
    else drops.push(dropped(candidate, objection.layer, objection.reason, objection.sentence));
  }
  const inOrder = drops.sort((one, other) => layers.indexOf(one.layer) - layers.indexOf(other.layer));
  return { candidates, drops: inOrder };
}

function whyReadmitted(candidate: Ranked, passing: readonly Ranked[], awake: readonly Ranked[]): string {
  if (passing.length === 0) return 'nothing safer is on offer';
  if (awake.length === 0) return 'what is safer rests';
  const least = awake.reduce((low, { tco }) => Math.min(low, tco), Infinity);
  return least > candidate.tco
    ? `what is safer costs ${percentText(least / candidate.tco - 1)} more`
    : 'what is safer ranks behind it for other reasons';
}

/** Set where the first is on-demand and would not be without the filters: dropped Spot costs less. */
export function forcedOnDemand(
  { candidates: [best], drops }: DecisionContext<Ranked>,
  before: readonly Ranked[],
): ForcedOnDemand | undefined {
  if (best?.capacityType !== 'on-demand') return undefined;
  const strict = cheapestDropped(drops, best.price.perHour * best.nodeCount);
  const cheaper = before.filter(
    (one) =>
      one.objection !== undefined &&
      one.capacityType !== 'on-demand' &&
      one.cooldown === undefined &&
      one.heat === 0 &&
      one.scoreUnfiltered > best.scoreUnfiltered &&
      one.tco < best.tco,
  );
  const [first] = cheaper;
  if (first === undefined) return strict === undefined ? undefined : { id: best.id, ...strict };
  const cheapest = cheaper.reduce((low, one) => (one.tco < low.tco ? one : low), first);
  return { id: best.id, insteadOf: cheapest.id, dearerBy: best.tco / cheapest.tco - 1 };
}

/** Of what the classic formula dropped before anything was priced. */
function cheapestDropped(
  drops: readonly Drop[],
  perHour: number,
): Pick<ForcedOnDemand, 'insteadOf' | 'dearerBy'> | undefined {
  const spot = drops.flatMap(({ id, reason, facts }) =>
    (reason === 'interrupt-rate' || reason === 'crash-probability') &&
    facts.heat === undefined &&
    facts.spotPerHour !== undefined &&
    facts.spotPerHour * facts.nodeCount < perHour
      ? [{ insteadOf: id, dearerBy: perHour / (facts.spotPerHour * facts.nodeCount) - 1 }]
      : [],
  );
  const [first] = spot;
  return first && spot.reduce((most, one) => (one.dearerBy > most.dearerBy ? one : most), first);
}
