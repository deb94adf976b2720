/* eslint-disable @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { covers, storedBudget, type FakeBudget } from './fake-budgets.ts';
import {
  failure,
  failureStatus,
  invalidMicroTime,
  modified,
  notFound,
  type KubeAnswer,
  type KubeObject,
} from './kube-answers.ts';
import { merged, selectorOf } from './kube-selection.ts';
import { KubeStore, type Watcher } from './kube-store.ts';

/* An API server for one test: what it answers is what test/fixtures/kube-apiserver-transcripts.json recorded. */

export interface SeenRequest {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly body: KubeObject | undefined;
  readonly status: number;
}

const resources: Readonly<Record<string, { readonly kind: string; readonly namespaced: boolean }>> = {
  '/api/v1/nodes': { kind: 'Node', namespaced: false },
  '/api/v1/namespaces': { kind: 'Namespace', namespaced: false },
  '/api/v1/services': { kind: 'Service', namespaced: true },
  '/api/v1/pods': { kind: 'Pod', namespaced: true },
  '/api/v1/events': { kind: 'Event', namespaced: true },
  '/apis/coordination.k8s.io/v1/leases': { kind: 'Lease', namespaced: true },
  '/apis/karpenter.sh/v1/nodeclaims': { kind: 'NodeClaim', namespaced: false },
  '/apis/karpenter.sh/v1/nodepools': { kind: 'NodePool', namespaced: false },
  '/apis/policy/v1/poddisruptionbudgets': { kind: 'PodDisruptionBudget', namespaced: true },
};

export class FakeKubernetes extends KubeStore {
  readonly requests: SeenRequest[] = [];
  readonly budgets: FakeBudget[] = [];
  /** `VERB kind`, for example `DELETE NodeClaim`: answered with 403. */
  readonly denied = new Set<string>();
  /** How long a pod's containers take to stop; its grace period bounds it. */
  exitMs = 20;
  /** Sockets are destroyed, as when the API server restarts. */
  away = false;
  /** Every answer waits this long. */
  delayMs = 0;
  /** Of the next answers to a path with each of these in it only the first half arrives, whole by its own length. */
  readonly halves: string[] = [];
  /** What a blocked eviction is asked to wait. */
  retryAfterSeconds: number | undefined;
  /** The next writes to a Node are refused as conflicts. */
  conflicts = 0;
  /** Whoever brings another bearer token is answered with 401; undefined: anybody may come. */
  token: string | undefined;
  /** The next watch is told that its version is gone. */
  watchGone = false;
  private readonly sockets = new Set<Socket>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly server: Server;

  private readonly isTls: boolean;
  /** Made to it so far. */
  connections = 0;

  private constructor(tls: { readonly cert: Buffer; readonly key: Buffer } | undefined) {
    super();
    const handle = (request: IncomingMessage, response: ServerResponse) =>
      void this.handle(request, response);
    this.isTls = tls !== undefined;
    this.server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
    this.server.on('connection', (socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      if (this.away) socket.destroy();
    });
  }

