/* eslint-disable @typescript-eslint/no-unsafe-member-access -- Kubernetes objects are free-form JSON here, as they are on the wire */
import type { ServerResponse } from 'node:http';
import type { KubeObject } from './kube-answers.ts';
import { namespaceObject, nodeClaimObject, nodeObject, podObject } from './kube-objects.ts';

export interface Watcher {
  readonly kind: string;
  readonly response: ServerResponse;
  readonly matches: (object: KubeObject) => boolean;
  readonly bookmarks: boolean;
}

/** Objects with their versions, what has changed in them, and who watches. */
export class KubeStore {
  private readonly objects = new Map<string, KubeObject>();
  protected readonly log: {
    readonly version: number;
    readonly type: string;
    readonly kind: string;
    readonly object: KubeObject;
  }[] = [];
  protected readonly watchers = new Set<Watcher>();
  protected version = 100;
  protected names = 0;

  node(name: string): KubeObject {
    return this.get('Node', '', name)!;
  }

  get(kind: string, namespace: string, name: string): KubeObject | undefined {
    return this.objects.get(`${kind}/${namespace}/${name}`);
  }

  all(kind: string): KubeObject[] {
    return [...this.objects].filter(([key]) => key.startsWith(`${kind}/`)).map(([, object]) => object);
  }

  addNode(name: string, over?: Parameters<typeof nodeObject>[1]): KubeObject {
    return this.put('Node', nodeObject(name, over));
  }

  addPod(name: string, nodeName: string, over?: Parameters<typeof podObject>[2]): KubeObject {
    return this.put('Pod', podObject(name, nodeName, over));
  }

  addNamespace(name: string, phase?: string): KubeObject {
    return this.put('Namespace', namespaceObject(name, phase));
  }

  addNodeClaim(name: string, nodeName?: string): KubeObject {
    return this.put('NodeClaim', nodeClaimObject(name, nodeName));
  }

  addService(name: string, type: string): KubeObject {
    return this.put('Service', { metadata: { name, namespace: 'default' }, spec: { type } });
  }

  /** A change from outside, by a person or a controller. */
  update(kind: string, namespace: string, name: string, change: (object: KubeObject) => void): void {
    const object = structuredClone(this.get(kind, namespace, name)!);
    change(object);
    this.put(kind, object);
  }

  remove(kind: string, namespace: string, name: string): void {
    const object = this.get(kind, namespace, name);
    if (object === undefined) return;
    this.objects.delete(`${kind}/${namespace}/${name}`);
    object['metadata'].resourceVersion = String((this.version += 1));
    this.announce('DELETED', kind, object);
  }

  /** As when etcd was restored from a backup: versions are lower than those that clients have seen. */
  restoreFromBackup(): void {
    this.version = 10;
    this.log.length = 0;
    for (const object of this.objects.values())
      object['metadata'].resourceVersion = String((this.version += 1));
  }

  /** What a quiet API server sends about once a minute. */
  bookmark(): void {
    for (const { bookmarks, kind, response } of this.watchers)
      if (bookmarks)
        response.write(
          `${JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion: 'v1', metadata: { resourceVersion: String(this.version) } } })}\n`,
        );
  }

  /** Ends every watch as the API server does when its time is over. */
  endWatches(): void {
    for (const { response } of this.watchers) response.end();
    this.watchers.clear();
  }

  protected put(kind: string, object: KubeObject): KubeObject {
    const { metadata } = object;
    const key = `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
    const isNew = !this.objects.has(key);
    metadata.uid ??= `uid-${kind}-${metadata.name}-${(this.names += 1)}`;
    metadata.creationTimestamp ??= new Date().toISOString();
    metadata.resourceVersion = String((this.version += 1));
    this.objects.set(key, object);
    this.announce(isNew ? 'ADDED' : 'MODIFIED', kind, object);
    return object;
  }

  private announce(type: string, kind: string, object: KubeObject): void {
    const copy = structuredClone(object);
    this.log.push({ version: this.version, type, kind, object: copy });
    for (const watcher of this.watchers)
      if (watcher.kind === kind && watcher.matches(copy))
        watcher.response.write(`${JSON.stringify({ type, object: copy })}\n`);
  }
}
