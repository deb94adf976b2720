import type { RiskAssessment } from '../../decision/knowledge.ts';
import { familyOf, poolKey, type PoolKey } from '../../decision/pool.ts';
import type { ModelCard } from '../../formats/model-card.ts';
import { assessmentOf } from '../../formats/score-assessment.ts';
import type { RiskModel } from '../../ports/risk-model.ts';
import type { ScoringModel } from '../../ports/scoring-model.ts';
import type { ServingFeatures, ServingRows } from './serving-features.ts';

/**
 * The risk that a pool's price becomes unstable, from a trained model. A raw score becomes the calibrated probability p of
 * the card's table; at even prior odds that is p(1 − π) / (p(1 − π) + (1 − p)π), π being the card's base rate.
 * Pools that cannot be described (too short a history, too low a price) get no assessment.
 */
export function familyStress(model: ScoringModel, features: ServingFeatures): RiskModel {
  const { card } = model;
  return {
    name: 'family-stress',
    description: descriptionOf(card),
    async assess(inputs, signal) {
      const rows = features(inputs, card.features, card.minPricePerHour);
      const assessments = new Map<PoolKey, RiskAssessment>();
      for (const [family, part] of byModel(rows, card)) {
        const scores = await model.score(family, part.matrix, signal);
        const scale = (family === undefined ? undefined : card.families?.[family]) ?? card;
        for (const [index, pool] of part.pools.entries()) {
          const assessment = assessmentOf(scores[index] ?? NaN, scale);
          if (assessment !== undefined) assessments.set(poolKey(pool), assessment);
        }
      }
      return assessments;
    },
  };
}

/** The rows by the model that scores them; undefined is the card's own. */
function byModel(rows: ServingRows, card: ModelCard): ReadonlyMap<string | undefined, ServingRows> {
  const { families } = card;
  if (families === undefined) return new Map([[undefined, rows]]);
  const columns = card.features.length;
  const members = Map.groupBy(rows.pools.keys(), (row) => {
    const family = familyOf(rows.pools[row]?.instanceType ?? '');
    return Object.hasOwn(families, family) ? family : undefined;
  });
  const parts = [...members].map(([family, indices]) => {
    const matrix = new Float32Array(indices.length * columns);
    for (const [to, from] of indices.entries())
      matrix.set(rows.matrix.subarray(from * columns, (from + 1) * columns), to * columns);
    return [family, { pools: indices.flatMap((row) => rows.pools[row] ?? []), matrix }] as const;
  });
  return new Map(parts);
}

function descriptionOf(card: ModelCard): string {
  const spike = `${Number((card.spikeThreshold * 100).toFixed(2))} %`;
  const { fromMs, toMs, regions } = card.dataSpan;
  return `${card.name} ${card.version} of ${card.createdAt}: risk that the price rises by ${spike} within ${card.horizonHours} h, learnt from ${regions.join(', ')} from ${day(fromMs)} to ${day(toMs)}`;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
