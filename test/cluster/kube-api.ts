import { setTimeout as sleep } from 'node:timers/promises';
import { kubeAccess } from '../../src/adapters/kubernetes/kube-access.ts';
import { kubeClient, messageOf, type KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
}

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  readonly status: number;
  constructor(what: string, status: number, message: string) {
    super(`${what}: ${status} ${message}`);
    this.status = status;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const patchTypes = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

/** The API server, by a kubeconfig; answers are believed to have the type that the caller names. */
export class KubeApi {
  readonly kubeconfig: string;
  private readonly client: KubeClient;

  private constructor(kubeconfig: string, client: KubeClient) {
    this.kubeconfig = kubeconfig;
    this.client = client;
  }

  static async of(kubeconfig: string): Promise<KubeApi> {
    const options = { timeoutMs: 15_000, maxConnections: 64, userAgent: 'test-cluster' };
    return new KubeApi(kubeconfig, kubeClient(await kubeAccess(kubeconfig, {}), options));
  }

  /** @throws ApiRefusal on anything but success. */
  async call<T>(method: Method, path: string, body?: unknown, contentType?: string): Promise<T> {
    const answer = await this.client.call(
      { method, path, body, ...(contentType !== undefined && { contentType }) },
      new AbortController().signal,
    );
    if (answer.status >= 300) throw new ApiRefusal(`${method} ${path}`, answer.status, messageOf(answer));
    // The one edge: what the API server says an object looks like.
    return answer.body as T;
  }

  get<T>(path: string): Promise<T> {
    return this.call('GET', path);
  }

  async found<T>(path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof ApiRefusal && error.status === 404) return undefined;
      throw error;
    }
  }

  async list<T>(path: string): Promise<readonly T[]> {
    return (await this.get<{ items: readonly T[] }>(path)).items;
  }

  create<T>(path: string, body: unknown): Promise<T> {
    return this.call('POST', path, body);
  }

  patch<T>(path: string, body: unknown, type: keyof typeof patchTypes = 'merge'): Promise<T> {
    return this.call('PATCH', path, body, patchTypes[type]);
  }

  async remove(path: string, body?: unknown): Promise<void> {
    try {
      await this.call('DELETE', path, body);
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status !== 404) throw error;
    }
  }

  /** Keeps `known` as the API server has it, and says after each change what it was; ends with the signal. */
  async mirror<T extends KubeObject>(
    path: string,
    known: Map<string, T>,
    changed: (type: 'there' | 'gone', object: T) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const ended = () => signal.aborted;
    let version: string | undefined;
    while (!ended())
      try {
        version ??= await this.listed(path, known, changed);
        const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=${version}`;
        for await (const line of this.client.lines(
          `${path}${path.includes('?') ? '&' : '?'}${query}`,
          signal,
        )) {
          const event = JSON.parse(line) as { type: string; object: T };
          if (event.type === 'ERROR') {
            version = undefined;
            break;
          }
          version = event.object.metadata.resourceVersion;
          if (event.type === 'BOOKMARK') continue;
          if (event.type === 'DELETED') known.delete(event.object.metadata.uid);
          else known.set(event.object.metadata.uid, event.object);
          changed(event.type === 'DELETED' ? 'gone' : 'there', event.object);
        }
      } catch {
        if (ended()) return;
        version = undefined;
        await sleep(200, undefined, { signal }).catch(() => undefined);
      }
  }

  private async listed<T extends KubeObject>(
    path: string,
    known: Map<string, T>,
    changed: (type: 'there' | 'gone', object: T) => void,
  ): Promise<string> {
    const list = await this.get<{ metadata: { resourceVersion: string }; items: readonly T[] }>(path);
    const now = new Set(list.items.map((one) => one.metadata.uid));
    for (const [uid, object] of [...known])
      if (!now.has(uid)) {
        known.delete(uid);
        changed('gone', object);
      }
    for (const object of list.items) {
      known.set(object.metadata.uid, object);
      changed('there', object);
    }
    return list.metadata.resourceVersion;
  }

  close(): void {
    this.client.close();
  }
}
