/** Clients that send very large BestOptions requests side by side, each on a connection of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { bytesField, concatenated, option, pod, textField } from '../../scripts/wire-bytes.ts';
import { answeredIds, faultOfAnswer } from './answered-ids.ts';
import type { LargeRequestsOrder, LargeRequestsReport } from './large-requests.ts';

const order = workerData as LargeRequestsOrder;
const podsPerOption = 100;
const podBytes = 4_200;
const largeDeadlineMs = 30_000;

/** Options that all hold the same hundred pods of 4.2 KB, as an autoscaler sends them. */
function largeRequest(bytes: number): { readonly message: Uint8Array; readonly ids: ReadonlySet<string> } {
  const pods = Array.from({ length: podsPerOption }, (_, index) =>
    concatenated([
      pod({ name: `pod-${index}`, containers: [{ requests: { cpu: '500m', memory: '1Gi' } }] }),
      bytesField(1, textField(2, 'x'.repeat(podBytes - 80))),
    ]),
  );
  const options = Math.floor(bytes / (podsPerOption * podBytes));
  const ids = Array.from({ length: options }, (_, index) => `group-${index}`);
  return { message: concatenated(ids.map((id) => option({ id, count: 3, raw: pods }))), ids: new Set(ids) };
}

function called(client: Client, message: Uint8Array, ids: ReadonlySet<string>): Promise<string> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      '/grpcplugin.Expander/BestOptions',
      (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      (reply: Buffer) => reply,
      message,
      { deadline: Date.now() + largeDeadlineMs },
      (error: ServiceError | null, reply?: Buffer) => {
        if (error !== null) resolve(`${error.code} ${error.details}`);
        else resolve(faultOfAnswer(answeredIds(reply ?? Buffer.alloc(0)), ids) ?? 'answered');
      },
    );
  });
}

const { message, ids } = largeRequest(order.bytes);
const clients = Array.from(
  { length: order.parallel },
  () =>
    new Client(`localhost:${order.port}`, credentials.createSsl(Buffer.from(order.rootPem)), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_send_message_length': -1,
    }),
);
const outcomes: Record<string, number> = {};
for (let round = 0; round < order.rounds; round += 1)
  for (const outcome of await Promise.all(clients.map((client) => called(client, message, ids))))
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
for (const client of clients) client.close();
const report: LargeRequestsReport = { bytes: message.length, outcomes };
parentPort?.postMessage(report);
