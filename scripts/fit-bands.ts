/**
 * Fits what a Spot Advisor document foretells of a later one, and tells how well each vintage foretells the next with coefficients
 * that were fitted on other vintages alone:
 *
 *   node scripts/fit-bands.ts ADVISOR_OLDEST.json.gz … ADVISOR_NEWEST.json.gz
 *
 * The coefficients of the last lines stand in src/learning/shrunk-bands.ts.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { bandsByRegion } from '../src/formats/advisor-document.ts';
import {
  bandFeatures,
  centre,
  describedBands,
  type BandFeature,
  type BandsByRegion,
} from '../src/learning/shrunk-bands.ts';

interface Pair {
  readonly name: string;
  /** One row a band that is in both: features of the earlier document less their means, and the later band. */
  readonly rows: readonly {
    readonly features: readonly number[];
    readonly own: number;
    readonly later: number;
  }[];
  /** Of the earlier document. */
  readonly meanBand: number;
}

function documentAt(path: string): BandsByRegion {
  const bytes = readFileSync(path);
  return bandsByRegion((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
}

function pairOf(
  name: string,
  earlier: BandsByRegion,
  later: BandsByRegion,
  used: readonly BandFeature[],
): Pair {
  const all = describedBands(earlier);
  const { meanOf, meanBand } = centre(all);
  const rows = all.flatMap(({ instanceType, region, features }) => {
    const band = later.get(region)?.get(instanceType);
    return band === undefined
      ? []
      : [{ features: used.map((one) => features[one] - meanOf[one]), own: features.own, later: band }];
  });
  return { name, rows, meanBand };
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

/** Least squares with a level of its own for each pair: how the whole market moved between two years is none of the document's. */
function fitted(pairs: readonly Pair[], width: number): readonly number[] {
  const matrix = Array.from({ length: width }, () => new Float64Array(width + 1));
  for (const { rows } of pairs) {
    const meanLater = mean(rows.map(({ later }) => later));
    const means = Array.from({ length: width }, (_, at) =>
      mean(rows.map(({ features }) => features[at] ?? 0)),
    );
    for (const { features, later } of rows)
      for (let row = 0; row < width; row += 1) {
        const value = (features[row] ?? 0) - (means[row] ?? 0);
        const line = matrix[row] ?? new Float64Array(0);
        for (let column = 0; column < width; column += 1)
          line[column] = (line[column] ?? 0) + value * ((features[column] ?? 0) - (means[column] ?? 0));
        line[width] = (line[width] ?? 0) + value * (later - meanLater);
      }
  }
  for (let pivot = 0; pivot < width; pivot += 1)
    for (let row = 0; row < width; row += 1) {
      const [line, by] = [matrix[row], matrix[pivot]];
      if (row === pivot || line === undefined || by === undefined) continue;
      const factor = (line[pivot] ?? 0) / (by[pivot] ?? 1);
      for (let column = 0; column <= width; column += 1)
        line[column] = (line[column] ?? 0) - factor * (by[column] ?? 0);
    }
  return matrix.map((line, at) => (line[width] ?? 0) / (line[at] ?? 1));
}

function squaredError(
  { rows }: Pair,
  predicted: (row: Pair['rows'][number]) => number,
  level: boolean,
): number {
  const errors = rows.map((row) => predicted(row) - row.later);
  const shift = level ? 0 : mean(errors);
  return mean(errors.map((error) => (error - shift) ** 2));
}

const paths = process.argv.slice(2);
if (paths.length < 3)
  throw new Error('usage: node scripts/fit-bands.ts THREE_OR_MORE_ADVISOR_DOCUMENTS, oldest first');
const documents = paths.map(documentAt);
const variants: Readonly<Record<string, readonly BandFeature[]>> = {
  'all regions': bandFeatures,
  'one region': ['own', 'family', 'size'],
};
for (const [name, used] of Object.entries(variants)) {
  const pairs = documents.slice(1).flatMap((later, at) => {
    const earlier = documents[at];
    if (earlier === undefined) return [];
    const label = `${basename(paths[at] ?? '')} → ${basename(paths[at + 1] ?? '')}`;
    if (name === 'all regions') return [pairOf(label, earlier, later, used)];
    const rows = [...earlier].map(([region, types]) =>
      pairOf(label, new Map([[region, types]]), later, used),
    );
    const found = rows.flatMap((one) => one.rows.map((row) => ({ ...row, meanBand: one.meanBand })));
    return [{ name: label, rows: found, meanBand: mean(found.map((row) => row.meanBand)) }];
  });
  console.log(`\n${name}: mean squared error in bands, of what the earlier document says of the later one`);
  console.log(
    '| documents | bands | as it is | its mean | shrunk, fitted on the others | as it is, level aside | mean, level aside | shrunk, level aside |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  for (const pair of pairs) {
    const coefficients = fitted(
      pairs.filter((other) => other !== pair),
      used.length,
    );
    const levelOf = (row: Pair['rows'][number]): number =>
      'meanBand' in row && typeof row.meanBand === 'number' ? row.meanBand : pair.meanBand;
    const shrunk = (row: Pair['rows'][number]): number =>
      row.features.reduce((sum, value, at) => sum + value * (coefficients[at] ?? 0), levelOf(row));
    const cells = [true, false].flatMap((level) => [
      squaredError(pair, ({ own }) => own, level),
      squaredError(pair, levelOf, level),
      squaredError(pair, shrunk, level),
    ]);
    console.log(
      `| ${pair.name} | ${pair.rows.length} | ${cells.map((cell) => cell.toFixed(2)).join(' | ')} |`,
    );
  }
  const all = fitted(pairs, used.length);
  console.log(`fitted on all: ${used.map((one, at) => `${one} ${(all[at] ?? 0).toFixed(3)}`).join(', ')}`);
}
