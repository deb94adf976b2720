import { expect } from 'chai';
import * as ort from 'onnxruntime-node';
import { logOdds } from '../../../src/learning/calibration.ts';
import { cutsOf } from '../../../src/learning/binning.ts';
import { chanceFrom } from '../../../src/learning/chance.ts';
import { forestScores, gainShares } from '../../../src/learning/forest.ts';
import type { Forest } from '../../../src/learning/forest.ts';
import { defaultGrowth } from '../../../src/learning/growth.ts';
import { floatAtOrBelow, lightGbmModel } from '../../../src/learning/lightgbm-text.ts';
import { logisticLogOdds, logisticModel } from '../../../src/learning/logistic.ts';
import { onnxBytes } from '../../../src/learning/onnx-graph.ts';
import { blended, graphScores } from '../../../src/learning/scoring-graph.ts';
import type { ScoringGraph } from '../../../src/learning/scoring-graph.ts';
import { trainedForest } from '../../../src/offline/training/trained-forest.ts';
import type { TrainingRows } from '../../../src/offline/training/trained-forest.ts';

/** Rows where the answer hangs on the product of two columns, on a third being missing, and on chance. */
function rowsOf(
  count: number,
  seed: number,
): Required<Omit<TrainingRows, 'rows' | 'labels'>> & { readonly labels: Uint8Array } {
  const chance = chanceFrom(seed);
  const columns = Array.from({ length: 6 }, (_, column) =>
    Float32Array.from({ length: count }, () =>
      column === 2 && chance() < 0.2 ? Number.NaN : 2 * chance() - 1,
    ),
  );
  const [a, b, c] = columns;
  const labels = Uint8Array.from({ length: count }, (_, row) => {
    const odds = 4 * a![row]! * b![row]! + (Number.isNaN(c![row]!) ? 2 : 0) - 1.5;
    return chance() < 1 / (1 + Math.exp(-odds)) ? 1 : 0;
  });
  const weights = Float32Array.from({ length: count }, () => 0.5 + chance());
  return { columns, labels, weights };
}

function matrixOf(columns: readonly Float32Array[]): Float32Array {
  const rows = columns[0]!.length;
  return Float32Array.from(
    { length: rows * columns.length },
    (_, at) => columns[at % columns.length]![Math.floor(at / columns.length)]!,
  );
}

async function scoredByOnnx(graph: ScoringGraph, columns: readonly Float32Array[]): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(onnxBytes(graph), { intraOpNumThreads: 1 });
  const rows = columns[0]!.length;
  const input = new ort.Tensor('float32', matrixOf(columns), [rows, columns.length]);
  const outputs = await session.run({ features: input });
  expect(Object.keys(outputs)).to.deep.equal(['score']);
  expect(outputs['score']!.dims).to.deep.equal([rows, 1]);
  return outputs['score']!.data as Float32Array;
}

function farthestApart(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index]!)), 0);
}

function logLoss(scores: Float32Array, labels: Uint8Array): number {
  return (
    scores.reduce((sum, score, row) => sum - Math.log(labels[row] === 1 ? score : 1 - score), 0) /
    labels.length
  );
}

const rules = { ...defaultGrowth, trees: 60, learningRate: 0.1 };

