import { readFileSync } from 'node:fs';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';

/** A client that hands bytes through, as the autoscaler's does once it has marshalled. */
export interface Asker {
  /** Node group ids of the answer, in the order they came. */
  readonly bestOptions: (message: Uint8Array) => Promise<readonly string[]>;
  readonly close: () => void;
}

/** @throws ServiceError from `bestOptions` when the call fails. */
export function asker(port: number, rootPoolFile: string): Asker {
  const client = new Client(`localhost:${port}`, credentials.createSsl(readFileSync(rootPoolFile)));
  return {
    bestOptions: (message) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          '/grpcplugin.Expander/BestOptions',
          (bytes: Uint8Array) => Buffer.from(bytes),
          answeredIds,
          message,
          { deadline: Date.now() + 5_000 },
          (error: ServiceError | null, ids?: readonly string[]) => {
            if (error === null) resolve(ids ?? []);
            else reject(error);
          },
        );
      }),
    close: () => client.close(),
  };
}

/** Field 1 of each option in field 1; short lengths only, as ids have. */
function answeredIds(reply: Buffer): readonly string[] {
  const ids: string[] = [];
  for (let at = 0; at < reply.length;) {
    if (reply[at] !== 0x0a)
      throw new Error(`the answer holds something else than options: ${reply.toString('hex')}`);
    const end = at + 2 + (reply[at + 1] ?? 0);
    if (reply[at + 2] !== 0x0a) throw new Error('an option of the answer does not start with its id');
    ids.push(reply.toString('utf8', at + 4, at + 4 + (reply[at + 3] ?? 0)));
    if (at + 4 + (reply[at + 3] ?? 0) !== end)
      throw new Error('an option of the answer holds more than its id');
    at = end;
  }
  return ids;
}
