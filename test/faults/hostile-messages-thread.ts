/** Sends mutated BestOptions messages as fast as they are answered, and judges every answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { mutant, realRequests, seededRandom, smallRequests } from '../../scripts/wire-mutations.ts';
import { MalformedRequest } from '../../src/errors/malformed-request.ts';
import { readBestOptions } from '../../src/wire/best-options-reader.ts';
import { answeredIds, faultOfAnswer } from './answered-ids.ts';
import type { HostileMessagesOrder, HostileMessagesReport } from './hostile-messages.ts';

const order = workerData as HostileMessagesOrder;
const random = seededRandom(order.seed);
/** Real requests are large: one message in fifty is made from them. */
const oneRealIn = 50;
const connections = 4;
const atOnce = 48;

const clients = Array.from(
  { length: connections },
  () =>
    new Client(`localhost:${order.port}`, credentials.createSsl(Buffer.from(order.rootPem)), {
      'grpc.use_local_subchannel_pool': 1,
    }),
);
const report = { sent: 0, answered: 0, refused: 0, slowestMs: 0, faults: [] as string[] };

/** Undefined: the message is none, and has to be refused. */
function idsIn(message: Uint8Array): ReadonlySet<string> | undefined {
  try {
    return new Set(readBestOptions(message).options.map(({ nodeGroupId }) => nodeGroupId));
  } catch (error) {
    if (error instanceof MalformedRequest) return undefined;
    throw error;
  }
}

function faultOf(
  ids: ReadonlySet<string> | undefined,
  error: ServiceError | null,
  reply: Buffer,
): string | undefined {
  if (error !== null) {
    report.refused += 1;
    if (error.code === status.INVALID_ARGUMENT && ids === undefined) return undefined;
    return `ended with ${error.code} ${error.details}`;
  }
  report.answered += 1;
  if (ids === undefined) return 'was answered and is no message';
  const answer = answeredIds(reply);
  // Nothing was offered: there is nothing to answer with.
  if (ids.size === 0) return answer.length === 0 ? undefined : 'ids for a request without options';
  return faultOfAnswer(answer, ids);
}

function sent(index: number): Promise<void> {
  const message = mutant(random(oneRealIn) === 0 ? realRequests : smallRequests, random);
  const ids = idsIn(message);
  const startedMs = performance.now();
  return new Promise((resolve) => {
    clients[index % connections]!.makeUnaryRequest(
      '/grpcplugin.Expander/BestOptions',
      (bytes: Uint8Array) => Buffer.from(bytes),
      (reply: Buffer) => reply,
      message,
      { deadline: Date.now() + 5_000 },
      (error: ServiceError | null, reply?: Buffer) => {
        report.slowestMs = Math.max(report.slowestMs, performance.now() - startedMs);
        const fault = faultOf(ids, error, reply ?? Buffer.alloc(0));
        if (fault !== undefined && report.faults.length < 20)
          report.faults.push(`message ${index} of seed ${order.seed}: ${fault}`);
        resolve();
      },
    );
  });
}

const next = async (): Promise<void> => {
  while (report.sent < order.count) {
    report.sent += 1;
    await sent(report.sent);
    if (report.sent % 100_000 === 0) parentPort?.postMessage({ kind: 'progress', sent: report.sent });
  }
};
await Promise.all(Array.from({ length: atOnce }, next));
for (const client of clients) client.close();
const done: HostileMessagesReport = report;
parentPort?.postMessage({ kind: 'done', report: done });
