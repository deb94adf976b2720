import type { GroupFacts, GroupWishes } from './knowledge.ts';
import type { CapacityType } from './pool.ts';

/** What an operator says of the groups that match: what their node labels cannot tell. */
export interface GroupDescription {
  /** Both must hold where both are given; a description with neither matches nothing. */
  readonly match: {
    /** A regular expression, found anywhere in the id unless it is anchored. */
    readonly id?: string | undefined;
    /** Labels that the group's node carries with these very values. */
    readonly labels?: Readonly<Record<string, string>> | undefined;
  };
  readonly instanceTypes: readonly string[];
  readonly zones: readonly string[];
  readonly capacityType: CapacityType | undefined;
  /** 0..1. */
  readonly onDemandShare: number;
  readonly maxNodes?: number | undefined;
  readonly wishes?: GroupWishes | undefined;
}

export type GroupFactsLookup = (
  nodeGroupId: string,
  labels: Readonly<Record<string, string>>,
) => GroupFacts | undefined;

/**
 * A look-up over descriptions in the order in which the operator wrote them: the first that matches counts.
 * @throws SyntaxError at once when an expression does not compile, never at a look-up.
 */
export function groupFactsOf(descriptions: readonly GroupDescription[]): GroupFactsLookup {
  const rules = descriptions.map((description) => ({
    id: description.match.id === undefined ? undefined : new RegExp(description.match.id),
    labels: Object.entries(description.match.labels ?? {}),
    facts: {
      instanceTypes: description.instanceTypes,
      zones: description.zones,
      capacityType: description.capacityType ?? 'unknown',
      onDemandShare: description.onDemandShare,
      source: 'configuration',
      ...(description.maxNodes !== undefined && { maxNodes: description.maxNodes }),
      ...(description.wishes !== undefined && { wishes: description.wishes }),
    } satisfies GroupFacts,
  }));
  return (nodeGroupId, nodeLabels) =>
    rules.find(
      ({ id, labels }) =>
        (id !== undefined || labels.length > 0) &&
        (id === undefined || id.test(nodeGroupId)) &&
        labels.every(([key, value]) => nodeLabels[key] === value),
    )?.facts;
}

/**
 * Several sources as one, the first the strongest: each fact comes from the first source that tells it. A
 * configuration that names only the capacity type leaves types and zones to the Auto Scaling group.
 */
export function mergedGroupFacts(sources: readonly GroupFactsLookup[]): GroupFactsLookup {
  return (nodeGroupId, labels) => {
    const facts = sources.flatMap((source) => source(nodeGroupId, labels) ?? []);
    const [strongest] = facts;
    if (strongest === undefined || facts.length === 1) return strongest;
    const typed = facts.find(({ instanceTypes }) => instanceTypes.length > 0);
    // A group's weights hold for whatever types of it an operator has picked.
    const weights = facts.find((one) => one.weights !== undefined)?.weights;
    const wishes = facts.find((one) => one.wishes !== undefined)?.wishes;
    const maxNodes = facts.find((one) => one.maxNodes !== undefined)?.maxNodes;
    return {
      instanceTypes: typed?.instanceTypes ?? [],
      zones: facts.find(({ zones }) => zones.length > 0)?.zones ?? [],
      capacityType: facts.find(({ capacityType }) => capacityType !== 'unknown')?.capacityType ?? 'unknown',
      onDemandShare: mergedShare(facts),
      source: strongest.source,
      ...(weights !== undefined && { weights }),
      ...(wishes !== undefined && { wishes }),
      ...(maxNodes !== undefined && { maxNodes }),
    };
  };
}

/** A weaker source's share may refine what a stronger one calls Spot, and contradicts neither word of it. */
function mergedShare(told: readonly GroupFacts[]): number {
  const typed = told.findIndex(({ capacityType }) => capacityType !== 'unknown');
  const shared = told.findIndex(({ onDemandShare }) => onDemandShare > 0);
  const share = told[shared]?.onDemandShare ?? 0;
  if (typed === -1 || shared <= typed) return share;
  return told[typed]?.capacityType === 'spot' && share < 1 ? share : 0;
}
