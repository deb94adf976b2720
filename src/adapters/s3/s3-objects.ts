import type * as S3 from '@aws-sdk/client-s3';
import { allPages } from '../../aws/all-pages.ts';
import { clientSettings } from '../../aws/client-settings.ts';
import { pause, pauseMs } from '../../patience/pace.ts';
import { patientCall, usualPatience, type CallEvents, type Patience } from '../../aws/patient-call.ts';
import { UsageError } from '../../errors/usage-error.ts';
import type { DocumentReading } from '../../ports/documents.ts';
import type { ObjectStore, StoredObject } from '../../ports/object-store.ts';

export interface S3Options {
  /** For private endpoints and tests; the bucket then stands in the path. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Otherwise the default chain: environment, web identity, instance role. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly patience?: Partial<Patience>;
  readonly events?: CallEvents;
}

/** The two parts of `s3://bucket/prefix`; the prefix ends in `/` unless it is empty. */
export function s3Place(location: string): { readonly bucket: string; readonly prefix: string } {
  const [, bucket, path] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(location) ?? [];
  if (bucket === undefined) throw new UsageError([`${location} is not of the form s3://bucket/prefix.`]);
  const prefix = (path ?? '')
    .split('/')
    .filter((part) => part !== '')
    .join('/');
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}

/** A bucket's prefix as an object store. S3 replaces objects whole, so that readers never see half of one. */
export function s3Objects(location: string, options: S3Options = {}): ObjectStore {
  const { bucket, prefix } = s3Place(location);
  const patience = { ...usualPatience, attemptTimeoutMs: 60_000, ...options.patience };
  let opened: Promise<{ readonly sdk: typeof S3; readonly client: S3.S3Client }> | undefined;
  const open = () => (opened ??= openClient(options, patience));
  const call = <T>(
    action: string,
    signal: AbortSignal,
    work: (sdk: typeof S3, client: S3.S3Client, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T> =>
    patientCall(
      `s3:${action} in ${bucket}`,
      async (abortSignal) => {
        const { sdk, client } = await open();
        return work(sdk, client, abortSignal);
      },
      patience,
      signal,
      options.events,
    );

  return {
    location,
    async list(below, signal) {
      const found: StoredObject[] = [];
      const pages = allPages('ListObjectsV2', (token) =>
        call('ListObjectsV2', signal, async (sdk, client, abortSignal) => {
          const answer = await client.send(
            new sdk.ListObjectsV2Command({
              Bucket: bucket,
              Prefix: prefix + below,
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
            { abortSignal },
          );
          return { items: answer.Contents ?? [], nextToken: answer.NextContinuationToken };
        }),
      );
      for await (const page of pages)
        for (const { Key, Size } of page)
          if (Key !== undefined && !Key.endsWith('/'))
            found.push({ key: Key.slice(prefix.length), bytes: Size ?? 0 });
      return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    },

    read: (key, knownVersion, signal) =>
      call('GetObject', signal, async (sdk, client, abortSignal): Promise<DocumentReading> => {
        try {
          const answer = await client.send(
            new sdk.GetObjectCommand({
              Bucket: bucket,
              Key: prefix + key,
              ...(knownVersion === undefined ? {} : { IfNoneMatch: knownVersion }),
            }),
            { abortSignal },
          );
          const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
          return { kind: 'changed', version: answer.ETag ?? '', bytes };
        } catch (error) {
          const status = statusOf(error);
          if (status === 304) return { kind: 'unchanged', version: knownVersion ?? '' };
          if (status === 404 && !isNoBucket(error)) return { kind: 'missing' };
          throw error;
        }
      }),

    async *stream(key, signal, { start, end } = {}) {
      if (end !== undefined && end <= (start ?? 0)) return;
      let at = start ?? 0;
      // A connection that breaks within a long object goes on where it broke.
      for (let breaks = 0; ;) {
        const body = await call('GetObject', signal, async (sdk, client) => {
          const range =
            at > 0 || end !== undefined ? { Range: `bytes=${at}-${end === undefined ? '' : end - 1}` } : {};
          const answer = await client.send(
            new sdk.GetObjectCommand({ Bucket: bucket, Key: prefix + key, ...range }),
            { abortSignal: signal },
          );
          return answer.Body as AsyncIterable<Uint8Array> | undefined;
        });
        try {
          for await (const chunk of body ?? []) {
            at += chunk.length;
            yield chunk;
          }
          return;
        } catch (error) {
          breaks += 1;
          if (signal.aborted || breaks >= patience.attempts) throw error;
          await pause(pauseMs(patience, breaks, Math.random()), signal);
        }
      }
    },

    put: (key, bytes, signal) =>
      call('PutObject', signal, async (sdk, client, abortSignal) => {
        const answer = await client.send(
          new sdk.PutObjectCommand({ Bucket: bucket, Key: prefix + key, Body: bytes }),
          { abortSignal },
        );
        return answer.ETag ?? '';
      }),

    delete: (key, signal) =>
      call('DeleteObject', signal, async (sdk, client, abortSignal) => {
        await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: prefix + key }), {
          abortSignal,
        });
      }),
  };
}

async function openClient(options: S3Options, patience: Patience) {
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({
    ...clientSettings(options, patience),
    // Stores that speak S3's protocol but are not Amazon's do not all know its newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A bucket may be at home in another region than the process: clusters of several regions share one.
    followRegionRedirects: true,
    ...(options.endpoint === undefined ? {} : { forcePathStyle: true }),
    ...(options.region === undefined ? {} : { region: options.region }),
  });
  return { sdk, client };
}

function statusOf(error: unknown): number | undefined {
  const metadata =
    typeof error === 'object' && error !== null && '$metadata' in error ? error.$metadata : undefined;
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined;
  return typeof status === 'number' ? status : undefined;
}

function isNoBucket(error: unknown): boolean {
  return error instanceof Error && error.name === 'NoSuchBucket';
}