describe('grown forests', () => {
  it('are the same to the last bit with one thread, two and three', async () => {
    const rows = rowsOf(5000, 1);
    const alone = await trainedForest(rows, { rules, threads: 1 });
    for (const threads of [2, 3]) expect(await trainedForest(rows, { rules, threads })).to.deep.equal(alone);
  });

  it('differ with the seed', async () => {
    const rows = rowsOf(2000, 1);
    const one = await trainedForest(rows, { rules, threads: 1 });
    const other = await trainedForest(rows, { rules: { ...rules, seed: 2 }, threads: 1 });
    expect(other).to.not.deep.equal(one);
  });

  it('learn an interaction and a missing value that no single column shows', async () => {
    const rows = rowsOf(20_000, 3);
    const fresh = rowsOf(5000, 4);
    const forest = await trainedForest(rows, { rules: { ...rules, trees: 150 }, threads: 1 });
    const loss = logLoss(forestScores(forest, matrixOf(fresh.columns)), fresh.labels);
    const share = fresh.labels.reduce((sum, label) => sum + label, 0) / fresh.labels.length;
    const constant = logLoss(new Float32Array(5000).fill(share), fresh.labels);
    expect(loss).to.be.below(0.87 * constant);
    expect([...gainShares(forest)].slice(0, 3).reduce((sum, gain) => sum + gain, 0)).to.be.above(0.85);
  });

  it('stop early when the watched rows gain no more, and keep the best number of trees', async () => {
    const losses: number[] = [];
    const forest = await trainedForest(rowsOf(600, 5), {
      rules: { ...rules, trees: 400, learningRate: 0.3, minLeafRows: 5, patience: 10 },
      watched: rowsOf(2000, 6),
      threads: 2,
      onTree: (_, loss) => losses.push(loss),
    });
    expect(losses.length).to.be.below(400);
    expect(forest.trees.length).to.equal(losses.indexOf(Math.min(...losses)) + 1);
    expect(losses.length).to.equal(forest.trees.length + 10);
  });

  it('keep to depth and number of leaves', async () => {
    const forest = await trainedForest(rowsOf(5000, 7), {
      rules: { ...rules, maxDepth: 3, leaves: 6, trees: 20 },
      threads: 1,
    });
    const depth = (tree: Forest['trees'][number], node = 0): number =>
      node < 0 || tree.feature.length === 0
        ? 0
        : 1 + Math.max(depth(tree, tree.left[node]), depth(tree, tree.right[node]));
    for (const tree of forest.trees) {
      expect(tree.leafValue.length).to.be.within(2, 6);
      expect(depth(tree)).to.be.at.most(3);
    }
  });

  it('refuse labels of one kind only', async () => {
    const rows = rowsOf(100, 8);
    let sentence = '';
    await trainedForest({ ...rows, labels: new Uint8Array(100) }, { rules, threads: 1 }).catch(
      (error: unknown) => {
        sentence = String(error);
      },
    );
    expect(sentence).to.include('0 of 100 rows are unstable');
  });

  it('end with the signal', async () => {
    const stop = new AbortController();
    const training = trainedForest(rowsOf(20_000, 9), {
      rules: { ...rules, trees: 5000 },
      threads: 2,
      onTree: () => stop.abort(),
      signal: stop.signal,
    });
    let sentence = '';
    await training.catch((error: unknown) => (sentence = String(error)));
    expect(sentence).to.include('stopped');
  });
});

describe('cuts', () => {
  it('separate neighbouring values in float32, whatever they are', () => {
    const values = Float32Array.of(0, 1, Math.fround(1 + 2 ** -23), -1, 3e-45, 1e30);
    const sorted = [...values].sort((a, b) => a - b);
    const cuts = cutsOf(values, 1);
    expect(cuts.length).to.equal(5);
    for (const [index, cut] of cuts.entries()) {
      expect(cut).to.be.at.least(sorted[index]!);
      expect(cut).to.be.below(sorted[index + 1]!);
    }
  });

  it('are at most 254, and share the rows out evenly', () => {
    const chance = chanceFrom(2);
    const column = Float32Array.from({ length: 100_000 }, () => chance() ** 3);
    const cuts = cutsOf(column, 1);
    expect(cuts.length).to.be.within(240, 254);
    const first = column.filter((value) => value <= cuts[0]!).length;
    expect(first).to.be.within(200, 800);
  });
});

