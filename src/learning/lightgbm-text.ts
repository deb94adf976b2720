import type { Forest, Tree } from './forest.ts';

/** A model that LightGBM saved as text. */
export interface LightGbmModel {
  readonly featureNames: readonly string[];
  readonly forest: Forest;
}

/**
 * Reads `Booster.save_model` text of a binary model with numerical splits.
 * Thresholds are rounded down to float32: for float32 values x, x ≤ t says the same then; rounding to the nearest could let a
 * value pass that is above t.
 * @throws Error with a sentence when the text is something else.
 */
export function lightGbmModel(text: string): LightGbmModel {
  const sections = text.split(/\r?\n(?=Tree=\d+)/);
  const header = fieldsOf(sections[0] ?? '');
  const objective = header.get('objective') ?? '';
  if (!objective.startsWith('binary'))
    throw new Error(
      `the model's objective is "${objective}": only binary models give a probability of instability`,
    );
  const sigmoidScale = /sigmoid:([\d.]+)/.exec(objective)?.[1] ?? '1';
  if (Number(sigmoidScale) !== 1)
    throw new Error(`the model's sigmoid parameter is ${sigmoidScale}; only 1 can be written as ONNX`);
  const featureNames = (header.get('feature_names') ?? '').split(' ').filter((name) => name !== '');
  if (featureNames.length === 0) throw new Error('this is not a LightGBM text model: it names no features');
  const trees = sections.slice(1).map((section) => treeOf(section.split(/\r?\nend of trees/)[0] ?? ''));
  if (trees.length === 0) throw new Error('the LightGBM model holds no trees');
  return { featureNames, forest: { featureCount: featureNames.length, baseScore: 0, trees } };
}

function fieldsOf(section: string): Map<string, string> {
  return new Map(
    section.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf('=');
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
    }),
  );
}

/** A split on what is missing alone has an infinite threshold. */
function numberOf(text: string): number {
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return Number(text);
}

const categoricalBit = 1;
const defaultLeftBit = 2;
/** Bits 2 and 3: 0 none, 1 zero, 2 NaN. */
const missingTypes = ['none', 'zero', 'NaN'];

function treeOf(section: string): Tree {
  const fields = fieldsOf(section);
  const name = fields.get('Tree') ?? '?';
  const numbers = (key: string): number[] => {
    const values = (fields.get(key) ?? '')
      .split(' ')
      .filter((part) => part !== '')
      .map(numberOf);
    if (values.some((value) => Number.isNaN(value)))
      throw new Error(`tree ${name} of the LightGBM model has a ${key} that is not a number`);
    return values;
  };
  if (Number(fields.get('is_linear') ?? 0) === 1)
    throw new Error(`tree ${name} has linear leaves, which ONNX trees cannot express`);
  const leafValue = Float32Array.from(numbers('leaf_value'));
  const feature = numbers('split_feature');
  if (leafValue.length !== feature.length + 1)
    throw new Error(
      `tree ${name} has ${feature.length} splits and ${leafValue.length} leaves: the text is cut`,
    );
  const decisions = numbers('decision_type');
  const missingLeft = decisions.map((decision) => missingGoesLeft(decision, name));
  const thresholds = numbers('threshold');
  return {
    feature: Int32Array.from(feature),
    threshold: Float32Array.from(thresholds, floatAtOrBelow),
    missingLeft: Uint8Array.from(missingLeft, (left, node) =>
      // Without a missing type LightGBM reads NaN as zero.
      (left ?? 0 <= (thresholds[node] ?? 0)) ? 1 : 0,
    ),
    left: Int32Array.from(numbers('left_child')),
    right: Int32Array.from(numbers('right_child')),
    leafValue,
    gain: Float64Array.from(feature, (_, node) => numbers('split_gain')[node] ?? 0),
  };
}

function missingGoesLeft(decision: number, tree: string): boolean | undefined {
  if (decision & categoricalBit)
    throw new Error(`tree ${tree} splits on categories; train it on numerical features only`);
  const missing = missingTypes[(decision >> 2) & 3];
  if (missing === 'zero')
    throw new Error(`tree ${tree} takes zero for missing; train it with zero_as_missing=false`);
  return missing === 'NaN' ? (decision & defaultLeftBit) !== 0 : undefined;
}

/** The largest float32 that is not above `value`. */
export function floatAtOrBelow(value: number): number {
  const nearest = Math.fround(value);
  if (nearest <= value) return nearest;
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, nearest);
  const pattern = bits.getInt32(0);
  if (nearest === 0) bits.setUint32(0, 0x8000_0001);
  else bits.setInt32(0, nearest > 0 ? pattern - 1 : pattern + 1);
  return bits.getFloat32(0);
}
