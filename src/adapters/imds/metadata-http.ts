import { Agent, request, type IncomingMessage } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** What the service's own clock said; undefined: nothing. */
  readonly dateMs: number | undefined;
}

/** How far a request came that has no answer. */
export class HttpSilence extends Error {
  override readonly name = 'HttpSilence';
  readonly stage: 'not-connected' | 'no-answer' | 'broken-off';
  readonly isTimeout: boolean;

  constructor(stage: HttpSilence['stage'], isTimeout: boolean, options?: ErrorOptions) {
    const what = {
      'not-connected': 'no connection',
      'no-answer': 'no answer',
      'broken-off': 'an unfinished answer',
    };
    super(`${what[stage]}${isTimeout ? ' in time' : ''}`, options);
    this.stage = stage;
    this.isTimeout = isTimeout;
  }
}

const maxBodyBytes = 256 * 1024;

export interface MetadataHttp {
  readonly endpoint: URL;
  readonly agent: Agent;
  readonly timeoutMs: number;
}

export function metadataHttp(endpoint: string, timeoutMs: number): MetadataHttp {
  return {
    endpoint: new URL(endpoint),
    agent: new Agent({ keepAlive: true, maxSockets: 4, maxFreeSockets: 2 }),
    timeoutMs,
  };
}

/**
 * One request with one time limit over connecting, waiting and reading.
 * @throws HttpSilence when there is no whole answer within it.
 */
export function answerOf(
  http: MetadataHttp,
  method: 'GET' | 'PUT',
  path: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let stage: HttpSilence['stage'] = 'not-connected';
    const limit = AbortSignal.timeout(http.timeoutMs);
    const failed = (error: unknown) =>
      reject(
        signal.aborted ? (signal.reason as Error) : new HttpSilence(stage, limit.aborted, { cause: error }),
      );
    const sent = request(
      {
        // node:http takes an IPv6 address without its brackets.
        host: http.endpoint.hostname.replace(/^\[|\]$/g, ''),
        port: http.endpoint.port === '' ? 80 : Number(http.endpoint.port),
        path: `${http.endpoint.pathname.replace(/\/+$/, '')}${path}`,
        method,
        headers,
        agent: http.agent,
        signal: AbortSignal.any([limit, signal]),
      },
      (response) => {
        stage = 'broken-off';
        const date = Date.parse(response.headers.date ?? '');
        const dateMs = Number.isFinite(date) ? date : undefined;
        collected(response).then(
          (body) => resolve({ status: response.statusCode ?? 0, body, dateMs }),
          failed,
        );
      },
    );
    sent.on('socket', (socket) => {
      if (!socket.connecting) stage = 'no-answer';
      else socket.once('connect', () => (stage = 'no-answer'));
    });
    sent.on('error', failed);
    sent.end();
  });
}

async function collected(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw new Error(`the answer is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
