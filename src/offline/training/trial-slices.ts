import { familyOfType } from '../../learning/instance-size.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { LearningSet } from './learning-set.ts';
import { verdictOf } from './verdict.ts';
import type { Estimate, VerdictOptions } from './verdict.ts';
import { modelName } from './walk-forward.ts';
import type { WalkForward } from './walk-forward.ts';

/** The signal that is hardest to beat without learning anything. */
const rival = 'trailing 24 h return';

/** The model on one slice of a trial. Null where the slice holds no unstable moment. Intervals: 95 % of draws of whole days. */
export interface SliceMetrics {
  readonly name: string;
  readonly rows: number;
  readonly unstableRows: number;
  readonly prevalence: number;
  readonly prAuc: Estimate | null;
  readonly rocAuc: Estimate | null;
  readonly withinPoolAuc: Estimate | null;
  readonly brierSkill: Estimate | null;
  readonly calibrationError: number;
  /** PR-AUC less that of the trailing 24 h return, over the same draws. */
  readonly aboveReturn: Estimate | null;
}

export interface TrialSlices {
  readonly regions: readonly SliceMetrics[];
  readonly zones: readonly SliceMetrics[];
  readonly families: readonly SliceMetrics[];
}

/** The model by region, zone and family of the pools. */
export function trialSlices(
  set: LearningSet,
  trial: Pick<WalkForward, 'rows' | 'forecasts'>,
  options: VerdictOptions,
): TrialSlices {
  const by = (nameOf: (pool: PriceSeries) => string): SliceMetrics[] => slices(set, trial, nameOf, options);
  return {
    regions: by(({ region }) => region),
    zones: by(({ zone }) => zone),
    families: by(({ instanceType }) => familyOfType(instanceType)),
  };
}

function slices(
  set: LearningSet,
  { rows, forecasts }: Pick<WalkForward, 'rows' | 'forecasts'>,
  nameOf: (pool: PriceSeries) => string,
  options: VerdictOptions,
): SliceMetrics[] {
  const names = set.series.map(nameOf);
  const members = Map.groupBy(rows.keys(), (at) => names[set.table.poolOf[rows[at] ?? 0] ?? 0] ?? '');
  return [...members]
    .map(([name, places]) => {
      const own = Uint32Array.from(places, (at) => rows[at] ?? 0);
      const part = (values: Float32Array | undefined): Float32Array =>
        Float32Array.from(places, (at) => values?.[at] ?? 0);
      const forecastOf = (of: string) => ({
        scores: part(forecasts[of]?.scores),
        probabilities: part(forecasts[of]?.probabilities),
      });
      const verdict = verdictOf(
        set,
        own,
        { [modelName]: forecastOf(modelName), [rival]: forecastOf(rival) },
        options,
      );
      const judged = verdict.judgements[modelName];
      return {
        name,
        rows: verdict.rows,
        unstableRows: verdict.unstableRows,
        prevalence: verdict.prevalence,
        prAuc: estimateOrNull(judged?.prAuc),
        rocAuc: estimateOrNull(judged?.rocAuc),
        withinPoolAuc: estimateOrNull(judged?.withinPoolAuc),
        brierSkill: estimateOrNull(judged?.brierSkill),
        calibrationError: judged?.calibrationError ?? 0,
        aboveReturn: estimateOrNull(verdict.differences[rival]?.prAuc),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function estimateOrNull(estimate: Estimate | undefined): Estimate | null {
  if (estimate === undefined || !Number.isFinite(estimate.value)) return null;
  const short = (value: number): number => Number(value.toFixed(5));
  return { value: short(estimate.value), low: short(estimate.low), high: short(estimate.high) };
}
