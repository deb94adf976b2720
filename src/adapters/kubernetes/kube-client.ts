import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { ClusterUnavailable } from '../../errors/cluster-unavailable.ts';
import { askedPauseMs } from '../../patience/pace.ts';
import { beginningOf, linesOf, parsedJson, wholeText } from './answer-bodies.ts';
import type { JsonSkimmer } from './json-skimmer.ts';
import type { KubeAccess } from './kube-credentials.ts';

export interface KubeAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterMs: number | undefined;
}

export interface KubeCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** `beginning`: of the body only what fits into 64 KiB is held, enough for a Status; a longer one reads as undefined. */
  readonly keeps?: 'whole' | 'beginning';
}

/** What came of a skimmed answer. */
export interface Skimmed {
  /** What the skimmer kept beside the items; of any other status than 200, the beginning of the body. */
  readonly answer: KubeAnswer;
  readonly bytes: number;
}

/**
 * The API server over node's own HTTP client: a quarter of the memory that the generated client takes, which is what
 * a DaemonSet pays on every node.
 */
export interface KubeClient {
  readonly namespace: string;
  /**
   * Any status is an answer.
   * @throws ClusterUnavailable when there is no answer within the time limit, or one of success that is no JSON.
   */
  call(call: KubeCall, signal: AbortSignal): Promise<KubeAnswer>;
  /**
   * Reads an answer of any size through a skimmer. It may take as long as bytes keep coming: each must come within the
   * time limit of a request, and all of them within twelve.
   * @throws ClusterUnavailable as `call`, and when the answer breaks off.
   */
  skim(path: string, skimmer: JsonSkimmer, signal: AbortSignal): Promise<Skimmed>;
  /** The lines of an answer that goes on, as they come. @throws ClusterUnavailable when it breaks off or is no 200. */
  lines(path: string, signal: AbortSignal): AsyncIterable<string>;
  close(): void;
}

const defaultMaxAnswerBytes = 64 * 1024 * 1024;
const skimLimits = 12;

export interface KubeClientOptions {
  /** For each request, from connecting to the last byte; not for `lines`. */
  readonly timeoutMs: number;
  readonly maxConnections: number;
  readonly userAgent: string;
  /** The longest body that `call` holds. */
  readonly maxAnswerBytes?: number;
  /** Told of each answer that means "you may not": by RBAC, or by an admission policy or webhook. */
  readonly onForbidden?: (by: ForbiddenBy, what: string) => void;
}

export type ForbiddenBy = 'permission' | 'admission';

