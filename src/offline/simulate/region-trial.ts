import { hazardPerHour, typicalHazardPerHour } from '../../decision/advisor-prior.ts';
import type { AdvisorBand, InstanceTypeFacts, RiskAssessment } from '../../decision/knowledge.ts';
import { defaultPolicy, type Policy } from '../../decision/policy.ts';
import type { Pool } from '../../decision/pool.ts';
import { chanceFrom } from '../../learning/chance.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import {
  cheapestNowExpander,
  leastWasteExpander,
  priceExpander,
  priorityExpander,
  randomExpander,
} from './built-in-expanders.ts';
import { clusterRun } from './cluster-run.ts';
import { generatedDemand, type demandKinds, type PodBatch } from './demand.ts';
import { oracleExpander } from './oracle.ts';
import { onDemandPerUnitOf, type PricedType } from '../../decision/on-demand-unit.ts';
import { ourExpander, type SimulatedKnowledge } from './our-expander.ts';
import type { Expander } from './scale-up-situation.ts';
import { poolPriceBook } from './price-book.ts';
import type { RunOutcome } from './run-outcome.ts';
import type { SimulatedGroup } from './simulated-group.ts';
import type { SimulationSettings } from './simulation-settings.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export interface TrialPlan {
  readonly region: string;
  readonly series: readonly PriceSeries[];
  readonly groups: readonly SimulatedGroup[];
  readonly instanceType: (instanceType: string) => InstanceTypeFacts | undefined;
  /** What is decided by. */
  readonly advisorBand: (instanceType: string) => AdvisorBand | undefined;
  /** What happens; absent: the same bands. */
  readonly trueBand?: (instanceType: string) => AdvisorBand | undefined;
  readonly onDemandPerHour: (instanceType: string) => number | undefined;
  /** A score from before the moment. */
  readonly risk: (pool: Pool, nowMs: number) => RiskAssessment | undefined;
  /** Undefined: generated, another one for each seed. */
  readonly demand: readonly PodBatch[] | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  /** Each seed runs this many days from a moment of its own. */
  readonly days: number;
  readonly seeds: number;
  readonly batchesPerDay: number;
  readonly demandKind?: keyof typeof demandKinds;
  readonly disturbance: SimulationSettings['disturbance'];
  readonly bursts?: SimulationSettings['bursts'];
  /** 0..1, the mean share of the time that pools are short; absent: never. */
  readonly dryShare?: number;
  readonly interruptions: SimulationSettings['interruptions'];
  readonly lostWorkMs: number;
  readonly scaleDown: SimulationSettings['scaleDown'];
  readonly policy?: Policy;
  /** Ours again with losses at once weighed so many times as much. */
  readonly atOnceTimes?: readonly number[];
  /** `rivals`: ours and those of the autoscaler, without ours by other rules and without the oracle. */
  readonly expanderSet?: 'all' | 'rivals';
  /** Other expanders than the usual ones. */
  readonly expanders?: (known: SimulatedKnowledge) => readonly Expander[];
}

/** As `simulate --traces` fits them to the SkyPilot traces: docs/simulate.md. */
export const usualBursts = { together: 0.99, least: 0.1, most: 1 } as const;
/** The same of spells in which pools are short. */
export const usualDrySpells = { medianHours: 0.5, sigma: 1.3, empty: 0.85 } as const;

/** The outcomes of every expander for one seed; the same demand, prices and interruptions for all of them. */
export function seedRuns(plan: TrialPlan, seed: number): readonly RunOutcome[] {
  const settings = worldOf(plan, seed);
  const known: SimulatedKnowledge = {
    region: plan.region,
    advisorBand: plan.advisorBand,
    onDemandPerHour: plan.onDemandPerHour,
    onDemandPerUnit: onDemandPerUnitOf(pricedTypes(plan)),
    risk: plan.risk,
    onScaleDown: plan.scaleDown === 'underused' ? 'moves' : 'stays',
    ...(settings.dry !== undefined && { onRest: unheard }),
  };
  const policy = plan.policy ?? defaultPolicy;
  const expanders = plan.expanders?.(known) ?? [
    ourExpander(known, policy),
    ...(plan.expanderSet === 'rivals'
      ? []
      : [
          ourExpander(known, { ...policy, formula: 'classic' }, 'spot-expander, classic'),
          ourExpander({ ...known, watchesFleet: false }, policy, 'spot-expander, fleet not in view'),
        ]),
    ...(plan.atOnceTimes ?? []).map((times) =>
      ourExpander(known, weighed(policy, times), `spot-expander, losses at once × ${times}`),
    ),
    cheapestNowExpander(),
    priceExpander(),
    priorityExpander(priorities(settings)),
    leastWasteExpander(),
    randomExpander(),
    ...(plan.expanderSet === 'rivals' ? [] : [oracleExpander(settings, plan.disturbance.perPod)]),
  ];
  return expanders.map((expander) => clusterRun(settings, expander));
}

