import type { Knowledge } from './knowledge.ts';

/** Look-ups take a microsecond or less each. */
const lookUpsBetween = 512;

/**
 * The same knowledge, and a call after every few hundred look-ups: layers work pool by pool, so this is where a decision can be
 * ended within a layer. What `breathe` throws passes through.
 */
export function pacedKnowledge(knowledge: Knowledge, breathe: () => void): Knowledge {
  const { hazard, groupCooldown } = knowledge;
  let lookUps = 0;
  const counted = (): void => {
    lookUps += 1;
    if (lookUps % lookUpsBetween === 0) breathe();
  };
  const paced =
    <Given, Fact>(look: (given: Given) => Fact) =>
    (given: Given): Fact => {
      counted();
      return look(given);
    };
  return {
    ...knowledge,
    instanceType: paced(knowledge.instanceType),
    advisorBand: paced(knowledge.advisorBand),
    prices: paced(knowledge.prices),
    risk: paced(knowledge.risk),
    signal: paced(knowledge.signal),
    ...(hazard !== undefined && { hazard: paced(hazard) }),
    groupFacts: (id, labels) => {
      counted();
      return knowledge.groupFacts(id, labels);
    },
    cooldown: paced(knowledge.cooldown),
    ...(groupCooldown !== undefined && { groupCooldown: paced(groupCooldown) }),
  };
}
