import { z } from 'zod';
import type { Knowledge } from '../../decision/knowledge.ts';
import type { Pool } from '../../decision/pool.ts';

type Answer<Question extends (...given: never[]) => unknown> = NonNullable<ReturnType<Question>> | null;

/**
 * What a decision looked up, by question. A key that is missing was never asked; null means that nothing was known.
 * Pools are keyed `type@zone/capacity-type`, groups by their id.
 */
export interface RecordedFacts {
  readonly instance_types: Readonly<Record<string, Answer<Knowledge['instanceType']>>>;
  readonly advisor_bands: Readonly<Record<string, Answer<Knowledge['advisorBand']>>>;
  readonly prices: Readonly<Record<string, Answer<Knowledge['prices']>>>;
  readonly risks: Readonly<Record<string, Answer<Knowledge['risk']>>>;
  readonly signals: Readonly<Record<string, Answer<Knowledge['signal']>>>;
  /** Empty where no fleet was watched, and in recordings from before hazards were looked up. */
  readonly hazards: Readonly<Record<string, Answer<NonNullable<Knowledge['hazard']>>>>;
  readonly cooldowns: Readonly<Record<string, Answer<Knowledge['cooldown']>>>;
  readonly groups: Readonly<Record<string, Answer<Knowledge['groupFacts']>>>;
  readonly prices_are_stale: boolean;
  /** Absent where there was nothing to remark. */
  readonly remarks?: readonly string[];
}

const price = z.number().min(0);
const probability = z.number().min(0).max(1);

function answers<Fact extends z.ZodType>(fact: Fact) {
  return z.record(z.string(), fact.nullable());
}

export const recordedFacts = z.object({
  instance_types: answers(
    z.object({
      instanceType: z.string(),
      vcpu: z.number(),
      memoryGib: z.number(),
      gpus: z.number(),
      architecture: z.enum(['x86_64', 'arm64', 'unknown']),
      family: z.string(),
    }),
  ),
  advisor_bands: answers(z.object({ interruptRate: probability, code: z.number() })),
  prices: answers(
    z.object({
      spotPerHour: price.exactOptional(),
      onDemandPerHour: price.exactOptional(),
      spotObservedAtMs: z.number().exactOptional(),
    }),
  ),
  risks: answers(
    z.object({
      crashProbability: probability,
      expectedFrequency: probability,
      source: z.enum([
        'family-stress',
        'always-safe',
        'mock',
        'fleet-hazard',
        'advisor-prior',
        'on-demand',
        'none',
      ]),
    }),
  ),
  signals: answers(
    z.object({
      kind: z.enum(['REBALANCE', 'TERMINATION']),
      atMs: z.number(),
      expiresAtMs: z.number(),
      heat: probability,
    }),
  ),
  hazards: answers(z.number().min(0)).default({}),
  cooldowns: answers(z.object({ untilMs: z.number(), evidence: z.string() })),
  groups: answers(
    z.object({
      instanceTypes: z.array(z.string()),
      zones: z.array(z.string()),
      capacityType: z.enum(['spot', 'on-demand', 'unknown']),
      onDemandShare: probability,
      weights: z.record(z.string(), z.number().positive()).exactOptional(),
      source: z.enum(['configuration', 'auto-scaling-group']),
    }),
  ),
  prices_are_stale: z.boolean(),
  remarks: z.array(z.string()).exactOptional(),
}) satisfies z.ZodType<RecordedFacts>;

function keyOf({ instanceType, zone, capacityType }: Pool): string {
  return `${instanceType}@${zone}/${capacityType}`;
}

/** The same knowledge, and a note of every answer that it gave. */
export interface TracedKnowledge {
  readonly knowledge: Knowledge;
  /** What has been looked up until now. */
  readonly facts: () => RecordedFacts;
}

export function tracedKnowledge(source: Knowledge): TracedKnowledge {
  const instanceTypes = noted(source.instanceType, (instanceType) => instanceType);
  const advisorBands = noted(source.advisorBand, keyOf);
  const prices = noted(source.prices, keyOf);
  const risks = noted(source.risk, keyOf);
  const signals = noted(source.signal, keyOf);
  const hazards = noted((pool: Pool) => source.hazard?.(pool), keyOf);
  const cooldowns = noted(source.cooldown, keyOf);
  const groups = noted(source.groupFacts, (nodeGroupId) => nodeGroupId);
  return {
    knowledge: {
      instanceType: instanceTypes.ask,
      advisorBand: advisorBands.ask,
      prices: prices.ask,
      risk: risks.ask,
      signal: signals.ask,
      ...(source.hazard !== undefined && { hazard: hazards.ask }),
      cooldown: cooldowns.ask,
      groupFacts: groups.ask,
      pricesAreStale: source.pricesAreStale,
      ...remarksOf(source.remarks),
    },
    facts: () => ({
      instance_types: Object.fromEntries(instanceTypes.notes),
      advisor_bands: Object.fromEntries(advisorBands.notes),
      prices: Object.fromEntries(prices.notes),
      risks: Object.fromEntries(risks.notes),
      signals: Object.fromEntries(signals.notes),
      hazards: Object.fromEntries(hazards.notes),
      cooldowns: Object.fromEntries(cooldowns.notes),
      groups: Object.fromEntries(groups.notes),
      prices_are_stale: source.pricesAreStale,
      ...remarksOf(source.remarks),
    }),
  };
}

function noted<Given extends readonly unknown[], Fact>(
  question: (...given: Given) => Fact | undefined,
  key: (...given: Given) => string,
) {
  const notes = new Map<string, Fact | null>();
  return {
    notes,
    ask: (...given: Given): Fact | undefined => {
      const fact = question(...given);
      notes.set(key(...given), fact ?? null);
      return fact;
    },
  };
}

/** Knowledge that consists of recorded answers; what was never asked is not known. */
export function recordedKnowledge(facts: RecordedFacts): Knowledge {
  return {
    instanceType: (instanceType) => facts.instance_types[instanceType] ?? undefined,
    advisorBand: (pool) => facts.advisor_bands[keyOf(pool)] ?? undefined,
    prices: (pool) => facts.prices[keyOf(pool)] ?? undefined,
    risk: (pool) => facts.risks[keyOf(pool)] ?? undefined,
    signal: (pool) => facts.signals[keyOf(pool)] ?? undefined,
    ...(Object.keys(facts.hazards).length > 0 && {
      hazard: (pool: Pool) => facts.hazards[keyOf(pool)] ?? undefined,
    }),
    cooldown: (pool) => facts.cooldowns[keyOf(pool)] ?? undefined,
    groupFacts: (nodeGroupId) => facts.groups[nodeGroupId] ?? undefined,
    pricesAreStale: facts.prices_are_stale,
    ...remarksOf(facts.remarks),
  };
}

function remarksOf(remarks: readonly string[] | undefined): { readonly remarks?: readonly string[] } {
  return remarks === undefined || remarks.length === 0 ? {} : { remarks };
}
