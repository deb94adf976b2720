import type {
  AdvisorBand,
  CapacityCooldown,
  FleetPart,
  FleetView,
  GroupFacts,
  InstanceTypeFacts,
  Knowledge,
  PoolPrices,
  PoolSignal,
  RiskAssessment,
} from './knowledge.ts';
import type { Pool } from './pool.ts';

/** Beyond this no node is sold by the hour; a larger price is a mistake, and sums of sound prices stay finite. */
const highestPricePerHour = 1e6;
const bandRates = [0.025, 0.075, 0.125, 0.175, 0.25] as const;

export interface SoundKnowledge extends Knowledge {
  /** What went wrong so far, one sentence for each kind of look-up. */
  readonly faults: () => readonly string[];
}

/**
 * The same knowledge with every value in its range or absent. A look-up that throws counts as unknown and is
 * remembered, so that one broken source lowers the step of one layer and never ends a decision. Prices are above 0,
 * probabilities, rates and heat 0..1, hazards 0..60 an hour; a signal or cooldown that is over is absent.
 */
export function soundKnowledge(knowledge: Knowledge, nowMs: number): SoundKnowledge {
  const { hazard, onDemandPerUnit: perUnit, fleet, horizonHours, onDemandFirst, groupCooldown } = knowledge;
  const failures = new Map<string, { times: number; readonly message: string }>();
  const failed = (name: string, error: unknown): void => {
    const failure = failures.get(name) ?? { times: 0, message: messageOf(error) };
    failure.times += 1;
    failures.set(name, failure);
  };
  const guarded = <Value>(name: string, look: () => Value): Value | undefined => {
    try {
      return look();
    } catch (error) {
      failed(name, error);
      return undefined;
    }
  };
  /** A look-up that is asked once for each pool of a request, and often: made without a closure for each question. */
  const sound =
    <Given, Fact, Sound>(name: string, look: (given: Given) => Fact, soundOf: (fact: Fact) => Sound) =>
    (given: Given): Sound | undefined => {
      try {
        return soundOf(look(given));
      } catch (error) {
        failed(name, error);
        return undefined;
      }
    };
  return {
    instanceType: onceEach(
      sound('instance types', (type: string) => knowledge.instanceType(type), soundType),
    ),
    advisorBand: onceEach(sound('advisor bands', (pool: Pool) => knowledge.advisorBand(pool), soundBand)),
    prices: sound('prices', (pool: Pool) => knowledge.prices(pool), soundPrices),
    risk: sound('risk', (pool: Pool) => knowledge.risk(pool), soundRisk),
    signal: sound(
      'signals',
      (pool: Pool) => knowledge.signal(pool),
      (one) => soundSignal(one, nowMs),
    ),
    ...(hazard !== undefined && { hazard: onceEach(sound('hazards', hazard, soundHazard)) }),
    groupFacts: (id, labels) => guarded('group facts', () => soundFacts(knowledge.groupFacts(id, labels))),
    ...(perUnit !== undefined && {
      onDemandPerUnit: (kind) => guarded('on-demand units', () => soundPrice(perUnit(kind))),
    }),
    ...(fleet !== undefined && { fleet: soundFleet(fleet, guarded, failed) }),
    ...(isHorizon(horizonHours) && { horizonHours }),
    ...(onDemandFirst !== undefined && { onDemandFirst }),
    cooldown: sound(
      'cooldowns',
      (pool: Pool) => knowledge.cooldown(pool),
      (one) => soundCooldown(one, nowMs),
    ),
    ...(groupCooldown !== undefined && {
      groupCooldown: sound('cooldowns', groupCooldown, (one) => soundCooldown(one, nowMs)),
    }),
    pricesAreStale: guarded('price age', () => knowledge.pricesAreStale) ?? true,
    remarks: guarded('remarks', () => knowledge.remarks) ?? [],
    faults: () =>
      [...failures].map(
        ([name, { times, message }]) => `the look-up of ${name} failed ${times} times: ${message}`,
      ),
  };
}

