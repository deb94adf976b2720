import type { RiskAssessment } from '../../decision/knowledge.ts';
import { assessmentOf } from '../../formats/score-assessment.ts';
import { columnOf } from '../../learning/features.ts';
import type { FeatureTable } from '../../learning/features.ts';
import { familyOfType } from '../../learning/instance-size.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { ScoringModel } from '../../ports/scoring-model.ts';

const rowsAtOnce = 50_000;

/** What a published model says of rows, each by its family's own model where there is one, as a server would say it. */
export async function publishedScores(
  model: ScoringModel,
  { series, table }: { readonly series: readonly PriceSeries[]; readonly table: FeatureTable },
  rows: Uint32Array,
  signal: AbortSignal,
): Promise<readonly (RiskAssessment | undefined)[]> {
  const { card } = model;
  const columns = card.features.map((name) => columnOf(table, name));
  const ownFamily = series.map(({ instanceType }) => {
    const family = familyOfType(instanceType);
    return card.families !== undefined && Object.hasOwn(card.families, family) ? family : undefined;
  });
  const said = new Array<RiskAssessment | undefined>(rows.length);
  for (const [family, places] of Map.groupBy(
    rows.keys(),
    (at) => ownFamily[table.poolOf[rows[at] ?? 0] ?? 0],
  )) {
    const scale = (family === undefined ? undefined : card.families?.[family]) ?? card;
    for (let first = 0; first < places.length; first += rowsAtOnce) {
      const part = places.slice(first, first + rowsAtOnce);
      const matrix = new Float32Array(part.length * columns.length);
      for (const [index, at] of part.entries())
        for (const [feature, column] of columns.entries())
          matrix[index * columns.length + feature] = column[rows[at] ?? 0] ?? 0;
      const scores = await model.score(family, matrix, signal);
      for (const [index, at] of part.entries()) said[at] = assessmentOf(scores[index] ?? Number.NaN, scale);
    }
  }
  return said;
}
