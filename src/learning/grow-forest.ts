import { betterSplit, bestSplit, readSplit, splitFields, writeSplit } from './best-split.ts';
import type { LeafSums, Split } from './best-split.ts';
import { chanceFrom, drawn } from './chance.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { Forest, Tree } from './forest.ts';
import type { GrowthTask } from './growth.ts';
import { addToHistograms, histogramLength } from './histogram.ts';
import { RowShare } from './row-share.ts';

/** A leaf of the tree at hand. `from` and `to` bound its rows in this thread's share, the watched ones likewise. */
interface Leaf {
  readonly sums: LeafSums;
  readonly depth: number;
  readonly slot: number;
  readonly from: number;
  readonly to: number;
  readonly watchedFrom: number;
  readonly watchedTo: number;
  readonly split: Split | undefined;
  /** The inner node above, and on which side; −1 at the root. */
  readonly parent: number;
  readonly isLeft: boolean;
}

/**
 * Gradient-boosted trees for the log loss, grown leaf by leaf on histograms. Every thread of the worker pool calls this with the same
 * task and gets the same forest; each works on its own rows, and on its own features when splits are sought. Sums are of whole
 * numbers, so the forest depends on the seed and not on how many threads there are.
 */
export function grownForest(
  task: GrowthTask,
  workers: WorkerPool,
  onTree: (grown: number, watchedLoss: number) => void,
): Forest {
  const { rules } = task;
  const chance = chanceFrom(rules.seed);
  const featureCount = task.cuts.length;
  const totals = weightTotals(task);
  const baseScore = Math.fround(Math.log(totals.ones / (totals.all - totals.ones)));
  const scale =
    2 **
    Math.min(Math.floor(Math.log2(2 ** 52 / totals.all)), Math.floor(Math.log2(2 ** 31 / totals.most)) - 1);
  const train = new RowShare(task.train, workers, baseScore);
  const watched = new RowShare(task.watched, workers, baseScore);
  const grower = new TreeGrower(task, workers, train, watched, scale);
  const trees: Tree[] = [];
  let best = { loss: Number.POSITIVE_INFINITY, trees: 0 };
  while (trees.length < rules.trees) {
    const count = Math.max(1, Math.round(featureCount * rules.featureFraction));
    trees.push(grower.tree(drawn(count, featureCount, chance)));
    const loss = watched.words.length > 0 ? grower.summed(watched.loss()) : 0;
    onTree(trees.length, loss);
    if (loss < best.loss) best = { loss, trees: trees.length };
    else if (rules.patience > 0 && trees.length - best.trees >= rules.patience) break;
  }
  const kept = rules.patience > 0 ? best.trees : trees.length;
  return { featureCount, baseScore, trees: trees.slice(0, kept) };
}

function weightTotals({ train }: GrowthTask): { ones: number; all: number; most: number } {
  let ones = 0;
  let all = 0;
  let most = 0;
  for (let row = 0; row < train.bins.rowCount; row += 1) {
    const weight = train.weights[row] ?? 0;
    all += weight;
    ones += weight * (train.labels[row] ?? 0);
    if (weight > most) most = weight;
  }
  return { ones, all, most };
}

class TreeGrower {
  readonly #task: GrowthTask;
  readonly #workers: WorkerPool;
  readonly #train: RowShare;
  readonly #watched: RowShare;
  readonly #scale: number;

  constructor(task: GrowthTask, workers: WorkerPool, train: RowShare, watched: RowShare, scale: number) {
    this.#task = task;
    this.#workers = workers;
    this.#train = train;
    this.#watched = watched;
    this.#scale = scale;
  }

