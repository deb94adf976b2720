import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiRefusal, type KubeApi } from '../kube-api.ts';
import type { ContainerOrder } from './container-process.ts';
import type { Seat } from './network.ts';
import { PlayedContainer } from './played-container.ts';
import { containerEnvironment, expanded } from './pod-environment.ts';
import { podStatus } from './pod-status.ts';
import type { Container, Pod } from './pod-types.ts';
import { keysOf, PodVolumes } from './pod-volumes.ts';

export interface PodPlace {
  readonly api: KubeApi;
  readonly seat: Seat;
  readonly hostAddress: string;
  readonly directory: string;
  readonly claims: string;
  readonly hostsFile: string;
  readonly services: () => Readonly<Record<string, string>>;
}

const refreshMs = 2_000;

/** One pod of ours: its containers run, its status is told, and it goes when it shall. */
export class PlayedPod {
  readonly pod: Pod;
  readonly place: PodPlace;
  readonly containers: readonly PlayedContainer[];
  private readonly initial: readonly PlayedContainer[];
  private readonly volumes: PodVolumes;
  private readonly startTime = new Date().toISOString();
  private ending: Promise<void> | undefined;
  private ended = false;
  private readonly over = new AbortController();
  private saying: Promise<void> = Promise.resolve();
  private saidLast = '';
  private phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' = 'Pending';

  constructor(pod: Pod, place: PodPlace) {
    this.pod = pod;
    this.place = place;
    const { address } = place.seat;
    const played = (spec: Container) => new PlayedContainer(spec, address, () => void this.say());
    this.containers = pod.spec.containers.map(played);
    this.initial = (pod.spec.initContainers ?? []).map(played);
    this.volumes = new PodVolumes(
      place.api,
      pod,
      { directory: join(place.directory, 'volumes'), claims: place.claims },
      { podIp: address, hostIp: place.hostAddress },
    );
  }

  /** From the first volume to the last exit. */
  async run(): Promise<void> {
    if (!(await this.hasVolumes())) return;
    const renewing = setInterval(() => void this.volumes.refresh().catch(() => undefined), refreshMs);
    try {
      for (const one of this.initial) {
        const policy = this.pod.spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure';
        if ((await one.run(() => this.orderFor(one.spec), policy)) !== 0) {
          this.finish('Failed');
          return;
        }
      }
      if (this.over.signal.aborted) return;
      this.phase = 'Running';
      const codes = await Promise.all(
        this.containers.map((one) => one.run(() => this.orderFor(one.spec), this.pod.spec.restartPolicy)),
      );
      this.finish(codes.every((code) => code === 0) ? 'Succeeded' : 'Failed');
    } finally {
      clearInterval(renewing);
    }
  }

  private finish(phase: 'Succeeded' | 'Failed'): void {
    // A pod that is told to end has not come to its own.
    if (this.over.signal.aborted) return;
    this.phase = phase;
    void this.say();
  }

  private async hasVolumes(): Promise<boolean> {
    while (!this.over.signal.aborted)
      try {
        await this.volumes.refresh();
        for (const one of this.containers) await this.orderFor(one.spec);
        return true;
      } catch (error) {
        for (const one of this.containers) one.waits('ContainerCreating', String(error));
        await sleep(300, undefined, { signal: this.over.signal }).catch(() => undefined);
      }
    return false;
  }

