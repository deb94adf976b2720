import { contagionFeatures, familyStressFeatures, featureNames } from '../../learning/feature-names.ts';
import { hourMs } from '../../learning/price-lattice.ts';
import { baselineForecasts, baselineNames } from './baselines.ts';
import type { Forecast } from './baselines.ts';
import { fittedModel, probabilitiesOf } from './fitted-model.ts';
import type { FittedModel } from './fitted-model.ts';
import type { FitOptions } from './grown-graph.ts';
import { rowsBetween } from './learning-set.ts';
import type { LearningSet } from './learning-set.ts';

/** One test: learnt before `fromMs`, judged on [fromMs, toMs). */
export interface Origin {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface WalkForwardOptions {
  readonly fit: FitOptions;
  readonly origins: readonly Origin[];
  /** Days before an origin that are learnt from. */
  readonly windowDays: number;
  readonly leaveRegionsOut: boolean;
  readonly ablations: boolean;
}

/** Forecasts of the same rows by everyone that is compared. */
export interface WalkForward {
  readonly rows: Uint32Array;
  readonly forecasts: Readonly<Record<string, Forecast>>;
  /** Calibrated probability, the mean of what the origins' models are cut at. */
  readonly f1Threshold: number;
  /** Rows of each origin, in order. */
  readonly originRows: readonly number[];
  /** The same rows, each forecast by a model that never saw its region; empty when not asked for. */
  readonly leftOut: Readonly<Record<string, Forecast>>;
}

export const modelName = 'model';
export const withoutContagion = 'model without family features';
export const withoutNearMisses = 'model without near misses';
export const seeingAll = 'model whose near-miss trees see every column';
export const familyEight = "model on the family-stress hypothesis' eight features";

const dayMs = 24 * hourMs;

/** Learns at each origin from the window before it, purged by the horizon, and forecasts what follows. */
export async function walkForward(set: LearningSet, options: WalkForwardOptions): Promise<WalkForward> {
  const gathered = new Map<string, Forecast[]>();
  const outside = new Map<string, Forecast[]>();
  const rows: Uint32Array[] = [];
  const f1Thresholds: number[] = [];
  const regions = new Set(set.series.map(({ region }) => region)).size;
  const fitsOfOrigin = 1 + (options.ablations ? 4 : 0) + (options.leaveRegionsOut ? regions : 0);
  for (const [number, origin] of options.origins.entries()) {
    const test = rowsBetween(set, origin.fromMs, origin.toMs);
    let fits = 0;
    const fit = async (changes: Partial<FitOptions>): Promise<FittedModel> => {
      const done = number + fits / fitsOfOrigin;
      fits += 1;
      return await fittedModel(set, windowStart(origin, options), origin.fromMs, {
        ...options.fit,
        onProgress: (share) =>
          options.fit.onProgress?.((done + share / fitsOfOrigin) / options.origins.length),
        ...changes,
      });
    };
    const fitted = await fit({});
    rows.push(test);
    f1Thresholds.push(fitted.f1Threshold);
    const train = rowsBetween(set, windowStart(origin, options), origin.fromMs - set.rule.horizonMs);
    add(gathered, modelName, forecastOf(fitted, set, test));
    const baselines = baselineForecasts(set, train, test, fitted, options.fit.mostQuietRows);
    for (const name of baselineNames) add(gathered, name, baselines[name]);
    if (options.ablations) {
      const rest = featureNames.filter((name) => !contagionFeatures.includes(name));
      const smaller = { calibrationDays: 0 };
      const without = await fit({ ...smaller, features: rest });
      add(gathered, withoutContagion, forecastOf(without, set, test));
      const eight = await fit({
        ...smaller,
        features: familyStressFeatures,
        linearShare: 0,
        nearMissShare: 0,
      });
      add(gathered, familyEight, forecastOf(eight, set, test));
      const hard = await fit({ ...smaller, nearMissShare: 0 });
      add(gathered, withoutNearMisses, forecastOf(hard, set, test));
      const open = await fit({ ...smaller, nearMissFeatures: featureNames });
      add(gathered, seeingAll, forecastOf(open, set, test));
    }
    if (options.leaveRegionsOut)
      for (const [name, forecast] of await leftOutForecasts(set, origin, test, options, fit))
        add(outside, name, forecast);
  }
  return {
    rows: joined(rows),
    forecasts: merged(gathered),
    f1Threshold: f1Thresholds.reduce((sum, one) => sum + one, 0) / f1Thresholds.length,
    originRows: rows.map((part) => part.length),
    leftOut: merged(outside),
  };
}

function windowStart(origin: Origin, options: WalkForwardOptions): number {
  return origin.fromMs - options.windowDays * dayMs;
}

/** Each region's rows of a test by models of the other regions only. */
async function leftOutForecasts(
  set: LearningSet,
  origin: Origin,
  test: Uint32Array,
  options: WalkForwardOptions,
  fit: (changes: Partial<FitOptions>) => Promise<FittedModel>,
): Promise<Map<string, Forecast>> {
  const parts = new Map<string, Forecast>();
  const regions = new Set(set.series.map(({ region }) => region));
  for (const region of regions) {
    const others = (one: { readonly region: string }): boolean => one.region !== region;
    const places = Uint32Array.from(test.keys()).filter(
      (at) => set.series[set.table.poolOf[test[at] ?? 0] ?? 0]?.region === region,
    );
    const own = Uint32Array.from(places, (at) => test[at] ?? 0);
    const fitted = await fit({ calibrationDays: 0, pools: others });
    const train = rowsBetween(set, windowStart(origin, options), origin.fromMs - set.rule.horizonMs, others);
    const forecasts: Record<string, Forecast> = {
      [modelName]: forecastOf(fitted, set, own),
      ...baselineForecasts(set, train, own, fitted, options.fit.mostQuietRows),
    };
    for (const [name, forecast] of Object.entries(forecasts)) {
      const whole = parts.get(name) ?? {
        scores: new Float32Array(test.length),
        probabilities: new Float32Array(test.length),
      };
      for (const [index, at] of places.entries()) {
        whole.scores[at] = forecast.scores[index] ?? 0;
        whole.probabilities[at] = forecast.probabilities[index] ?? 0;
      }
      parts.set(name, whole);
    }
  }
  return parts;
}

function forecastOf(fitted: FittedModel, set: LearningSet, rows: Uint32Array): Forecast {
  const probabilities = probabilitiesOf(fitted, set, rows);
  return { scores: probabilities, probabilities };
}

function add(gathered: Map<string, Forecast[]>, name: string, forecast: Forecast): void {
  gathered.set(name, [...(gathered.get(name) ?? []), forecast]);
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  return Uint32Array.from(parts.flatMap((part) => [...part]));
}

function merged(gathered: ReadonlyMap<string, readonly Forecast[]>): Record<string, Forecast> {
  const all: Record<string, Forecast> = {};
  for (const [name, parts] of gathered)
    all[name] = {
      scores: Float32Array.from(parts.flatMap((part) => [...part.scores])),
      probabilities: Float32Array.from(parts.flatMap((part) => [...part.probabilities])),
    };
  return all;
}

/** The last `count` calendar months (UTC) of the data as origins, the last one up to the last answer known. */
export function monthlyOrigins(toMs: number, horizonMs: number, count: number): Origin[] {
  const last = new Date(toMs - horizonMs);
  return Array.from({ length: count }, (_, index) => {
    const back = count - 1 - index;
    const from = Date.UTC(last.getUTCFullYear(), last.getUTCMonth() - back, 1);
    const to = Date.UTC(last.getUTCFullYear(), last.getUTCMonth() - back + 1, 1);
    return { fromMs: from, toMs: Math.min(to, toMs) };
  });
}

/** The last third of the history, at most 120 days, in three or four parts: what `train` tries a model on. */
export function trialOrigins(fromMs: number, toMs: number, horizonMs: number): Origin[] {
  const untilMs = toMs - horizonMs;
  const spanMs = Math.min((untilMs - fromMs) / 3, 120 * dayMs);
  const parts = spanMs >= 120 * dayMs ? 4 : 3;
  return Array.from({ length: parts }, (_, part) => ({
    fromMs: untilMs - spanMs + (part * spanMs) / parts,
    toMs: part === parts - 1 ? toMs : untilMs - spanMs + ((part + 1) * spanMs) / parts,
  }));
}