/** Several layers ask the same of the same pool, and many groups are of one type. */
function onceEach<Given, Fact>(look: (given: Given) => Fact): (given: Given) => Fact {
  const known = new Map<Given, Fact>();
  return (given) => {
    const before = known.get(given);
    if (before !== undefined || known.has(given)) return before as Fact;
    const fact = look(given);
    known.set(given, fact);
    return fact;
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

function isPrice(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= highestPricePerHour;
}

/** Of vCPUs or GiB: no machine has a hundredth of one, or a million. */
function isSize(value: unknown): boolean {
  return typeof value === 'number' && value >= 0.01 && value <= 1e6;
}

function soundType(facts: InstanceTypeFacts | undefined): InstanceTypeFacts | undefined {
  if (facts === undefined || !isSize(facts.vcpu) || !isSize(facts.memoryGib)) return undefined;
  return facts.gpus >= 0 && facts.gpus <= 1000 ? facts : { ...facts, gpus: 0 };
}

function soundBand(band: AdvisorBand | undefined): AdvisorBand | undefined {
  if (band?.expectedRate !== undefined && !isShare(band.expectedRate))
    return soundBand({ code: band.code, interruptRate: band.interruptRate });
  if (band === undefined || isShare(band.interruptRate)) return band;
  const interruptRate = bandRates[band.code];
  return interruptRate === undefined ? undefined : { ...band, interruptRate };
}

function soundPrices(prices: PoolPrices | undefined): PoolPrices | undefined {
  if (prices === undefined) return undefined;
  const { spotPerHour, onDemandPerHour } = prices;
  if (
    (spotPerHour === undefined || isPrice(spotPerHour)) &&
    (onDemandPerHour === undefined || isPrice(onDemandPerHour))
  )
    return prices;
  return {
    ...(isPrice(spotPerHour) && { spotPerHour }),
    ...(isPrice(onDemandPerHour) && { onDemandPerHour }),
  };
}

function soundRisk(risk: RiskAssessment | undefined): RiskAssessment | undefined {
  if (risk === undefined || risk.source === 'none') return undefined;
  return isShare(risk.crashProbability) && isShare(risk.expectedFrequency) ? risk : undefined;
}

function soundSignal(signal: PoolSignal | undefined, nowMs: number): PoolSignal | undefined {
  if (signal === undefined || signal.expiresAtMs <= nowMs) return undefined;
  if (isShare(signal.heat)) return signal;
  // A signal whose heat is broken is still a signal: too careful costs a little money, too careless an eviction.
  return { ...signal, heat: 1 };
}

/** Nothing is interrupted oftener than each minute. */
function soundHazard(hazard: number | undefined): number | undefined {
  return hazard !== undefined && hazard >= 0 && hazard <= 60 ? hazard : undefined;
}

function soundCooldown(cooldown: CapacityCooldown | undefined, nowMs: number): CapacityCooldown | undefined {
  return cooldown !== undefined && cooldown.untilMs > nowMs ? cooldown : undefined;
}

function soundFacts(facts: GroupFacts | undefined): GroupFacts | undefined {
  if (facts === undefined) return undefined;
  const { weights, ...rest } = isShare(facts.onDemandShare) ? facts : { ...facts, onDemandShare: 0 };
  if (weights === undefined) return rest;
  const sound = Object.entries(weights).filter(([, weight]) => weight >= 1 && weight <= 999);
  return { ...rest, weights: Object.fromEntries(sound) };
}

function soundPrice(price: number | undefined): number | undefined {
  return isPrice(price) ? price : undefined;
}

/** From minutes to a month. */
function isHorizon(hours: number | undefined): hours is number {
  return hours !== undefined && hours > 0.1 && hours <= 730;
}

const nowhere: FleetPart = { nodes: 0, vcpus: 0 };

function soundFleet(
  fleet: FleetView,
  guarded: <Value>(name: string, look: () => Value) => Value | undefined,
  failed: (name: string, error: unknown) => void,
): FleetView {
  const part =
    <Given>(look: (given: Given) => FleetPart) =>
    (given: Given): FleetPart => {
      try {
        return soundPart(look(given));
      } catch (error) {
        failed('the fleet', error);
        return nowhere;
      }
    };
  return {
    source: fleet.source,
    all: soundPart(guarded('the fleet', () => fleet.all)),
    // By the methods of whatever fleet this is.
    pool: part((pool: Pool) => fleet.pool(pool)),
    type: part((pool: Pool) => fleet.type(pool)),
    zone: part((pool: Pool) => fleet.zone(pool)),
    inZone: onceEach((zone: string) => amount(guarded('the fleet', () => fleet.inZone(zone)) ?? 0)),
    group: part((id: string) => fleet.group(id)),
  };
}

function soundPart(part: FleetPart | undefined): FleetPart {
  if (part === undefined) return nowhere;
  const { nodes, vcpus } = part;
  return amount(nodes) === nodes && amount(vcpus) === vcpus
    ? part
    : { nodes: amount(nodes), vcpus: amount(vcpus) };
}

function amount(value: number): number {
  return value >= 0 && value <= 1e9 ? value : 0;
}
