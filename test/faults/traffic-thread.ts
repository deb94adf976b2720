/** The autoscaler's side: BestOptions calls at a steady pace over one long-lived connection, on a thread of its own. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { readBestOptions } from '../../src/wire/best-options-reader.ts';
import { answeredIds, faultOfAnswer } from './answered-ids.ts';
import type { FailedCall, TrafficOrder, TrafficQuestion, TrafficReport } from './traffic-messages.ts';

const order = workerData as TrafficOrder;
const port = parentPort!;

/** Four real scale-ups for each small one of another region. */
const requests = [
  'real_request.ca-1.34.1',
  'real_request.ca-1.34.5',
  'real_request.ca-1.35.2',
  'real_request.ca-1.35.2',
  'best_options_request.ca-1.35plus',
].map((name) => {
  const bytes = readFileSync(new URL(`../fixtures/${name}.bin`, import.meta.url));
  return { bytes, ids: new Set(readBestOptions(bytes).options.map(({ nodeGroupId }) => nodeGroupId)) };
});

const client = new Client(`localhost:${order.port}`, credentials.createSsl(Buffer.from(order.rootPem)), {
  'grpc.use_local_subchannel_pool': 1,
});

const failed: FailedCall[] = [];
const illegal: FailedCall[] = [];
let calls = 0;
let answered = 0;
let slowestMs = 0;
let totalMs = 0;
let lastAnswerMs = 0;
let open = 0;
let marked = { ended: 0, failed: 0, slowestMs: 0 };
/** Of calls that ended since the mark; a failed one counts as long as it took. */
let tookSinceMark: number[] = [];
let stopping = false;

function call(): void {
  const request = requests[calls % requests.length]!;
  calls += 1;
  open += 1;
  const startedMs = Date.now();
  const begin = performance.now();
  client.makeUnaryRequest(
    '/grpcplugin.Expander/BestOptions',
    (bytes: Uint8Array) => Buffer.from(bytes),
    (reply: Buffer) => reply,
    request.bytes,
    { deadline: startedMs + order.deadlineMs },
    (error: ServiceError | null, reply?: Buffer) => {
      open -= 1;
      const tookMs = performance.now() - begin;
      slowestMs = Math.max(slowestMs, tookMs);
      marked.slowestMs = Math.max(marked.slowestMs, tookMs);
      totalMs += tookMs;
      tookSinceMark.push(tookMs);
      const endedMs = Date.now();
      if (error !== null) {
        failed.push({ startedMs, endedMs, what: `${error.code} ${error.details}` });
        return;
      }
      answered += 1;
      lastAnswerMs = endedMs;
      const fault = faultIn(reply ?? Buffer.alloc(0), request.ids);
      if (fault !== undefined) illegal.push({ startedMs, endedMs, what: fault });
    },
  );
}

function faultIn(reply: Buffer, ids: ReadonlySet<string>): string | undefined {
  try {
    return faultOfAnswer(answeredIds(reply), ids);
  } catch (error) {
    return String(error);
  }
}

function report(): TrafficReport {
  const ended = answered + failed.length;
  const sinceMark = {
    calls: ended - marked.ended,
    failed: failed.length - marked.failed,
    slowestMs: marked.slowestMs,
    p99Ms: tookSinceMark.toSorted((a, b) => a - b)[Math.floor(0.99 * tookSinceMark.length)] ?? 0,
  };
  const meanMs = ended === 0 ? 0 : totalMs / ended;
  return { calls, answered, failed, illegal, slowestMs, meanMs, sinceMark, lastAnswerMs };
}

const timer = setInterval(() => {
  if (!stopping) call();
}, 1_000 / order.callsPerSecond);

port.on('message', (question: TrafficQuestion) => {
  if (question.kind === 'mark') {
    marked = { ended: answered + failed.length, failed: failed.length, slowestMs: 0 };
    tookSinceMark = [];
  }
  if (question.kind !== 'stop') {
    port.postMessage(report());
    return;
  }
  stopping = true;
  const ending = setInterval(() => {
    if (open > 0) return;
    clearInterval(ending);
    clearInterval(timer);
    client.close();
    port.postMessage(report());
    port.close();
  }, 10);
});