describe('ONNX files', () => {
  it('give what our own evaluation gives, missing values included', async () => {
    const rows = rowsOf(4000, 11);
    const forest = await trainedForest(rows, { rules, threads: 1 });
    const onnx = await scoredByOnnx({ forest }, rows.columns);
    expect(farthestApart(onnx, forestScores(forest, matrixOf(rows.columns)))).to.be.below(1e-6);
  });

  it('give what our own evaluation gives with a linear part, values far outside included', async () => {
    const { columns, labels, weights } = rowsOf(4000, 12);
    const complete = columns.map((column) =>
      column.map((value, row) => (Number.isNaN(value) ? 0 : row % 50 === 0 ? 100 * value : value)),
    );
    const forest = await trainedForest({ columns: complete, labels }, { rules, threads: 1 });
    const all = Uint32Array.from(labels.keys());
    const linear = logisticModel(complete, all, labels, weights);
    const line = { intercept: -0.5, slope: 1.3 };
    const places = [3, 1];
    const seen = places.map((place) => complete[place]!);
    const partial = await trainedForest({ columns: seen, labels }, { rules, threads: 1 });
    const weightedForests = [
      { forest, share: 0.4 },
      { forest: partial, share: 0.2, line, places },
    ];
    const graph = blended(weightedForests, linear, complete.length);
    const scores = [
      graphScores(graph, complete, all),
      graphScores({ forest }, complete, all),
      graphScores({ forest: partial }, seen, all),
    ];
    for (const row of [0, 1, 2, 3, 51]) {
      const [mixed = 0, byTrees = 0, byFew = 0] = scores.map((each) => logOdds(each[row]!));
      const byLine = logisticLogOdds(linear, complete, row);
      expect(mixed).to.be.closeTo(
        0.4 * byTrees + 0.2 * (line.intercept + line.slope * byFew) + 0.4 * byLine,
        1e-4,
      );
    }
    expect(farthestApart(await scoredByOnnx(graph, complete), graphScores(graph, complete, all))).to.be.below(
      1e-6,
    );
  });

  it('answers between 0 and 1 teach as the same rows twice would, once for each side', async () => {
    const rows = rowsOf(3000, 13);
    const soft = Float32Array.from(rows.labels, (label, row) =>
      label === 1 ? 0.75 : row % 4 === 0 ? 0.25 : 0,
    );
    const twice = {
      columns: rows.columns.map((column) => Float32Array.of(...column, ...column)),
      labels: Uint8Array.from({ length: 6000 }, (_, row) => (row < 3000 ? 1 : 0)),
      weights: Float32Array.of(...soft, ...soft.map((one) => 1 - one)),
    };
    const one = await trainedForest(
      { columns: rows.columns, labels: soft },
      { rules: { ...rules, trees: 1, minLeafRows: 200 }, threads: 1 },
    );
    const other = await trainedForest(twice, { rules: { ...rules, trees: 1, minLeafRows: 400 }, threads: 1 });
    const matrix = matrixOf(rows.columns);
    expect(one.baseScore).to.be.closeTo(other.baseScore, 1e-5);
    expect(farthestApart(forestScores(one, matrix), forestScores(other, matrix))).to.be.below(1e-4);
  });

  it('hold a tree of one leaf', async () => {
    const forest: Forest = {
      featureCount: 2,
      baseScore: -1,
      trees: [
        {
          feature: new Int32Array(0),
          threshold: new Float32Array(0),
          missingLeft: new Uint8Array(0),
          left: new Int32Array(0),
          right: new Int32Array(0),
          leafValue: Float32Array.of(0.25),
          gain: new Float64Array(0),
        },
      ],
    };
    const columns = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    expect(
      farthestApart(await scoredByOnnx({ forest }, columns), forestScores(forest, matrixOf(columns))),
    ).to.be.below(1e-6);
  });
});

const lightGbmText = `tree
version=v4
num_class=1
objective=binary sigmoid:1
feature_names=first second
feature_infos=[0:1] [0:1]

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
split_gain=10 4
threshold=0.1 0.70000000000000007
decision_type=2 10
left_child=-1 -2
right_child=1 -3
leaf_value=-2 0.5 1.5
is_linear=0
shrinkage=1


end of trees
`;

describe("LightGBM's text", () => {
  it('becomes a forest that decides as LightGBM does', async () => {
    const { forest, featureNames } = lightGbmModel(lightGbmText);
    expect(featureNames).to.deep.equal(['first', 'second']);
    const columns = [
      Float32Array.of(0.05, 0.2, 0.2, 0.2, Number.NaN),
      Float32Array.of(0, 0.6, 0.8, Number.NaN, 0.8),
    ];
    const odds = [-2, 0.5, 1.5, 0.5, -2];
    const expected = Float32Array.from(odds, (odd) => 1 / (1 + Math.exp(-odd)));
    expect(farthestApart(forestScores(forest, matrixOf(columns)), expected)).to.be.below(1e-6);
    expect(farthestApart(await scoredByOnnx({ forest }, columns), expected)).to.be.below(1e-6);
  });

  it('has its thresholds rounded down, so that a float32 above one never passes it', () => {
    expect(floatAtOrBelow(0.1)).to.be.below(0.1);
    expect(floatAtOrBelow(0.5)).to.equal(0.5);
    expect(floatAtOrBelow(-0.1)).to.be.at.most(-0.1);
    expect(floatAtOrBelow(1e-60)).to.equal(0);
    expect(floatAtOrBelow(-1e-60)).to.be.below(0);
    const { forest } = lightGbmModel(lightGbmText);
    expect(forest.trees[0]!.threshold[0]).to.be.at.most(0.1);
  });

  for (const [fault, text, words] of [
    ['another objective', lightGbmText.replace('binary', 'regression'), 'only binary models'],
    ['categories', lightGbmText.replace('decision_type=2 10', 'decision_type=1 10'), 'splits on categories'],
    ['a cut end', lightGbmText.replace('leaf_value=-2 0.5 1.5', 'leaf_value=-2 0.5'), 'the text is cut'],
    ['no trees', lightGbmText.split('Tree=0')[0]!, 'holds no trees'],
  ] as const)
    it(`with ${fault} is refused in a sentence`, () => {
      expect(() => lightGbmModel(text)).to.throw(words);
    });
});
