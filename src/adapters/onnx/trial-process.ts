import { writeFile } from 'node:fs/promises';
import { DocumentRefused } from '../../errors/document-refused.ts';
import { messageOf } from '../../errors/message-of.ts';
import { onnxSession } from './onnx-session.ts';
import type { TrialFault, TrialResult, TrialTask } from './trial-messages.ts';

/** Loads and runs a file's graph, and says how long that takes; whoever started this process ends it when that is too long. */
async function trialResult({ file, bytes, columns, rows }: TrialTask): Promise<TrialResult> {
  try {
    const session = await onnxSession(file, bytes, columns);
    const startedMs = performance.now();
    await session.run(new Float32Array(columns * rows));
    const ms = performance.now() - startedMs;
    await session.release();
    return { kind: 'runs', file, ms };
  } catch (error) {
    return faultOf(file, error);
  }
}

function faultOf(file: string, error: unknown): TrialFault {
  return error instanceof DocumentRefused
    ? { kind: 'refused', file, mistakes: error.mistakes }
    : { kind: 'refused', file, mistakes: [`it cannot be run: ${messageOf(error)}`] };
}

// Where memory runs out all the same it is this process that the kernel ends, and not the one that answers.
await writeFile('/proc/self/oom_score_adj', '1000').catch(() => undefined);

process.on('message', (task: TrialTask) => {
  void trialResult(task).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready' });
