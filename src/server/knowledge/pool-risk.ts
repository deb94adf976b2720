import type { Knowledge } from '../../decision/knowledge.ts';
import type { Pool } from '../../decision/pool.ts';

/** What the risk table says of a region as a whole: pools are not labels, their distribution can be. */
export interface PoolRisk {
  /** Spot pools that have a price. */
  readonly priced: number;
  /** Of these, the ones that the risk model has assessed. */
  readonly assessed: number;
  /** Of these, the ones above the safety gate. */
  readonly aboveGate: number;
  /** Crash probabilities 0..1 at 0.5, 0.9, 0.99 and 1 of the assessed; undefined where none is. */
  readonly crashProbability: Readonly<Record<RiskQuantile, number>> | undefined;
}

export const riskQuantiles = ['0.5', '0.9', '0.99', '1'] as const;
export type RiskQuantile = (typeof riskQuantiles)[number];

export function poolRisk(
  pools: readonly Pool[],
  knowledge: Pick<Knowledge, 'risk'>,
  maxCrashProbability: number,
): PoolRisk {
  const risks = Float64Array.from(
    pools.flatMap((pool) => knowledge.risk(pool)?.crashProbability ?? []),
  ).sort();
  // Nearest rank: the smallest that this share of the pools does not exceed.
  const at = (share: RiskQuantile): number => risks[Math.ceil(Number(share) * risks.length) - 1] ?? 0;
  return {
    priced: pools.length,
    assessed: risks.length,
    aboveGate: risks.filter((risk) => risk > maxCrashProbability).length,
    crashProbability:
      risks.length === 0
        ? undefined
        : { '0.5': at('0.5'), '0.9': at('0.9'), '0.99': at('0.99'), '1': at('1') },
  };
}