function weighed(policy: Policy, times: number): Policy {
  const { ofTenPercent, ofThirtyPercent, ofHalf } = policy.lossAtOnce;
  return {
    ...policy,
    lossAtOnce: {
      ofTenPercent: times * ofTenPercent,
      ofThirtyPercent: times * ofThirtyPercent,
      ofHalf: times * ofHalf,
    },
  };
}

/** That a class rests matters to the memory itself alone. */
function unheard(): void {
  // Nobody listens.
}

/** The span, demand, prices and hazards of one seed. */
export function worldOf(plan: TrialPlan, seed: number): SimulationSettings {
  const chance = chanceFrom(seed * 7919 + 17);
  const lengthMs = Math.min(plan.days * dayMs, plan.toMs - plan.fromMs);
  const fromMs =
    plan.demand === undefined ? plan.fromMs + chance() * (plan.toMs - plan.fromMs - lengthMs) : plan.fromMs;
  const toMs = plan.demand === undefined ? fromMs + lengthMs : plan.toMs;
  const seriesOf = new Map(plan.series.map((one) => [`${one.instanceType}@${one.zone}`, one]));
  const groups = plan.groups.flatMap((group) => {
    const facts = plan.instanceType(group.instanceType);
    const onDemand = plan.onDemandPerHour(group.instanceType);
    const isSpot = group.capacityType === 'spot';
    const series = isSpot
      ? seriesOf.get(`${group.instanceType}@${group.zone}`)
      : onDemand === undefined
        ? undefined
        : constantSeries(plan.region, group, onDemand);
    if (facts === undefined || series === undefined) return [];
    const rate = (plan.trueBand ?? plan.advisorBand)(group.instanceType)?.interruptRate;
    const hazard = rate === undefined ? typicalHazardPerHour : hazardPerHour(rate);
    return [{ group, facts, book: poolPriceBook(series), hazardPerHour: isSpot ? hazard : 0 }];
  });
  return {
    groups,
    batches:
      plan.demand ??
      generatedDemand(seed, {
        fromMs,
        toMs,
        batchesPerDay: plan.batchesPerDay,
        ...(plan.demandKind && { kind: plan.demandKind }),
      }),
    toMs,
    seed,
    bursts: plan.bursts ?? usualBursts,
    ...(plan.dryShare !== undefined &&
      plan.dryShare > 0 && { dry: { ...usualDrySpells, share: plan.dryShare } }),
    interruptions: plan.interruptions,
    disturbance: plan.disturbance,
    lostWorkMs: plan.lostWorkMs,
    scaleDown: plan.scaleDown,
    spike: { withinMs: 12 * hourMs, rise: 0.03 },
  };
}

function constantSeries(region: string, group: SimulatedGroup, pricePerHour: number): PriceSeries {
  return {
    region,
    zone: group.zone,
    instanceType: group.instanceType,
    atMs: Float64Array.of(0),
    pricePerHour: Float64Array.of(pricePerHour),
  };
}

/** What an operator would write: the groups by their price for a core on the first day, the cheapest first, and never again. */
function priorities(settings: SimulationSettings): (groupId: string) => number {
  const firstMs = settings.batches[0]?.atMs ?? settings.toMs;
  const values = new Map(
    settings.groups.map(({ group, facts, book }) => {
      const price = book.priceAt(firstMs);
      return [group.id, group.priority ?? (price > 0 ? facts.vcpu / price : 0)];
    }),
  );
  return (groupId) => values.get(groupId) ?? 0;
}

function pricedTypes({ series, instanceType, onDemandPerHour }: TrialPlan): readonly PricedType[] {
  return [...new Set(series.map((one) => one.instanceType))].flatMap((type) => {
    const facts = instanceType(type);
    const price = onDemandPerHour(type);
    return facts === undefined || price === undefined ? [] : [{ facts, onDemandPerHour: price }];
  });
}