export function kubeClient(access: KubeAccess, options: KubeClientOptions): KubeClient {
  const server = new URL(access.server);
  const isTls = server.protocol === 'https:';
  const maxAnswerBytes = options.maxAnswerBytes ?? defaultMaxAnswerBytes;
  const pool = {
    keepAlive: true,
    maxSockets: options.maxConnections,
    maxFreeSockets: 4,
    scheduling: 'lifo' as const,
  };
  const agent = isTls
    ? new HttpsAgent({
        ...pool,
        rejectUnauthorized: !access.skipVerify,
        ...(access.ca !== undefined && { ca: access.ca }),
        ...(access.clientCertificate !== undefined && { cert: access.clientCertificate }),
        ...(access.clientKey !== undefined && { key: access.clientKey }),
        ...(access.serverName !== undefined && { servername: access.serverName }),
      })
    : new HttpAgent(pool);

  function sent(
    { method, path, body, contentType }: KubeCall,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request: RequestOptions = {
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port === '' ? (isTls ? 443 : 80) : Number(server.port),
      path: `${server.pathname.replace(/\/+$/, '')}${path}`,
      method,
      agent,
      signal,
      headers: {
        accept: 'application/json',
        'user-agent': options.userAgent,
        ...(authorization !== undefined && { authorization }),
        ...(text !== undefined && {
          'content-type': contentType ?? 'application/json',
          'content-length': Buffer.byteLength(text),
        }),
      },
    };
    return new Promise((resolve, reject) => {
      const outgoing = isTls ? httpsRequest(request, resolve) : httpRequest(request, resolve);
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  /** A token that has just been replaced is refused once: read it again and repeat. */
  async function authorized(call: KubeCall, signal: AbortSignal): Promise<IncomingMessage> {
    const first = await sent(call, await access.authorization(false), signal);
    if (first.statusCode !== 401) return first;
    first.resume();
    return sent(call, await access.authorization(true), signal);
  }

  function unavailable(call: string, error: unknown, signal: AbortSignal, limit?: AbortSignal): Error {
    if (signal.aborted)
      return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
    if (error instanceof ClusterUnavailable) return error;
    const why =
      limit?.aborted === true
        ? `no answer within ${options.timeoutMs} ms`
        : error instanceof Error
          ? error.message
          : String(error);
    return new ClusterUnavailable(`${call} at ${access.server}: ${why}`, { cause: error });
  }

  /** @throws Error when a success is no JSON: half an object must not be read as an object with half of its fields. */
  function answerOf(response: IncomingMessage, text: string | undefined): KubeAnswer {
    const status = response.statusCode ?? 0;
    const body = text === undefined ? undefined : parsedJson(text);
    if (status >= 200 && status < 300 && body === undefined && text !== undefined && text !== '')
      throw new Error(`an answer of ${status} that is no JSON: ${JSON.stringify(text.slice(0, 80))}`);
    return { status, body, retryAfterMs: askedPauseMs(response.headers['retry-after'], Date.now()) };
  }

  function tellForbidden(method: string, path: string, answer: KubeAnswer): void {
    const by = forbiddenBy(answer);
    if (by !== undefined)
      options.onForbidden?.(by, `${method} ${path}: ${answer.status} ${messageOf(answer)}`);
  }

  return {
    namespace: access.namespace,
    async call(call, signal) {
      const limit = AbortSignal.timeout(options.timeoutMs);
      try {
        const response = await authorized(call, AbortSignal.any([limit, signal]));
        const text =
          call.keeps === 'beginning'
            ? await beginningOf(response)
            : await wholeText(response, maxAnswerBytes);
        const answer = answerOf(response, text);
        tellForbidden(call.method, call.path, answer);
        return answer;
      } catch (error) {
        throw unavailable(`${call.method} ${call.path}`, error, signal, limit);
      }
    },
    async skim(path, skimmer, signal) {
      const stalled = new AbortController();
      const isStalled = () => stalled.abort(new Error(`no bytes within ${options.timeoutMs} ms`));
      const timer = setTimeout(isStalled, options.timeoutMs);
      const limit = AbortSignal.any([stalled.signal, AbortSignal.timeout(skimLimits * options.timeoutMs)]);
      let bytes = 0;
      try {
        const response = await authorized({ method: 'GET', path }, AbortSignal.any([limit, signal]));
        if (response.statusCode !== 200) {
          const answer = answerOf(response, await beginningOf(response));
          tellForbidden('GET', path, answer);
          return { answer, bytes };
        }
        for await (const chunk of response as AsyncIterable<Buffer>) {
          timer.refresh();
          bytes += chunk.length;
          skimmer.push(chunk);
        }
        return { answer: { status: 200, body: skimmer.end(), retryAfterMs: undefined }, bytes };
      } catch (error) {
        throw unavailable(`GET ${path}`, error, signal, limit);
      } finally {
        clearTimeout(timer);
      }
    },
    async *lines(path, signal) {
      try {
        const response = await authorized({ method: 'GET', path }, signal);
        if (response.statusCode !== 200)
          throw refused(`GET ${path}`, answerOf(response, await beginningOf(response)));
        yield* linesOf(response, maxAnswerBytes);
      } catch (error) {
        throw unavailable(`GET ${path}`, error, signal);
      }
    },
    close: () => agent.destroy(),
  };
}

/** The API server's own words. */
export function messageOf(answer: KubeAnswer): string {
  const { body } = answer;
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined;
  return typeof message === 'string' ? message : `status ${answer.status}`;
}

/** An admission policy denies with 422 unless it names another reason; its words are the same in every release. */
function forbiddenBy(answer: KubeAnswer): ForbiddenBy | undefined {
  if (answer.status < 400) return undefined;
  if (
    /^(?:\S+ )?admission webhook ".*" denied the request|ValidatingAdmissionPolicy '.*' denied request/.test(
      messageOf(answer),
    )
  )
    return 'admission';
  return answer.status === 403 ? 'permission' : undefined;
}

/** The error for an answer that leaves nothing to do but try again. */
export function refused(what: string, answer: KubeAnswer): ClusterUnavailable {
  return new ClusterUnavailable(`${what}: ${answer.status} ${messageOf(answer)}`, {
    status: answer.status,
    retryAfterMs: answer.retryAfterMs,
  });
}
