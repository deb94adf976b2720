import { calibrated } from '../../learning/calibration.ts';
import { columnOf } from '../../learning/features.ts';
import { sigmoid } from '../../learning/forest.ts';
import { logisticLogOdds } from '../../learning/logistic.ts';
import { hourMs } from '../../learning/price-lattice.ts';
import { signalCurve } from './fitted-model.ts';
import type { FittedModel } from './fitted-model.ts';
import type { LearningSet } from './learning-set.ts';

/** Forecasts that need no trees. A model is worth its keep only above all of them. */
export const baselineNames = [
  'base rate',
  'past spike rate of the pool',
  'trailing 24 h return',
  '24 h volatility',
  'hour of week',
  'logistic regression',
] as const;

export type BaselineName = (typeof baselineNames)[number];

/** Scores to rank by, and probabilities to be judged as such. */
export interface Forecast {
  readonly scores: Float32Array;
  readonly probabilities: Float32Array;
}

/** A pool's own rate is believed as if this many rows of the base rate had been seen before. */
const priorRows = 50;

/** Each baseline's forecast of the test rows, learnt from the training rows only. */
export function baselineForecasts(
  set: LearningSet,
  train: Uint32Array,
  test: Uint32Array,
  fitted: Pick<FittedModel, 'features' | 'linear'>,
  quietRows: number,
): Record<BaselineName, Forecast> {
  const ones = train.reduce((sum, row) => sum + (set.labels[row] ?? 0), 0);
  const rate = ones / train.length;
  const signal = (name: string): Forecast => {
    const column = columnOf(set.table, name);
    const curve = signalCurve(set, column, train, quietRows);
    const scores = Float32Array.from(test, (row) => column[row] ?? 0);
    return { scores, probabilities: scores.map((score) => calibrated(curve, score)) };
  };
  const same = (probabilities: Float32Array): Forecast => ({ scores: probabilities, probabilities });
  const columns = fitted.features.map((name) => columnOf(set.table, name));
  return {
    'base rate': same(Float32Array.from(test, () => rate)),
    'past spike rate of the pool': same(pastRates(set, train, test, rate)),
    'trailing 24 h return': signal('return_24h'),
    '24 h volatility': signal('volatility_24h'),
    'hour of week': same(hourOfWeekRates(set, train, test, rate)),
    'logistic regression': same(
      Float32Array.from(test, (row) => sigmoid(logisticLogOdds(fitted.linear, columns, row))),
    ),
  };
}

/** A pool's share of unstable moments among those whose answer was known at the row's moment. */
function pastRates(set: LearningSet, train: Uint32Array, test: Uint32Array, rate: number): Float32Array {
  const { table, labels, rule } = set;
  const seen = new Float64Array(set.series.length);
  const ones = new Float64Array(set.series.length);
  const known = [...train, ...test];
  let next = 0;
  return Float32Array.from(test, (row) => {
    const atMs = table.timesMs[table.timeOf[row] ?? 0] ?? 0;
    for (; next < known.length; next += 1) {
      const past = known[next] ?? 0;
      if ((table.timesMs[table.timeOf[past] ?? 0] ?? Infinity) + rule.horizonMs > atMs) break;
      const pool = table.poolOf[past] ?? 0;
      seen[pool] = (seen[pool] ?? 0) + 1;
      ones[pool] = (ones[pool] ?? 0) + (labels[past] ?? 0);
    }
    const pool = table.poolOf[row] ?? 0;
    return ((ones[pool] ?? 0) + priorRows * rate) / ((seen[pool] ?? 0) + priorRows);
  });
}

function hourOfWeekRates(
  set: LearningSet,
  train: Uint32Array,
  test: Uint32Array,
  rate: number,
): Float32Array {
  const { table, labels } = set;
  const hourOf = (row: number): number =>
    Math.floor((table.timesMs[table.timeOf[row] ?? 0] ?? 0) / hourMs) % (7 * 24);
  const seen = new Float64Array(7 * 24).fill(priorRows);
  const ones = new Float64Array(7 * 24).fill(priorRows * rate);
  for (const row of train) {
    const hour = hourOf(row);
    seen[hour] = (seen[hour] ?? 0) + 1;
    ones[hour] = (ones[hour] ?? 0) + (labels[row] ?? 0);
  }
  return Float32Array.from(test, (row) => (ones[hourOf(row)] ?? 0) / (seen[hourOf(row)] ?? 1));
}
