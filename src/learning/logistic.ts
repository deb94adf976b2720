import { sigmoid } from './forest.ts';

/** A logistic regression on standardized columns, the plain model that trees must beat. */
export interface LogisticModel {
  readonly means: Float64Array;
  readonly scales: Float64Array;
  /** The intercept, then one per column. */
  readonly coefficients: Float64Array;
}

/** Standardized values are cut here: one wild return must not decide for a whole row. */
export const farthest = 5;

/** Iteratively reweighted least squares with a ridge of `ridge` rows. */
export function logisticModel(
  columns: readonly Float32Array[],
  rows: Uint32Array,
  labels: Uint8Array,
  weights: Float32Array,
  ridge = 1,
): LogisticModel {
  const size = columns.length + 1;
  const means = Float64Array.from(columns, (column) => mean(column, rows));
  const scales = Float64Array.from(columns, (column, index) => spread(column, rows, means[index] ?? 0));
  const model = { means, scales, coefficients: new Float64Array(size) };
  const values = new Float64Array(size);
  for (let turn = 0; turn < 12; turn += 1) {
    const slopes = model.coefficients.map((one, index) => (index === 0 ? 0 : ridge * one));
    const curves = new Float64Array(size * size);
    for (let index = 1; index < size; index += 1) curves[index * size + index] = ridge;
    for (let at = 0; at < rows.length; at += 1) {
      standardize(model, columns, rows[at] ?? 0, values);
      const probability = sigmoid(dot(model.coefficients, values));
      const weight = weights[at] ?? 0;
      const error = (probability - (labels[at] ?? 0)) * weight;
      const curve = Math.max(probability * (1 - probability), 1e-9) * weight;
      for (let i = 0; i < size; i += 1) {
        const value = values[i] ?? 0;
        slopes[i] = (slopes[i] ?? 0) + error * value;
        const scaled = curve * value;
        for (let j = 0; j <= i; j += 1)
          curves[i * size + j] = (curves[i * size + j] ?? 0) + scaled * (values[j] ?? 0);
      }
    }
    const step = solved(curves, slopes, size);
    let largest = 0;
    for (let index = 0; index < size; index += 1) {
      model.coefficients[index] = (model.coefficients[index] ?? 0) - (step[index] ?? 0);
      largest = Math.max(largest, Math.abs(step[index] ?? 0));
    }
    if (largest < 1e-6) break;
  }
  return model;
}

/** The log-odds that the model gives one row of the columns. */
export function logisticLogOdds(model: LogisticModel, columns: readonly Float32Array[], row: number): number {
  let sum = model.coefficients[0] ?? 0;
  for (let index = 0; index < columns.length; index += 1)
    sum += (model.coefficients[index + 1] ?? 0) * standardized(model, columns, index, row);
  return sum;
}

function standardized(
  model: Pick<LogisticModel, 'means' | 'scales'>,
  columns: readonly Float32Array[],
  index: number,
  row: number,
): number {
  const value = ((columns[index]?.[row] ?? 0) - (model.means[index] ?? 0)) / (model.scales[index] ?? 1);
  return Math.min(Math.max(value, -farthest), farthest);
}

function standardize(
  model: Pick<LogisticModel, 'means' | 'scales'>,
  columns: readonly Float32Array[],
  row: number,
  out: Float64Array,
): void {
  out[0] = 1;
  for (let index = 0; index < columns.length; index += 1)
    out[index + 1] = standardized(model, columns, index, row);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

function mean(column: Float32Array, rows: Uint32Array): number {
  let sum = 0;
  for (const row of rows) sum += column[row] ?? 0;
  return sum / rows.length;
}

/** The standard deviation; 1 for a column that never changes. */
function spread(column: Float32Array, rows: Uint32Array, middle: number): number {
  let sum = 0;
  for (const row of rows) sum += ((column[row] ?? 0) - middle) ** 2;
  const deviation = Math.sqrt(sum / rows.length);
  return deviation > 1e-12 ? deviation : 1;
}

/** Solves the symmetric system of which `matrix` holds the lower triangle (Cholesky). */
function solved(matrix: Float64Array, right: Float64Array, size: number): Float64Array {
  const lower = matrix;
  const at = (i: number, j: number): number => lower[i * size + j] ?? 0;
  for (let i = 0; i < size; i += 1)
    for (let j = 0; j <= i; j += 1) {
      let sum = at(i, j);
      for (let k = 0; k < j; k += 1) sum -= at(i, k) * at(j, k);
      lower[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / at(j, j);
    }
  const out = right.slice();
  for (let i = 0; i < size; i += 1) {
    let sum = out[i] ?? 0;
    for (let k = 0; k < i; k += 1) sum -= at(i, k) * (out[k] ?? 0);
    out[i] = sum / at(i, i);
  }
  for (let i = size - 1; i >= 0; i -= 1) {
    let sum = out[i] ?? 0;
    for (let k = i + 1; k < size; k += 1) sum -= at(k, i) * (out[k] ?? 0);
    out[i] = sum / at(i, i);
  }
  return out;
}
