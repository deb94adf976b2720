import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** As much of S3's protocol as a store uses, path style, with pages of `pageSize`, a home region where one is given, and faults on demand. */
export interface S3Peer {
  readonly endpoint: string;
  readonly requests: readonly string[];
  /** The next requests meet these, one each. */
  readonly queueFaults: (...faults: readonly ('slow-down' | 'internal' | 'cut')[]) => void;
  readonly close: () => Promise<void>;
}

export async function s3Peer(bucket: string, pageSize = 2, homeRegion?: string): Promise<S3Peer> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  const faults: string[] = [];
  const server = createServer((request, response) => {
    void answer(request, response);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const url = new URL(request.url ?? '/', 'http://peer');
    requests.push(`${request.method ?? ''} ${url.pathname}${url.search}`);
    const fault = faults.shift();
    if (fault === 'slow-down') {
      error(response, 503, 'SlowDown');
      return;
    }
    if (fault === 'internal') {
      error(response, 500, 'InternalError');
      return;
    }
    if (homeRegion !== undefined && regionOf(request) !== homeRegion) {
      response.setHeader('x-amz-bucket-region', homeRegion);
      error(response, 301, 'PermanentRedirect');
      return;
    }
    const [, name, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    if (name !== bucket) {
      error(response, 404, 'NoSuchBucket');
      return;
    }
    const key = rest.join('/');
    if (key === '') {
      list(url, response);
      return;
    }
    if (request.method === 'PUT') {
      const bytes = Buffer.concat(parts);
      objects.set(key, bytes);
      response.writeHead(200, { etag: etagOf(bytes) }).end();
    } else if (request.method === 'DELETE') {
      objects.delete(key);
      response.writeHead(204).end();
    } else get(request, response, objects.get(key), fault === 'cut');
  }

  function list(url: URL, response: ServerResponse): void {
    const prefix = url.searchParams.get('prefix') ?? '';
    const after = url.searchParams.get('continuation-token') ?? '';
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const page = keys.slice(0, pageSize);
    const items = page.map(
      (key) => `<Contents><Key>${key}</Key><Size>${objects.get(key)?.length ?? 0}</Size></Contents>`,
    );
    const more = keys.length > pageSize;
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${more}</IsTruncated>${items.join('')}${more ? `<NextContinuationToken>${page.at(-1) ?? ''}</NextContinuationToken>` : ''}</ListBucketResult>`,
    );
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    queueFaults: (...more) => void faults.push(...more),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function get(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer | undefined,
  cut: boolean,
): void {
  if (bytes === undefined) {
    error(response, 404, 'NoSuchKey');
    return;
  }
  const etag = etagOf(bytes);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, { etag }).end();
    return;
  }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(from ?? 0);
  const part = bytes.subarray(start, to === undefined || to === '' ? undefined : Number(to) + 1);
  response.writeHead(from === undefined ? 200 : 206, { etag, 'content-length': part.length });
  if (cut) {
    response.write(part.subarray(0, Math.floor(part.length / 2)), () => response.destroy());
  } else response.end(part);
}

function error(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

/** The region that a request is signed for. */
function regionOf(request: IncomingMessage): string | undefined {
  return /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1];
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
