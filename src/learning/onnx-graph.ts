import type { Forest, Tree } from './forest.ts';
import { farthest } from './logistic.ts';
import { littleEndian, ProtoWriter } from './proto-writer.ts';
import type { ScoringGraph } from './scoring-graph.ts';

/** Field numbers of ONNX's protobuf messages. */
const model = { irVersion: 1, producer: 2, producerVersion: 3, graph: 7, opset: 8, metadata: 14 } as const;
const graph = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;
const node = { input: 1, output: 2, name: 3, type: 4, attribute: 5, domain: 7 } as const;
const attribute = { name: 1, float: 2, int: 3, text: 4, floats: 7, ints: 8, texts: 9, type: 20 } as const;
const attributeType = { float: 1, int: 2, text: 3, floats: 6, ints: 7, texts: 8 } as const;
const tensor = { dims: 1, dataType: 2, name: 8, rawData: 9 } as const;
const float32 = 1;
const treeDomain = 'ai.onnx.ml';

/**
 * The bytes of an ONNX file: a float32 tensor `features` [rows, columns] in, a float32 tensor `score` [rows, 1] out.
 * One TreeEnsembleRegressor (and the linear part as Sub, Mul, Clip, Gemm, Add), then Sigmoid: no maps, no labels.
 */
export function onnxBytes(parts: ScoringGraph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const file = new ProtoWriter()
    .int(model.irVersion, 8)
    .text(model.producer, 'spot-expander')
    .text(model.producerVersion, '1')
    .message(model.graph, (inner) => writeGraph(inner, parts))
    .message(model.opset, (inner) => inner.text(1, '').int(2, 13))
    .message(model.opset, (inner) => inner.text(1, treeDomain).int(2, 3));
  for (const [key, value] of Object.entries(metadata))
    file.message(model.metadata, (inner) => inner.text(1, key).text(2, value));
  return file.bytes();
}

function writeGraph(out: ProtoWriter, { forest, linear }: ScoringGraph): void {
  writeTrees(out, forest);
  const columns = forest.featureCount;
  if (linear !== undefined) {
    plainNode(out, 'Sub', ['features', 'means'], 'centred');
    plainNode(out, 'Mul', ['centred', 'scales'], 'standardized');
    plainNode(out, 'Clip', ['standardized', 'lowest', 'highest'], 'cut');
    plainNode(out, 'Gemm', ['cut', 'coefficients', 'intercept'], 'linear_log_odds');
    plainNode(out, 'Add', ['tree_log_odds', 'linear_log_odds'], 'log_odds');
  }
  plainNode(out, 'Sigmoid', [linear === undefined ? 'tree_log_odds' : 'log_odds'], 'score');
  out.text(graph.name, 'family-stress');
  if (linear !== undefined) {
    writeTensor(out, 'means', [columns], linear.means);
    writeTensor(
      out,
      'scales',
      [columns],
      linear.scales.map((scale) => 1 / scale),
    );
    writeTensor(out, 'lowest', [], [-farthest]);
    writeTensor(out, 'highest', [], [farthest]);
    writeTensor(out, 'coefficients', [columns, 1], linear.coefficients.subarray(1));
    writeTensor(out, 'intercept', [1], linear.coefficients.subarray(0, 1));
  }
  out.message(graph.input, (inner) => writeShape(inner, 'features', columns));
  out.message(graph.output, (inner) => writeShape(inner, 'score', 1));
}

function plainNode(out: ProtoWriter, type: string, inputs: readonly string[], output: string): void {
  out.message(graph.node, (inner) => {
    for (const input of inputs) inner.text(node.input, input);
    inner.text(node.output, output).text(node.name, output).text(node.type, type);
  });
}

function writeTensor(
  out: ProtoWriter,
  name: string,
  dims: readonly number[],
  values: ArrayLike<number>,
): void {
  out.message(graph.initializer, (inner) => {
    for (const dim of dims) inner.int(tensor.dims, dim);
    inner
      .int(tensor.dataType, float32)
      .text(tensor.name, name)
      .blob(tensor.rawData, new Uint8Array(littleEndian(values).buffer));
  });
}

