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
    // One for each document: three are read at once, and none of their connections is made anew for the next poll.
    agent: new Agent({ keepAlive: true, maxSockets: 4, maxFreeSockets: 4 }),
    timeoutMs,
  };
}

/**
 * One request with one time limit over connecting, waiting and reading. A poll does nearly nothing else, on every node for
 * ever: timers and listeners of its own cost a third less of it than signals that are made of signals.
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
    let isLate = false;
    const failed = (error: unknown) => {
      free();
      reject(signal.aborted ? (signal.reason as Error) : new HttpSilence(stage, isLate, { cause: error }));
    };
    const sent = request(
      {
        // node:http takes an IPv6 address without its brackets.
        host: http.endpoint.hostname.replace(/^\[|\]$/g, ''),
        port: http.endpoint.port === '' ? 80 : Number(http.endpoint.port),
        path: `${http.endpoint.pathname.replace(/\/+$/, '')}${path}`,
        method,
        headers,
        agent: http.agent,
      },
      (response) => {
        stage = 'broken-off';
        collect(
          response,
          (body) => {
            free();
            const date = Date.parse(response.headers.date ?? '');
            const dateMs = Number.isFinite(date) ? date : undefined;
            resolve({ status: response.statusCode ?? 0, body, dateMs });
          },
          failed,
        );
      },
    );
    const stop = () => sent.destroy(signal.reason as Error);
    const limit = setTimeout(() => {
      isLate = true;
      sent.destroy(new Error(`no whole answer within ${http.timeoutMs} ms`));
    }, http.timeoutMs);
    const free = () => {
      clearTimeout(limit);
      signal.removeEventListener('abort', stop);
    };
    signal.addEventListener('abort', stop);
    sent.on('socket', (socket) => {
      if (!socket.connecting) stage = 'no-answer';
      else socket.once('connect', () => (stage = 'no-answer'));
    });
    sent.on('error', failed);
    if (signal.aborted) stop();
    else sent.end();
  });
}

function collect(
  response: IncomingMessage,
  whole: (body: string) => void,
  failed: (error: unknown) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size > maxBodyBytes) response.destroy(new Error(`the answer is larger than ${maxBodyBytes} bytes`));
  });
  response.on('error', failed);
  response.on('end', () => {
    if (response.complete && size <= maxBodyBytes) whole(Buffer.concat(chunks).toString('utf8'));
  });
  // After a whole answer this is said to nobody.
  response.on('close', () => failed(new Error('the connection was closed in the middle of the answer')));
}