  static async started(tls?: { readonly cert: Buffer; readonly key: Buffer }): Promise<FakeKubernetes> {
    const fake = new FakeKubernetes(tls);
    await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `${this.isTls ? 'https' : 'http'}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get kubeconfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: this.url } }],
      users: [{ name: 'u', user: { token: 'anything' } }],
    });
  }

  /** Cuts every connection and refuses new ones until `away` is false again. */
  goAway(): void {
    this.away = true;
    this.dropConnections();
  }

  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  writes(): readonly SeenRequest[] {
    return this.requests.filter(
      (one) => one.method !== 'GET' && !one.path.includes('selfsubjectaccessreviews'),
    );
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = Date.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    const body = text === '' ? undefined : (JSON.parse(text) as KubeObject);
    const url = new URL(request.url ?? '/', this.url);
    const method = request.method ?? '';
    if (this.delayMs > 0) await new Promise((resolve) => this.later(() => resolve(undefined), this.delayMs));
    if (this.away) return void request.socket.destroy();
    const isKnown = this.token === undefined || request.headers.authorization === `Bearer ${this.token}`;
    if (isKnown && url.searchParams.get('watch') !== null) {
      this.watch(url, response);
      return;
    }
    const answer = isKnown
      ? this.answer(method, url, body, request.headers['content-type'] ?? '')
      : failure(401, 'Unauthorized', 'Unauthorized');
    this.requests.push({ atMs, method, path: url.pathname + url.search, body, status: answer.status });
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      ...(answer.retryAfterSeconds !== undefined && { 'retry-after': String(answer.retryAfterSeconds) }),
    });
    const whole = JSON.stringify(answer.body);
    const half = this.halves.findIndex((part) => url.pathname.includes(part));
    if (half >= 0) this.halves.splice(half, 1);
    response.end(half < 0 ? whole : whole.slice(0, whole.length / 2));
  }

  private answer(method: string, url: URL, body: KubeObject | undefined, contentType: string): KubeAnswer {
    if (url.pathname === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') {
      const { verb, resource, subresource } = body!['spec'].resourceAttributes;
      const allowed = !this.denied.has(`${verb} ${resource}${subresource ? `/${subresource}` : ''}`);
      return { status: 201, body: { ...body, status: { allowed } } };
    }
    const parts =
      /^(\/api\/v1|\/apis\/[^/]+\/v1)(?:\/namespaces\/([^/]+)(?=\/[a-z]+))?\/([a-z]+)(?:\/([^/]+))?(?:\/([a-z]+))?$/.exec(
        url.pathname,
      );
    const resource = parts === null ? undefined : resources[`${parts[1]}/${parts[3]}`];
    if (parts === null || resource === undefined)
      return failure(404, 'NotFound', 'the server could not find the requested resource');
    const [, , namespace = '', , encoded, sub] = parts;
    const name = encoded === undefined ? undefined : decodeURIComponent(encoded);
    if (this.denied.has(`${method} ${resource.kind}`))
      return failure(403, 'Forbidden', `${parts[3]} is forbidden: User cannot ${method.toLowerCase()} it`);
    if (sub === 'eviction') return this.evict(namespace, name!, body!);
    switch (method) {
      case 'GET':
        return name === undefined
          ? this.list(resource.kind, url)
          : this.read(resource.kind, namespace, name, parts[3]!);
      case 'POST':
        return this.create(resource.kind, namespace, body!, parts[3]!);
      case 'PUT':
        return this.replace(resource.kind, namespace, name!, body!, parts[3]!);
      case 'PATCH':
        return this.patch(resource.kind, namespace, name!, body!, contentType, parts[3]!);
      case 'DELETE':
        return this.delete(resource.kind, namespace, name!, body, parts[3]!);
      default:
        return failure(
          405,
          'MethodNotAllowed',
          'the server does not allow this method on the requested resource',
        );
    }
  }

  private read(kind: string, namespace: string, name: string, plural: string): KubeAnswer {
    const object = this.get(kind, namespace, name);
    return object === undefined ? notFound(plural, name) : { status: 200, body: object };
  }

  private list(kind: string, url: URL): KubeAnswer {
    const items = this.all(kind).filter(selectorOf(url));
    const limit = Number(url.searchParams.get('limit') ?? 0);
    const from = Number(url.searchParams.get('continue') ?? 0);
    const page = limit > 0 ? items.slice(from, from + limit) : items;
    const more = limit > 0 && from + limit < items.length ? String(from + limit) : undefined;
    return {
      status: 200,
      body: {
        kind: `${kind}List`,
        apiVersion: 'v1',
        metadata: { resourceVersion: String(this.version), ...(more && { continue: more }) },
        items: page,
      },
    };
  }

  private create(kind: string, namespace: string, body: KubeObject, plural: string): KubeAnswer {
    const invalid = invalidMicroTime(kind, body);
    if (invalid !== undefined) return invalid;
    const name = body['metadata'].name ?? `${body['metadata'].generateName}${(this.names += 1)}`;
    if (this.get(kind, namespace, name) !== undefined)
      return failure(409, 'AlreadyExists', `${plural} "${name}" already exists`);
    if (kind === 'Event' && (body['involvedObject'].namespace ?? namespace) !== namespace)
      return failure(422, 'Invalid', 'involvedObject.namespace: does not match event.namespace');
    return {
      status: 201,
      body: this.put(kind, { ...body, metadata: { ...body['metadata'], name, namespace } }),
    };
  }

  private replace(
    kind: string,
    namespace: string,
    name: string,
    body: KubeObject,
    plural: string,
  ): KubeAnswer {
    const invalid = invalidMicroTime(kind, body);
    if (invalid !== undefined) return invalid;
    const old = this.get(kind, namespace, name);
    if (old === undefined) return notFound(plural, name);
    if (body['metadata'].resourceVersion !== old['metadata'].resourceVersion) return modified(plural, name);
    return {
      status: 200,
      body: this.put(kind, { ...body, metadata: { ...old['metadata'], ...body['metadata'], namespace } }),
    };
  }

  private patch(
    kind: string,
    namespace: string,
    name: string,
    body: KubeObject,
    contentType: string,
    plural: string,
  ): KubeAnswer {
    if (!/merge-patch\+json/.test(contentType))
      return failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type');
    const old = this.get(kind, namespace, name);
    if (old === undefined) return notFound(plural, name);
    const wanted = body['metadata']?.resourceVersion;
    if (wanted !== undefined && (wanted !== old['metadata'].resourceVersion || this.conflicts > 0)) {
      this.conflicts = Math.max(0, this.conflicts - 1);
      return modified(plural, name);
    }
    const conditions = body['status']?.conditions as KubeObject[] | undefined;
    const patched = merged(old, body) as KubeObject;
    if (conditions !== undefined && contentType.includes('strategic')) {
      const kept = (old['status']?.conditions ?? []).filter(
        (one: KubeObject) => !conditions.some((other) => other['type'] === one['type']),
      );
      patched['status'].conditions = [...kept, ...conditions.filter((one) => one['$patch'] !== 'delete')];
    }
    return { status: 200, body: this.put(kind, patched) };
  }

  private delete(
    kind: string,
    namespace: string,
    name: string,
    options: KubeObject | undefined,
    plural: string,
  ): KubeAnswer {
    const object = this.get(kind, namespace, name);
    if (object === undefined) return notFound(plural, name);
    const uid = options?.['preconditions']?.uid;
    if (uid !== undefined && uid !== object['metadata'].uid)
      return failure(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${plural} "${name}": the UID in the precondition (${uid}) does not match the UID in record (${object['metadata'].uid}). The object might have been deleted and then recreated`,
      );
    if (kind === 'Pod') this.terminate(object, options?.['gracePeriodSeconds']);
    else if (kind === 'NodeClaim')
      this.update(
        kind,
        namespace,
        name,
        (one) => (one['metadata'].deletionTimestamp ??= new Date().toISOString()),
      );
    else this.remove(kind, namespace, name);
    return { status: 200, body: object };
  }

  private evict(namespace: string, name: string, body: KubeObject): KubeAnswer {
    if (body['metadata'].name !== name)
      return failure(400, 'BadRequest', 'name in URL does not match name in Eviction object');
    const pod = this.get('Pod', namespace, name);
    if (pod === undefined) return notFound('pods', name);
    const uid = body['deleteOptions']?.preconditions?.uid;
    if (uid !== undefined && uid !== pod['metadata'].uid)
      return failure(
        409,
        'Conflict',
        `Operation cannot be fulfilled on Pod "${name}": the UID in the precondition (${uid}) does not match the UID in record (${pod['metadata'].uid}). The object might have been deleted and then recreated`,
      );
    const created: KubeAnswer = {
      status: 201,
      body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
    };
    if (pod['metadata'].deletionTimestamp !== undefined) return created;
    const budgets = [...this.budgets, ...this.all('PodDisruptionBudget').map(storedBudget)].filter(
      (one) => one.namespace === namespace && covers(one, pod),
    );
    if (budgets.length > 1)
      return {
        status: 500,
        body: failureStatus(
          500,
          undefined,
          'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
        ),
      };
    const [budget] = budgets;
    const blocked = "Cannot evict pod as it would violate the pod's disruption budget.";
    if (budget?.observed === false)
      return { ...failure(429, 'TooManyRequests', blocked), retryAfterSeconds: 10 };
    if (budget !== undefined) {
      const healthy = this.all('Pod').filter(
        (one) => covers(budget, one) && one['metadata'].deletionTimestamp === undefined,
      );
      if (healthy.length <= budget.minAvailable)
        return {
          ...failure(429, 'TooManyRequests', blocked),
          ...(this.retryAfterSeconds !== undefined && { retryAfterSeconds: this.retryAfterSeconds }),
        };
    }
    this.terminate(pod, body['deleteOptions']?.gracePeriodSeconds);
    return created;
  }

  private terminate(pod: KubeObject, graceSeconds: number | undefined): void {
    const { namespace, name, uid } = pod['metadata'];
    const grace = (graceSeconds ?? pod['spec'].terminationGracePeriodSeconds) * 1_000;
    const gone = () => {
      if (this.get('Pod', namespace, name)?.['metadata'].uid === uid) this.remove('Pod', namespace, name);
    };
    if (grace === 0) {
      gone();
      return;
    }
    this.update('Pod', namespace, name, (one) => {
      one['metadata'].deletionTimestamp = new Date(Date.now() + grace).toISOString();
      one['metadata'].deletionGracePeriodSeconds = grace / 1_000;
    });
    this.later(gone, Math.min(this.exitMs, grace));
  }

  private later(then: () => void, ms: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      then();
    }, ms);
    this.timers.add(timer);
  }

  private watch(url: URL, response: ServerResponse): void {
    const resource = resources[url.pathname];
    this.requests.push({
      atMs: Date.now(),
      method: 'GET',
      path: url.pathname + url.search,
      body: undefined,
      status: 200,
    });
    if (resource === undefined) {
      response.writeHead(404);
      response.end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    const from = Number(url.searchParams.get('resourceVersion') ?? 0);
    if (this.watchGone) {
      this.watchGone = false;
      const gone = failureStatus(410, 'Expired', `too old resource version: ${from} (${this.version})`);
      response.end(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`);
      return;
    }
    const watcher: Watcher = {
      kind: resource.kind,
      response,
      matches: selectorOf(url),
      bookmarks: url.searchParams.get('allowWatchBookmarks') === 'true',
    };
    response.flushHeaders();
    for (const one of this.log.filter(({ version, kind }) => version > from && kind === resource.kind))
      if (watcher.matches(one.object))
        response.write(`${JSON.stringify({ type: one.type, object: one.object })}\n`);
    // Seen on a real API server: from a version that is yet to come nothing is sent until it has come.
    if (from > this.version) return;
    this.watchers.add(watcher);
    response.on('close', () => this.watchers.delete(watcher));
  }
}
