import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeApi } from '../kube-api.ts';
import type { MetadataSettings } from './fabric-messages.ts';
import type { Network, Seat } from './network.ts';
import { PlayedPod } from './played-pod.ts';
import type { Claim, EndpointSlice, Pod, Service } from './pod-types.ts';
import { hostLines, serviceEnvironment, servicePorts } from './service-routes.ts';
import { volumeFor } from './provisioned-volume.ts';

/**
 * The kubelets of the cluster for pods of our image, and what else a node has: a way to Services, names for them,
 * volumes for claims, and a metadata service. Every other pod is kwok's.
 */
export class Player {
  readonly pods = new Map<string, PlayedPod>();
  private readonly api: KubeApi;
  private readonly network: Network;
  private readonly apiServer: { readonly host: string; readonly port: number };
  private readonly directory = mkdtempSync(join(tmpdir(), 'spot-played-'));
  private readonly nodes = new Map<string, Seat>();
  private readonly services = new Map<string, Service>();
  private readonly slices = new Map<string, EndpointSlice>();
  private readonly stop = new AbortController();
  private readonly running: Promise<void>[] = [];
  private routing: Promise<void> = Promise.resolve();

  private constructor(api: KubeApi, network: Network, apiServer: Player['apiServer']) {
    this.api = api;
    this.network = network;
    this.apiServer = apiServer;
  }

  static start(api: KubeApi, network: Network, apiServer: { host: string; port: number }): Player {
    const player = new Player(api, network, apiServer);
    mkdirSync(join(player.directory, 'claims'));
    writeFileSync(player.hostsFile, '127.0.0.1 localhost\n');
    const { signal } = player.stop;
    const routes = () => void player.route();
    player.running.push(
      api.mirror<Pod>('/api/v1/pods', new Map(), (type, pod) => player.looked(type, pod), signal),
      api.mirror('/api/v1/services', player.services, routes, signal),
      api.mirror('/apis/discovery.k8s.io/v1/endpointslices', player.slices, routes, signal),
      api.mirror<Claim>(
        '/api/v1/persistentvolumeclaims',
        new Map(),
        (type, claim) => {
          if (type === 'there') void volumeFor(claim, api, player.claims).catch(() => undefined);
        },
        signal,
      ),
    );
    return player;
  }

  private get hostsFile(): string {
    return join(this.directory, 'hosts');
  }

  private get claims(): string {
    return join(this.directory, 'claims');
  }

  /** The node's own namespace: pods on the host network live there. */
  nodeSeat(node: string): Seat {
    const known = this.nodes.get(node) ?? this.network.seat();
    this.nodes.set(node, known);
    return known;
  }

  /** What the metadata service says on that node, to pods on its host network. */
  async metadata(node: string, settings: MetadataSettings): Promise<void> {
    const { address } = this.nodeSeat(node);
    await this.network.fabric.tell({ kind: 'metadata', address, settings });
  }

  /** The playing pod of that name. */
  pod(namespace: string, name: string): PlayedPod | undefined {
    return [...this.pods.values()].find(
      ({ pod: { metadata } }) => metadata.namespace === namespace && metadata.name === name,
    );
  }

  /** Those of a component, by the labels that the chart gives. */
  podsOf(namespace: string, labels: Readonly<Record<string, string>>): readonly PlayedPod[] {
    return [...this.pods.values()].filter(
      ({ pod: { metadata } }) =>
        metadata.namespace === namespace &&
        Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value),
    );
  }

  private looked(type: 'there' | 'gone', pod: Pod): void {
    const { uid, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    const known = this.pods.get(uid);
    if (known !== undefined) {
      if (type === 'gone') void known.end(0);
      else if (deletionTimestamp !== undefined) void known.end(deletionGracePeriodSeconds ?? 0);
      else known.seen(pod);
      return;
    }
    const isDone = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
    if (type === 'gone' || pod.spec.nodeName === undefined || !isPlayed(pod)) return;
    if (isDone && deletionTimestamp === undefined) return;
    void this.play(pod, pod.spec.nodeName);
  }

  private async play(pod: Pod, nodeName: string): Promise<void> {
    const node = this.nodeSeat(nodeName);
    const isOnHost = pod.spec.hostNetwork === true;
    const seat = isOnHost ? node : this.network.seat();
    const directory = join(this.directory, `${pod.metadata.namespace}_${pod.metadata.name}`);
    mkdirSync(directory, { recursive: true });
    const played = new PlayedPod(pod, {
      api: this.api,
      seat,
      hostAddress: node.address,
      directory,
      claims: this.claims,
      hostsFile: this.hostsFile,
      services: () =>
        serviceEnvironment(
          [...this.services.values()],
          // Without links there is the API server's alone.
          pod.spec.enableServiceLinks === false ? 'default' : (pod.metadata.namespace ?? ''),
        ),
    });
    this.pods.set(pod.metadata.uid, played);
    if (pod.metadata.deletionTimestamp !== undefined) void played.end(0);
    await played.run();
    // What has run to its end stays until it is deleted.
    while (!played.hasEnded && !this.stop.signal.aborted) await sleep(50);
    this.pods.delete(pod.metadata.uid);
    if (!isOnHost) this.network.leave(seat);
  }

  /** Names and addresses of Services as they are now; kube-proxy's and the cluster's DNS's part. */
  private route(): Promise<void> {
    this.routing = this.routing.then(async () => {
      const services = [...this.services.values()];
      const slices = [...this.slices.values()];
      writeFileSync(this.hostsFile, hostLines(services, slices));
      const ports = servicePorts(services, slices, this.apiServer);
      await this.network.fabric.tell({ kind: 'services', ports });
    });
    return this.routing;
  }

  /** Logs of pods that have ended, too. */
  get logs(): string {
    return this.directory;
  }

  async close(): Promise<void> {
    this.stop.abort();
    await Promise.all([...this.pods.values()].map((one) => one.vanish()));
    await Promise.all(this.running);
    for (const seat of this.nodes.values()) this.network.leave(seat);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The same words are in scripts/cluster/kwok-pods.yaml, which leaves these pods to us. */
function isPlayed({ spec }: Pod): boolean {
  return spec.containers.some(({ image }) => image.includes('spot-expander'));
}
