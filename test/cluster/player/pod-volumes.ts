import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeApi, KubeObject } from '../kube-api.ts';
import { writtenFiles, type FileEntry } from './file-tree.ts';
import { fieldOf } from './pod-environment.ts';
import type { DownwardItems, FileSource, Pod, Volume } from './pod-types.ts';

interface Keyed extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

export type Keys = ReadonlyMap<string, Buffer>;

const kubeletMode = 0o644;
/** Before it is over; the kubelet does so at four fifths. */
const renewTokenShare = 0.8;

/** A ConfigMap's or Secret's keys; undefined when there is none of that name. */
export async function keysOf(
  api: KubeApi,
  kind: 'configmaps' | 'secrets',
  namespace: string,
  name: string,
): Promise<Keys | undefined> {
  const found = await api.found<Keyed>(`/api/v1/namespaces/${namespace}/${kind}/${name}`);
  if (found === undefined) return undefined;
  const encoding = kind === 'secrets' ? 'base64' : 'utf8';
  return new Map([
    ...Object.entries(found.data ?? {}).map(([key, text]) => [key, Buffer.from(text, encoding)] as const),
    ...Object.entries(found.binaryData ?? {}).map(
      ([key, text]) => [key, Buffer.from(text, 'base64')] as const,
    ),
  ]);
}

/** The volumes of one pod as directories, kept as their objects are. */
export class PodVolumes {
  private readonly api: KubeApi;
  private readonly pod: Pod;
  private readonly directory: string;
  private readonly claims: string;
  private readonly addresses: { readonly podIp: string; readonly hostIp: string };
  private readonly written = new Map<string, string>();
  private readonly tokens = new Map<string, { readonly text: string; readonly renewAtMs: number }>();

  constructor(
    api: KubeApi,
    pod: Pod,
    places: { readonly directory: string; readonly claims: string },
    addresses: { readonly podIp: string; readonly hostIp: string },
  ) {
    this.api = api;
    this.pod = pod;
    this.directory = places.directory;
    this.claims = places.claims;
    this.addresses = addresses;
  }

  /** Where a volume is on this machine. */
  pathOf(name: string): string {
    const claim = this.pod.spec.volumes?.find((one) => one.name === name)?.persistentVolumeClaim;
    if (claim === undefined) return join(this.directory, name);
    return join(this.claims, `${this.pod.metadata.namespace ?? ''}_${claim.claimName}`);
  }

  /** Makes what is not there yet and renews what has changed. @throws when something that a pod needs is missing. */
  async refresh(): Promise<void> {
    for (const volume of this.pod.spec.volumes ?? []) await this.one(volume);
  }

  private async one(volume: Volume): Promise<void> {
    const path = this.pathOf(volume.name);
    const group = this.pod.spec.securityContext?.fsGroup;
    mkdirSync(path, { recursive: true });
    if (volume.emptyDir !== undefined || volume.persistentVolumeClaim !== undefined) {
      // As the kubelet: an emptyDir is everybody's; a claim is its group's.
      const isClaim = volume.persistentVolumeClaim !== undefined;
      if (group !== undefined) chownSync(path, 0, group);
      chmodSync(path, isClaim ? (group === undefined ? 0o755 : 0o2775) : 0o777);
      return;
    }
    const files = await this.filesOf(volume);
    const stamp = files
      .map(({ path: name, content, mode }) => `${name} ${mode} ${content.toString('base64')}`)
      .join();
    if (this.written.get(volume.name) === stamp) return;
    writtenFiles(path, files, group);
    this.written.set(volume.name, stamp);
  }

  private async filesOf({
    name,
    configMap,
    secret,
    downwardAPI,
    projected,
  }: Volume): Promise<readonly FileEntry[]> {
    if (configMap !== undefined)
      return this.keyed('configmaps', configMap.name, configMap, configMap.defaultMode);
    if (secret !== undefined) return this.keyed('secrets', secret.secretName, secret, secret.defaultMode);
    if (downwardAPI !== undefined) return this.downward(downwardAPI, kubeletMode);
    if (projected === undefined) throw new Error(`volume ${name} is of a kind that is not played`);
    const mode = projected.defaultMode ?? kubeletMode;
    const files: FileEntry[] = [];
    for (const source of projected.sources) {
      if (source.configMap !== undefined)
        files.push(...(await this.keyed('configmaps', source.configMap.name, source.configMap, mode)));
      else if (source.secret !== undefined)
        files.push(...(await this.keyed('secrets', source.secret.name, source.secret, mode)));
      else if (source.downwardAPI !== undefined) files.push(...this.downward(source.downwardAPI, mode));
      else if (source.serviceAccountToken !== undefined) {
        const { path, audience, expirationSeconds } = source.serviceAccountToken;
        const content = Buffer.from(await this.token(path, audience, expirationSeconds ?? 3_600));
        // The kubelet gives a token to the user that the pod runs as.
        files.push({ path, content, mode: 0o644 });
      }
    }
    return files;
  }

  private async keyed(
    kind: 'configmaps' | 'secrets',
    name: string,
    { items, optional }: FileSource,
    mode = kubeletMode,
  ): Promise<readonly FileEntry[]> {
    const keys = await keysOf(this.api, kind, this.pod.metadata.namespace ?? '', name);
    if (keys === undefined) {
      if (optional === true) return [];
      throw new Error(`${kind} "${name}" not found`);
    }
    if (items === undefined) return [...keys].map(([path, content]) => ({ path, content, mode }));
    return items.flatMap(({ key, path }) => {
      const content = keys.get(key);
      if (content !== undefined) return [{ path, content, mode }];
      if (optional === true) return [];
      throw new Error(`${kind} "${name}" has no key ${key}`);
    });
  }

  private downward({ items }: DownwardItems, mode: number): readonly FileEntry[] {
    return (items ?? []).map(({ path, fieldRef }) => ({
      path,
      content: Buffer.from(
        fieldRef === undefined ? '' : fieldOf(this.pod, fieldRef.fieldPath, this.addresses),
      ),
      mode,
    }));
  }

  /** A token that is bound to this pod, and so carries the name of its node. */
  private async token(path: string, audience: string | undefined, seconds: number): Promise<string> {
    const known = this.tokens.get(path);
    if (known !== undefined && Date.now() < known.renewAtMs) return known.text;
    const { metadata, spec } = this.pod;
    const made = await this.api.create<{ status: { token: string } }>(
      `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${spec.serviceAccountName}/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          expirationSeconds: seconds,
          ...(audience !== undefined && { audiences: [audience] }),
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid },
        },
      },
    );
    const text = made.status.token;
    this.tokens.set(path, { text, renewAtMs: Date.now() + seconds * 1_000 * renewTokenShare });
    return text;
  }
}
