import { Worker } from 'node:worker_threads';
import { binInto, cutsOf, emptyBins } from '../../learning/binning.ts';
import type { Cuts } from '../../learning/binning.ts';
import { poolControlCells, soloWorker } from '../../learning/worker-pool.ts';
import type { Forest } from '../../learning/forest.ts';
import { grownForest } from '../../learning/grow-forest.ts';
import { emptyBoard } from '../../learning/growth.ts';
import type { GrowthRules, GrowthTask, LabelledRows } from '../../learning/growth.ts';
import type { ForestWorkerData } from './forest-worker.ts';

/** Rows to learn from: some of the rows of `columns`, with their answers and weights. */
export interface TrainingRows {
  readonly columns: readonly Float32Array[];
  /** Positions in the columns; all rows when undefined. */
  readonly rows?: Uint32Array;
  /** One per chosen row, 0..1. */
  readonly labels: Uint8Array | Float32Array;
  /** One per chosen row; 1 each when undefined. */
  readonly weights?: Float32Array;
}

export interface TrainingOptions {
  readonly rules: GrowthRules;
  readonly watched?: TrainingRows;
  readonly threads: number;
  readonly onTree?: (grown: number, watchedLoss: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * A forest grown on `train`. The same rows and rules give the same forest with any number of threads.
 * @throws when all labels are equal, or when the signal aborts.
 */
export async function trainedForest(train: TrainingRows, options: TrainingOptions): Promise<Forest> {
  const ones = total(train.labels);
  if (ones === 0 || ones === train.labels.length)
    throw new Error(
      `nothing to learn: ${ones} of ${train.labels.length} rows are unstable, and both kinds are needed`,
    );
  const { rules, threads } = options;
  const shared = threads > 1;
  const cuts = train.columns.map((column) => cutsOf(chosen(column, train.rows), rules.seed));
  const task: GrowthTask = {
    rules,
    cuts,
    train: labelledRows(train, cuts, shared),
    watched: labelledRows(options.watched ?? noRows(train.columns.length), cuts, shared),
    board: emptyBoard(cuts.length, rules.leaves, threads, shared),
  };
  if (!shared) return grownForest(task, soloWorker, (grown, loss) => options.onTree?.(grown, loss));
  return await grownByThreads(task, options);
}

function total(values: Uint8Array | Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function noRows(columns: number): TrainingRows {
  return { columns: Array.from({ length: columns }, () => new Float32Array(0)), labels: new Uint8Array(0) };
}

function chosen(column: Float32Array, rows: Uint32Array | undefined): Float32Array {
  if (rows === undefined) return column;
  const values = new Float32Array(rows.length);
  for (let index = 0; index < rows.length; index += 1) values[index] = column[rows[index] ?? 0] ?? Number.NaN;
  return values;
}

function labelledRows(rows: TrainingRows, cuts: readonly Cuts[], shared: boolean): LabelledRows {
  const count = rows.labels.length;
  const bins = emptyBins(count, cuts.length, shared);
  for (const [feature, column] of rows.columns.entries()) {
    const featureCuts = cuts[feature];
    if (featureCuts !== undefined) binInto(bins, feature, featureCuts, column, rows.rows);
  }
  const buffer = (bytes: number): ArrayBufferLike =>
    shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  const labels = new Float32Array(buffer(4 * count));
  labels.set(rows.labels);
  const weights = new Float32Array(buffer(4 * count));
  if (rows.weights === undefined) weights.fill(1);
  else weights.set(rows.weights);
  return { bins, labels, weights };
}

type WorkerMessage = { readonly forest: Forest } | { readonly grown: number; readonly watchedLoss: number };

async function grownByThreads(task: GrowthTask, options: TrainingOptions): Promise<Forest> {
  const control = new Int32Array(new SharedArrayBuffer(4 * poolControlCells));
  const script = new URL(
    import.meta.url.endsWith('.ts') ? './forest-worker.ts' : './forest-worker.js',
    import.meta.url,
  );
  const workers: Worker[] = [];
  try {
    return await new Promise<Forest>((resolve, reject) => {
      options.signal?.addEventListener('abort', () => reject(new Error('training was stopped')), {
        once: true,
      });
      for (let index = 0; index < options.threads; index += 1) {
        const data: ForestWorkerData = { task, index, size: options.threads, control };
        const worker = new Worker(script, { workerData: data });
        workers.push(worker);
        worker.on('error', (cause) => reject(new Error('a training thread failed', { cause })));
        worker.on('message', (message: WorkerMessage) => {
          if ('forest' in message) resolve(message.forest);
          else options.onTree?.(message.grown, message.watchedLoss);
        });
      }
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
