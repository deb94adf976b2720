import type { KubeConfig } from '@kubernetes/client-node';
import type { ConfigurationOptions } from '@kubernetes/client-node/dist/gen/configuration.js';
import type { RequestContext } from '@kubernetes/client-node/dist/gen/http/http.js';
import { ClusterUnavailable } from '../../errors/cluster-unavailable.ts';
import { messageOf } from '../../errors/message-of.ts';
import { askedPauseMs } from '../../patience/pace.ts';
import {
  ApiException,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  of,
  PatchStrategy,
  Watch,
} from './client-apis.ts';
import type { ClusterConfig } from './kube-config.ts';
import { fieldsOf, textOf } from './kube-objects.ts';

export interface ClusterApisOptions {
  /** For each request, from connecting to the last byte; not for watches. */
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** What a request may be answered with beside success. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

export interface AskedOptions<T> {
  readonly patch?: 'merge' | 'strategic-merge' | 'apply';
  /** Statuses that are an expected outcome. */
  readonly expected?: (refusal: Refusal) => T | undefined;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

/** The library's typed APIs of one cluster, with limits, renewed credentials and errors of ours. */
export interface ClusterApis {
  readonly namespace: string;
  readonly core: CoreV1Api;
  readonly coordination: CoordinationV1Api;
  readonly custom: CustomObjectsApi;
  /**
   * One request, given the options that it must pass on.
   * @throws ClusterUnavailable when there is no answer within the time limit, or one that is neither success nor expected.
   */
  readonly asked: <T>(
    call: (options: ConfigurationOptions) => Promise<T>,
    signal: AbortSignal,
    options?: AskedOptions<T>,
  ) => Promise<T>;
  /**
   * Resolves when the API server has ended the watch.
   * @throws ClusterUnavailable when it breaks off, is refused, or brings nothing for `silentMs` (WatchSilent).
   */
  watched(watch: WatchQuestion, onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void>;
  /** Ends what is under way. */
  close(): void;
}

export interface WatchQuestion {
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | boolean>>;
  readonly silentMs: number;
}

/** Nothing was heard, not even a bookmark. */
export class WatchSilent extends ClusterUnavailable {}

export function clusterApis(
  { config, cluster, namespace, renew }: ClusterConfig,
  { timeoutMs, userAgent }: ClusterApisOptions,
): ClusterApis {
  const connections = keptConnections(config);

  /** Something of what we hold may be outdated: a token, or the authority that the server is known by. */
  function refresh(): void {
    renew();
    connections.renew();
  }

  async function once<T>(
    call: (options: ConfigurationOptions) => Promise<T>,
    signal: AbortSignal,
    { patch, expected }: AskedOptions<T>,
    isAgain: boolean,
  ): Promise<T> {
    const limit = AbortSignal.timeout(timeoutMs);
    let what = `a request to ${cluster.server}`;
    const prepared = (request: RequestContext) => {
      const url = new URL(request.getUrl());
      what = `${request.getHttpMethod()} ${url.pathname.slice(basePath(cluster.server).length)}${url.search}`;
      request.setSignal(AbortSignal.any([limit, signal]));
      request.setHeaderParam('User-Agent', userAgent);
      if (patch !== undefined) request.setHeaderParam('Content-Type', patchTypes[patch]);
      return of(request);
    };
    try {
      return await call({
        middleware: [{ pre: prepared, post: (response) => of(response) }],
        middlewareMergeStrategy: 'append',
      });
    } catch (error) {
      if (signal.aborted)
        throw signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
      if (!(error instanceof ApiException)) {
        refresh();
        const why = limit.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
        throw new ClusterUnavailable(`${what} at ${cluster.server}: ${why}`, { cause: error });
      }
      if (error.code === 401 && !isAgain) {
        // A token that has just been replaced is refused once.
        renew();
        return once(call, signal, { ...(patch && { patch }), ...(expected && { expected }) }, true);
      }
      const refusal = { status: error.code, message: apiMessage(error) };
      const outcome = expected?.(refusal);
      if (outcome !== undefined) return outcome;
      throw new ClusterUnavailable(`${what}: ${refusal.status} ${refusal.message}`, {
        status: refusal.status,
        retryAfterMs: askedPauseMs(error.headers['retry-after'], Date.now()),
        cause: error,
      });
    }
  }

  return {
    namespace,
    core: config.makeApiClient(CoreV1Api),
    coordination: config.makeApiClient(CoordinationV1Api),
    custom: config.makeApiClient(CustomObjectsApi),
    asked: (call, signal, options = {}) => once(call, signal, options, false),
    async watched({ path, query, silentMs }, onEvent, signal) {
      const watch = new Watch(config);
      // Its own limit is half a minute, and the API server sends a bookmark once a minute.
      Object.assign(watch, { requestTimeoutMs: silentMs });
      const ended = Promise.withResolvers<unknown>();
      const gaveUp = () => ended.reject(signal.reason);
      signal.addEventListener('abort', gaveUp, { once: true });
      if (signal.aborted) gaveUp();
      // The controller is there once the server has answered; until then `close` ends the connection.
      const started = watch.watch(
        path,
        { ...query },
        (type, object: unknown) => onEvent({ type, object }),
        ended.resolve,
      );
      started.catch(ended.reject);
      try {
        const error = await ended.promise;
        if (error instanceof Error) throw error;
      } catch (error) {
        if (signal.aborted) {
          void started.then((controller) => controller.abort()).catch(() => undefined);
          throw error;
        }
        const status = statusOf(error);
        if (status === undefined || status === 401) refresh();
        if (error instanceof DOMException && error.name === 'TimeoutError')
          throw new WatchSilent(`nothing was heard for ${silentMs} ms`, { cause: error });
        const said = status === undefined ? reasonOf(error) : `${status} ${messageOf(error)}`;
        throw new ClusterUnavailable(`GET ${path}: ${said}`, {
          ...(status !== undefined && { status }),
          cause: error,
        });
      } finally {
        signal.removeEventListener('abort', gaveUp);
      }
    },
    close: () => connections.close(),
  };
}

const patchTypes = {
  merge: PatchStrategy.MergePatch,
  'strategic-merge': PatchStrategy.StrategicMergePatch,
  apply: PatchStrategy.ServerSideApply,
} as const;

type Dispatcher = NonNullable<ReturnType<RequestContext['getDispatcher']>>;

/** The library makes connections anew for every request; these are kept until something about them may be outdated. */
function keptConnections(config: KubeConfig): { readonly renew: () => void; readonly close: () => void } {
  let kept: Dispatcher | undefined;
  const retired = new Set<Dispatcher>();
  const apply = config.applySecurityAuthentication.bind(config);
  config.applySecurityAuthentication = async (request) => {
    await apply(request);
    kept ??= request.getDispatcher();
    if (kept !== undefined) request.setDispatcher(kept);
  };
  return {
    renew() {
      const old = kept;
      kept = undefined;
      if (old === undefined) return;
      retired.add(old);
      // A watch on it may go on.
      void old.close().then(
        () => retired.delete(old),
        () => retired.delete(old),
      );
    },
    close() {
      for (const one of kept === undefined ? retired : [kept, ...retired])
        void one.destroy().catch(() => undefined);
    },
  };
}

function basePath(server: string): string {
  return new URL(server).pathname.replace(/\/+$/, '');
}

/** The API server's own words. */
function apiMessage({ code, body }: ApiException<unknown>): string {
  const said = textOf(fieldsOf(typeof body === 'string' ? parsed(body) : body)['message']);
  return said === '' ? `status ${code}` : said;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  return error instanceof TypeError && error.cause instanceof Error
    ? messageOf(error.cause)
    : messageOf(error);
}

function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