function writeShape(out: ProtoWriter, name: string, columns: number): void {
  out.text(1, name).message(2, (type) =>
    type.message(1, (tensorType) =>
      tensorType.int(1, float32).message(2, (shape) => {
        shape.message(1, (dim) => dim.text(2, 'rows'));
        shape.message(1, (dim) => dim.int(1, columns));
      }),
    ),
  );
}

function writeTrees(out: ProtoWriter, forest: Forest): void {
  const columns = treeColumns(forest.trees);
  out.message(graph.node, (inner) => {
    inner
      .text(node.input, 'features')
      .text(node.output, 'tree_log_odds')
      .text(node.name, 'trees')
      .text(node.type, 'TreeEnsembleRegressor')
      .text(node.domain, treeDomain);
    const ints = (name: string, values: readonly number[]): void => {
      inner.message(node.attribute, (one) =>
        one
          .text(attribute.name, name)
          .packedInts(attribute.ints, values)
          .int(attribute.type, attributeType.ints),
      );
    };
    const floats = (name: string, values: readonly number[]): void => {
      inner.message(node.attribute, (one) =>
        one
          .text(attribute.name, name)
          .packedFloats(attribute.floats, values)
          .int(attribute.type, attributeType.floats),
      );
    };
    const text = (name: string, value: string): void => {
      inner.message(node.attribute, (one) =>
        one.text(attribute.name, name).text(attribute.text, value).int(attribute.type, attributeType.text),
      );
    };
    inner.message(node.attribute, (one) =>
      one.text(attribute.name, 'n_targets').int(attribute.int, 1).int(attribute.type, attributeType.int),
    );
    text('aggregate_function', 'SUM');
    text('post_transform', 'NONE');
    floats('base_values', [forest.baseScore]);
    ints('nodes_treeids', columns.treeIds);
    ints('nodes_nodeids', columns.nodeIds);
    ints('nodes_featureids', columns.featureIds);
    floats('nodes_values', columns.values);
    inner.message(node.attribute, (one) => {
      one.text(attribute.name, 'nodes_modes');
      for (const mode of columns.modes) one.text(attribute.texts, mode);
      one.int(attribute.type, attributeType.texts);
    });
    ints('nodes_truenodeids', columns.trueIds);
    ints('nodes_falsenodeids', columns.falseIds);
    ints('nodes_missing_value_tracks_true', columns.missingTrue);
    ints('target_treeids', columns.targetTreeIds);
    ints('target_nodeids', columns.targetNodeIds);
    ints(
      'target_ids',
      columns.targetTreeIds.map(() => 0),
    );
    floats('target_weights', columns.targetWeights);
  });
}

/** The forest as ONNX lays it out: one entry per node over all trees, inner nodes first, leaf n being node (inner nodes + n). */
function treeColumns(trees: readonly Tree[]) {
  const columns = {
    treeIds: [] as number[],
    nodeIds: [] as number[],
    featureIds: [] as number[],
    values: [] as number[],
    modes: [] as string[],
    trueIds: [] as number[],
    falseIds: [] as number[],
    missingTrue: [] as number[],
    targetTreeIds: [] as number[],
    targetNodeIds: [] as number[],
    targetWeights: [] as number[],
  };
  for (const [treeId, tree] of trees.entries()) {
    const inner = tree.feature.length;
    const idOf = (child: number): number => (child >= 0 ? child : inner - 1 - child);
    for (let at = 0; at < inner + tree.leafValue.length; at += 1) {
      const isLeaf = at >= inner;
      columns.treeIds.push(treeId);
      columns.nodeIds.push(at);
      columns.featureIds.push(isLeaf ? 0 : (tree.feature[at] ?? 0));
      columns.values.push(isLeaf ? 0 : (tree.threshold[at] ?? 0));
      columns.modes.push(isLeaf ? 'LEAF' : 'BRANCH_LEQ');
      columns.trueIds.push(isLeaf ? 0 : idOf(tree.left[at] ?? -1));
      columns.falseIds.push(isLeaf ? 0 : idOf(tree.right[at] ?? -1));
      columns.missingTrue.push(isLeaf ? 0 : (tree.missingLeft[at] ?? 0));
      if (!isLeaf) continue;
      columns.targetTreeIds.push(treeId);
      columns.targetNodeIds.push(at);
      columns.targetWeights.push(tree.leafValue[at - inner] ?? 0);
    }
  }
  return columns;
}
