import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { parse } from 'yaml';
import type { KubeApi } from './kube-api.ts';

/** What the autoscaler of that version puts on the wire. */
export const recordedRequest = readFileSync(
  new URL('../fixtures/real_request.ca-1.35.2.bin', import.meta.url),
);

/** The values for the cluster-autoscaler's chart that the notes print. */
export interface NotedValues {
  readonly extraArgs: Readonly<Record<string, string>>;
  readonly extraVolumeSecrets: Readonly<
    Record<
      string,
      {
        readonly mountPath: string;
        readonly items: readonly { readonly key: string; readonly path: string }[];
      }
    >
  >;
}

export function notedValues(notes: string): NotedValues {
  const from = notes.indexOf('extraArgs:');
  const lines = notes.slice(from).split('\n');
  const end = lines.findIndex((line) => line.trim() === '');
  return parse(lines.slice(0, end).join('\n')) as NotedValues;
}

export interface Asking {
  /** Node group ids of the answer. */
  ask(): Promise<readonly string[]>;
  /** Asks again and again until told to stop; @returns how many were answered, and what went wrong. */
  traffic(): { stop(): Promise<{ readonly answered: number; readonly failures: readonly string[] }> };
  close(): void;
}

/** An autoscaler set up by the noted values alone: its URL, and the CA from the Secret that they mount. */
export async function autoscalerBy(notes: string, api: KubeApi): Promise<Asking> {
  const { extraArgs, extraVolumeSecrets } = notedValues(notes);
  const [mounted] = Object.entries(extraVolumeSecrets);
  if (mounted === undefined) throw new Error('the notes mount no Secret');
  const [name, { mountPath, items }] = mounted;
  const file = items.find(({ path }) => `${mountPath}/${path}` === extraArgs['grpc-expander-cert']);
  if (file === undefined) throw new Error('the notes mount no file where they say that the certificate is');
  const secret = await api.get<{ data: Readonly<Record<string, string>> }>(
    `/api/v1/namespaces/kube-system/secrets/${name}`,
  );
  if (Object.keys(secret.data).join() !== file.key) throw new Error('the Secret holds more than the CA');
  const [host = '', port = ''] = (extraArgs['grpc-expander-url'] ?? '').split(':');
  const [service, namespace] = host.split('.');
  // The cluster's DNS would answer with this address.
  const { spec } = await api.get<{ spec: { clusterIP: string } }>(
    `/api/v1/namespaces/${namespace}/services/${service}`,
  );
  const client = new Client(
    `${spec.clusterIP}:${port}`,
    credentials.createSsl(Buffer.from(secret.data[file.key] ?? '', 'base64')),
    { 'grpc.ssl_target_name_override': host, 'grpc.default_authority': host },
  );
  const ask = (): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        '/grpcplugin.Expander/BestOptions',
        (bytes: Buffer) => bytes,
        (reply: Buffer) =>
          [
            ...reply.toString('latin1').matchAll(/spot-[a-z0-9-]+|od-[a-z0-9-]+|[a-z0-9]+(?:-[a-z0-9]+)+/g),
          ].map(([id]) => id),
        recordedRequest,
        { deadline: Date.now() + 5_000 },
        (error: ServiceError | null, ids?: readonly string[]) => {
          if (error === null) resolve(ids ?? []);
          else reject(error);
        },
      );
    });
  return {
    ask,
    traffic() {
      const stop = new AbortController();
      const isOver = () => stop.signal.aborted;
      const seen = { answered: 0, failures: [] as string[] };
      const running = (async () => {
        while (!isOver()) {
          await ask().then(
            (ids) => (ids.length > 0 ? (seen.answered += 1) : seen.failures.push('an empty answer')),
            (error: unknown) => seen.failures.push(String(error)),
          );
          await sleep(50);
        }
        return seen;
      })();
      return {
        stop: () => {
          stop.abort();
          return running;
        },
      };
    },
    close: () => client.close(),
  };
}
