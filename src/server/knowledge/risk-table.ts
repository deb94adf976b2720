import type { RiskAssessment } from '../../decision/knowledge.ts';
import type { PoolKey } from '../../decision/pool.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RiskInputs, RiskModel } from '../../ports/risk-model.ts';
import type { RefreshResult } from './refresh-loop.ts';

/** How old an assessment may grow before it is no longer one; features tell of the hour, so it is made anew every hour. */
const rescoreAfterMs = 3_600_000;
const forgetAfterMs = 3 * 3_600_000;

export interface RiskTableOptions {
  readonly model: () => RiskModel | undefined;
  readonly inputs: () => Omit<RiskInputs, 'nowMs'>;
  /** Grows whenever the prices change. */
  readonly pricesVersion: () => number;
  readonly clock: Clock;
  readonly onScored: (model: string, pools: number, durationMs: number) => void;
}

interface Scored {
  readonly model: RiskModel;
  readonly atMs: number;
  readonly pricesVersion: number;
  readonly evidenceVersion: number | undefined;
  readonly pricesAsOfMs: number | undefined;
  readonly assessments: ReadonlyMap<PoolKey, RiskAssessment>;
}

/** What the risk model says of every pool, scored ahead of the questions. */
export interface RiskTable {
  /** Scores when the model, its evidence or the prices changed, or an hour passed. */
  readonly refresh: (signal: AbortSignal) => Promise<RefreshResult>;
  readonly isCurrent: () => boolean;
  /** Undefined: no model, never scored, or too long ago. */
  readonly assessments: (nowMs: number) => ReadonlyMap<PoolKey, RiskAssessment> | undefined;
  /** Set when the model says the same of every pool. */
  readonly uniform: () => RiskAssessment | undefined;
  readonly scoredAtMs: () => number | undefined;
  /** Set when the prices that were scored end in the past. */
  readonly pricesAsOfMs: () => number | undefined;
}

export function riskTable(options: RiskTableOptions): RiskTable {
  const { clock } = options;
  let scored: Scored | undefined;

  function isCurrent(): boolean {
    const model = options.model();
    if (model === undefined || model.uniform !== undefined) return true;
    return (
      scored?.model === model &&
      scored.pricesVersion === options.pricesVersion() &&
      scored.evidenceVersion === model.evidenceVersion?.() &&
      Math.abs(clock.nowMs() - scored.atMs) < rescoreAfterMs
    );
  }

  return {
    isCurrent,
    async refresh(signal) {
      const model = options.model();
      if (model === undefined || isCurrent()) return 'unchanged';
      const startedMs = clock.monotonicMs();
      const pricesVersion = options.pricesVersion();
      const evidenceVersion = model.evidenceVersion?.();
      const nowMs = clock.nowMs();
      const inputs = options.inputs();
      const { pricesAsOfMs } = inputs;
      const assessments = await model.assess({ ...inputs, nowMs }, signal);
      scored = { model, atMs: nowMs, pricesVersion, evidenceVersion, pricesAsOfMs, assessments };
      options.onScored(model.name, assessments.size, clock.monotonicMs() - startedMs);
      return 'changed';
    },
    assessments(nowMs) {
      // A model that was taken away takes its assessments with it; one that was replaced lends them until the new has scored.
      if (scored === undefined || options.model() === undefined) return undefined;
      return Math.abs(nowMs - scored.atMs) <= forgetAfterMs ? scored.assessments : undefined;
    },
    uniform: () => options.model()?.uniform,
    scoredAtMs: () => scored?.atMs,
    pricesAsOfMs: () => scored?.pricesAsOfMs,
  };
}