  private async orderFor(container: Container): Promise<ContainerOrder> {
    const { api, seat, hostAddress, directory, hostsFile, services } = this.place;
    const { metadata, spec } = this.pod;
    const known = new Map<string, Readonly<Record<string, string>> | undefined>();
    for (const { valueFrom } of container.env ?? [])
      for (const [kind, ref] of [
        ['configmaps', valueFrom?.configMapKeyRef],
        ['secrets', valueFrom?.secretKeyRef],
      ] as const) {
        if (ref === undefined) continue;
        const keys = await keysOf(api, kind, metadata.namespace ?? '', ref.name);
        known.set(
          `${kind}/${ref.name}`,
          keys && Object.fromEntries([...keys].map(([key, value]) => [key, value.toString()])),
        );
      }
    const environment = containerEnvironment(this.pod, container, {
      podIp: seat.address,
      hostIp: hostAddress,
      services: services(),
      configMap: (name) => known.get(`configmaps/${name}`),
      secret: (name) => known.get(`secrets/${name}`),
    });
    const own = join(directory, container.name);
    mkdirSync(own, { recursive: true });
    const { securityContext: of = {} } = container;
    const { securityContext: all = {} } = spec;
    return {
      networkNamespace: seat.namespace,
      directory: own,
      hostsFile,
      command: container.command?.map((text) => expanded(text, environment)),
      args: (container.args ?? []).map((text) => expanded(text, environment)),
      environment,
      mounts: (container.volumeMounts ?? []).map(({ name, mountPath, readOnly, subPath }) => ({
        source: join(this.volumes.pathOf(name), subPath ?? ''),
        target: mountPath,
        readOnly: readOnly ?? false,
      })),
      user: of.runAsUser ?? all.runAsUser,
      group: of.runAsGroup ?? all.runAsGroup,
      alsoGroups: all.fsGroup === undefined ? [] : [all.fsGroup],
      readOnlyRoot: of.readOnlyRootFilesystem ?? false,
    };
  }

  /** Where on this machine is what the first container finds at that path. */
  mountedAt(path: string): string | undefined {
    const mount = this.pod.spec.containers[0]?.volumeMounts?.find((one) => one.mountPath === path);
    return mount === undefined ? undefined : join(this.volumes.pathOf(mount.name), mount.subPath ?? '');
  }

  /** Renews the mounted files now, instead of some seconds later. */
  refresh(): Promise<void> {
    return this.volumes.refresh();
  }

  /** As the API server asks: the pod is told to end, and is gone from the API server when it has. */
  end(graceSeconds: number): Promise<void> {
    if (this.ending !== undefined) {
      for (const one of this.containers) one.shorten(graceSeconds);
      return this.ending;
    }
    this.over.abort();
    this.ending = Promise.all([...this.initial, ...this.containers].map((one) => one.end(graceSeconds))).then(
      async () => {
        await this.say();
        const { namespace, name, uid } = this.pod.metadata;
        await this.patient(() =>
          this.place.api.remove(`/api/v1/namespaces/${namespace}/pods/${name}`, {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            gracePeriodSeconds: 0,
            preconditions: { uid },
          }),
        );
        rmSync(join(this.place.directory, 'volumes'), { recursive: true, force: true });
        this.ended = true;
      },
    );
    return this.ending;
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  /** As when its machine loses its power: nothing is told to the API server. */
  async vanish(): Promise<void> {
    this.over.abort();
    this.ending = Promise.resolve();
    await Promise.all([...this.initial, ...this.containers].map((one) => one.end(0)));
    this.ended = true;
  }

  /** As the kubelet at each sync: what another has written over our words is said again. */
  seen({ status }: Pod): void {
    const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    const ours = this.phase === 'Running' && this.containers.every((one) => one.status().ready);
    if (this.saidLast === '' || ready === ours || this.over.signal.aborted) return;
    this.saidLast = '';
    void this.say();
  }

  private say(): Promise<void> {
    this.saying = this.saying.then(async () => {
      const status = podStatus({
        phase: this.phase,
        startTime: this.startTime,
        address: this.place.seat.address,
        hostAddress: this.place.hostAddress,
        containers: this.containers.map((one) => one.status()),
        initial: this.initial.map((one) => one.status()),
      });
      const text = JSON.stringify(status);
      if (text === this.saidLast) return;
      const { namespace, name } = this.pod.metadata;
      await this.patient(() =>
        this.place.api.patch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, { status }, 'strategic'),
      );
      this.saidLast = text;
    });
    return this.saying;
  }

  /** Goes on through an API server that is away; a pod that is gone is nobody's loss. */
  private async patient(work: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1)
      try {
        await work();
        return;
      } catch (error) {
        if (error instanceof ApiRefusal && error.status < 500 && error.status !== 429) return;
        await sleep(300);
      }
  }
}