  tree(features: readonly number[]): Tree {
    const { rules } = this.#task;
    let leaves: Leaf[] = [this.#root(features)];
    const nodes: { split: Split; left: number; right: number }[] = [];
    while (leaves.length < rules.leaves) {
      const chosen = leafToSplit(leaves);
      if (chosen?.split === undefined) break;
      const node = nodes.length;
      nodes.push({ split: chosen.split, left: 0, right: 0 });
      const above = nodes[chosen.parent];
      if (above !== undefined) above[chosen.isLeft ? 'left' : 'right'] = node;
      const [left, right] = this.#divided(chosen, chosen.split, node, leaves.length, features);
      leaves = leaves.flatMap((leaf) => (leaf === chosen ? [left, right] : [leaf]));
    }
    return this.#finished(leaves, nodes);
  }

  /** The sum of one number over all threads. */
  summed(own: number): number {
    const { sums } = this.#task.board;
    const cells = sums[this.#workers.index];
    if (cells !== undefined) cells[3] = own;
    this.#workers.meet();
    const total = sums.reduce((sum, each) => sum + (each[3] ?? 0), 0);
    this.#workers.meet();
    return total;
  }

  #root(features: readonly number[]): Leaf {
    const { board, train, watched } = this.#task;
    const own = this.#train.startTree(this.#scale);
    for (let row = 0; row < this.#watched.rows.length; row += 1) this.#watched.rows[row] = row;
    board.sums[this.#workers.index]?.set([own.slope, own.curve]);
    const rows = this.#train.rows.length;
    this.#addRows(features, 0, rows);
    this.#workers.meet();
    const sums: LeafSums = {
      slope: board.sums.reduce((sum, each) => sum + (each[0] ?? 0), 0) / this.#scale,
      curve: board.sums.reduce((sum, each) => sum + (each[1] ?? 0), 0) / this.#scale,
      rows: train.bins.rowCount,
    };
    const root: Leaf = {
      sums,
      depth: 0,
      slot: 0,
      from: 0,
      to: rows,
      watchedFrom: 0,
      watchedTo: watched.bins.rowCount === 0 ? 0 : this.#watched.rows.length,
      split: undefined,
      parent: -1,
      isLeft: true,
    };
    const [split] = this.#bestSplits([root], undefined, features);
    return { ...root, split };
  }

  #divided(
    leaf: Leaf,
    split: Split,
    node: number,
    freeSlot: number,
    features: readonly number[],
  ): [Leaf, Leaf] {
    const middle = this.#train.divide(leaf.from, leaf.to, split);
    const watchedMiddle =
      leaf.watchedTo > leaf.watchedFrom
        ? this.#watched.divide(leaf.watchedFrom, leaf.watchedTo, split)
        : leaf.watchedFrom;
    const leftIsSmaller = split.left.rows <= split.right.rows;
    const shared = { depth: leaf.depth + 1, parent: node, split: undefined };
    const left: Leaf = {
      ...shared,
      sums: split.left,
      slot: leftIsSmaller ? freeSlot : leaf.slot,
      from: leaf.from,
      to: middle,
      watchedFrom: leaf.watchedFrom,
      watchedTo: watchedMiddle,
      isLeft: true,
    };
    const right: Leaf = {
      ...shared,
      sums: split.right,
      slot: leftIsSmaller ? leaf.slot : freeSlot,
      from: middle,
      to: leaf.to,
      watchedFrom: watchedMiddle,
      watchedTo: leaf.watchedTo,
      isLeft: false,
    };
    const smaller = leftIsSmaller ? left : right;
    const larger = leftIsSmaller ? right : left;
    if (leaf.depth + 1 >= this.#task.rules.maxDepth) return [left, right];
    this.#addRows(features, smaller.from, smaller.to);
    this.#workers.meet();
    const [smallerSplit, largerSplit] = this.#bestSplits([smaller, larger], larger, features);
    return leftIsSmaller
      ? [
          { ...left, split: smallerSplit },
          { ...right, split: largerSplit },
        ]
      : [
          { ...left, split: largerSplit },
          { ...right, split: smallerSplit },
        ];
  }

  /** This thread's rows of a leaf, into its own histograms. */
  #addRows(features: readonly number[], from: number, to: number): void {
    const partial = this.#task.board.partial[this.#workers.index];
    if (partial === undefined) throw new RangeError('no room for this thread');
    for (const feature of features)
      partial.fill(0, feature * histogramLength, (feature + 1) * histogramLength);
    const { rows } = this.#train;
    const slopes = this.#train.slopesInOrder(from, to);
    for (const [group, words] of this.#train.words.entries()) {
      const together = features.filter((feature) => feature >>> 2 === group);
      addToHistograms({ rows, from, to, slopes }, words, together, partial);
    }
  }

  /**
   * The best split of each leaf. The first leaf's histograms are the threads' own ones added up; those of `sibling` are what its
   * parent had, less the first's.
   */
  #bestSplits(
    leaves: readonly Leaf[],
    sibling: Leaf | undefined,
    features: readonly number[],
  ): (Split | undefined)[] {
    const { board, cuts, rules } = this.#task;
    const [fresh] = leaves;
    if (fresh === undefined) return [];
    const best: (Split | undefined)[] = leaves.map(() => undefined);
    for (const [turn, feature] of features.entries()) {
      if (turn % this.#workers.size !== this.#workers.index) continue;
      const at = this.#place(fresh.slot, feature);
      const from = feature * histogramLength;
      const siblingAt = sibling === undefined ? -1 : this.#place(sibling.slot, feature);
      for (let cell = 0; cell < histogramLength; cell += 1) {
        let sum = 0;
        for (const partial of board.partial) sum += partial[from + cell] ?? 0;
        const value = sum / this.#scale;
        board.whole[at + cell] = value;
        if (siblingAt >= 0) board.whole[siblingAt + cell] = (board.whole[siblingAt + cell] ?? 0) - value;
      }
      for (const [index, leaf] of leaves.entries()) {
        const cutCount = cuts[feature]?.length ?? 0;
        const place = this.#place(leaf.slot, feature);
        const split = bestSplit(board.whole, place, feature, cutCount, leaf.sums, rules);
        best[index] = betterSplit(best[index], split);
      }
    }
    const own = board.splits[this.#workers.index];
    if (own !== undefined)
      for (const [index, split] of best.entries()) writeSplit(split, own, index * splitFields);
    this.#workers.meet();
    return leaves.map((_, index) => {
      let winner: Split | undefined;
      for (const cells of board.splits) winner = betterSplit(winner, readSplit(cells, index * splitFields));
      return winner;
    });
  }

  #place(slot: number, feature: number): number {
    return (slot * this.#task.cuts.length + feature) * histogramLength;
  }

  #finished(leaves: readonly Leaf[], nodes: { split: Split; left: number; right: number }[]): Tree {
    const { rules, cuts } = this.#task;
    const leafValue = new Float32Array(leaves.length);
    for (const [index, leaf] of leaves.entries()) {
      leafValue[index] = (-leaf.sums.slope / (leaf.sums.curve + rules.l2)) * rules.learningRate;
      const value = leafValue[index] ?? 0;
      this.#train.addToLeaf(leaf.from, leaf.to, value);
      this.#watched.addToLeaf(leaf.watchedFrom, leaf.watchedTo, value);
      const above = nodes[leaf.parent];
      if (above !== undefined) above[leaf.isLeft ? 'left' : 'right'] = -1 - index;
    }
    return {
      feature: Int32Array.from(nodes, ({ split }) => split.feature),
      threshold: Float32Array.from(nodes, ({ split }) => cuts[split.feature]?.[split.bin] ?? 0),
      missingLeft: Uint8Array.from(nodes, ({ split }) => (split.missingLeft ? 1 : 0)),
      left: Int32Array.from(nodes, ({ left }) => left),
      right: Int32Array.from(nodes, ({ right }) => right),
      leafValue,
      gain: Float64Array.from(nodes, ({ split }) => split.gain),
    };
  }
}

function leafToSplit(leaves: readonly Leaf[]): Leaf | undefined {
  let best: Leaf | undefined;
  for (const leaf of leaves)
    if (leaf.split !== undefined && leaf.split.gain > (best?.split?.gain ?? 0)) best = leaf;
  return best;
}
