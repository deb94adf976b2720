import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../errors/message-of.ts';
import { onnxSession, type OnnxSession } from './onnx-session.ts';
import type { ScoringReply, ScoringTask, WorkerModel } from './scoring-messages.ts';

// Worker data is written by scoring-thread.ts alone, in this shape.
const model = workerData as WorkerModel;
const sessions = new Map<string, Promise<OnnxSession>>();

/** Sessions are opened as they are asked for: most fleets never see most families. */
function sessionOf(file: string): Promise<OnnxSession> {
  let session = sessions.get(file);
  if (session === undefined) {
    const bytes = model.files.get(file);
    session =
      bytes === undefined
        ? Promise.reject(new Error(`no model named ${file}`))
        : onnxSession(file, bytes, model.columns);
    sessions.set(file, session);
  }
  return session;
}

async function replyTo(task: ScoringTask): Promise<ScoringReply> {
  try {
    const scores = await (await sessionOf(task.file)).run(task.matrix);
    return { id: task.id, scores };
  } catch (error) {
    return { id: task.id, failure: messageOf(error) };
  }
}

parentPort?.on('message', (task: ScoringTask) => {
  void replyTo(task).then((reply) => parentPort?.postMessage(reply));
});
