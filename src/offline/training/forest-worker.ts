import { parentPort, workerData } from 'node:worker_threads';
import { threadsOfPool } from '../../learning/worker-pool.ts';
import { grownForest } from '../../learning/grow-forest.ts';
import type { GrowthTask } from '../../learning/growth.ts';

/** What {@link trainedForest} gives each of its threads. */
export interface ForestWorkerData {
  readonly task: GrowthTask;
  readonly index: number;
  readonly size: number;
  readonly control: Int32Array;
}

const { task, index, size, control } = workerData as ForestWorkerData;
const workers = threadsOfPool(index, size, control);
const forest = grownForest(task, workers, (grown, watchedLoss) => {
  if (index === 0) parentPort?.postMessage({ grown, watchedLoss });
});
if (index === 0) parentPort?.postMessage({ forest });
