import { setTimeout as sleep } from 'node:timers/promises';
import { containerProcess, type ContainerOrder, type ContainerProcess } from './container-process.ts';
import type { Container, ContainerState, Probe } from './pod-types.ts';
import { probeLoop } from './probe-loop.ts';

export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly imageID: string;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
  readonly state: ContainerState;
}

const firstBackoffMs = 1_000;
const longestBackoffMs = 10_000;

/** One container from its first start to its last end, restarted as the pod's policy says. */
export class PlayedContainer {
  readonly spec: Container;
  readonly lines: string[] = [];
  private readonly address: string;
  private readonly changed: () => void;
  private state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  private process: ContainerProcess | undefined;
  private isReady = false;
  private isStarted = false;
  private restarts = 0;
  private stopping = false;
  private readonly stop = new AbortController();

  constructor(spec: Container, address: string, changed: () => void) {
    this.spec = spec;
    this.address = address;
    this.changed = changed;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  status(): ContainerStatus {
    return {
      name: this.spec.name,
      image: this.spec.image,
      imageID: '',
      ready: this.isReady,
      started: this.isStarted,
      restartCount: this.restarts,
      state: this.state,
    };
  }

  waits(reason: string, message: string): void {
    this.state = { waiting: { reason, message } };
    this.changed();
  }

  /** @returns the last exit code, when it is not started again. */
  async run(order: () => Promise<ContainerOrder>, policy: 'Always' | 'OnFailure' | 'Never'): Promise<number> {
    for (;;) {
      const code = await this.once(await order());
      if (this.stopping || policy === 'Never' || (policy === 'OnFailure' && code === 0)) return code;
      const pauseMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** this.restarts);
      this.restarts += 1;
      this.waits('CrashLoopBackOff', `it ended with ${code}`);
      await sleep(pauseMs, undefined, { signal: this.stop.signal }).catch(() => undefined);
      if (this.stop.signal.aborted) return code;
    }
  }

  private async once(order: ContainerOrder): Promise<number> {
    if (this.stop.signal.aborted) return 143;
    const running = containerProcess(order, (line) => this.lines.push(line));
    this.process = running;
    this.state = { running: { startedAt: running.startedAt } };
    const probing = new AbortController();
    const { startupProbe, livenessProbe, readinessProbe } = this.spec;
    const watchOver = () => {
      this.isStarted = true;
      this.isReady = readinessProbe === undefined;
      this.changed();
      this.probe(readinessProbe, probing.signal, (isGood) => {
        if (this.isReady === isGood) return;
        this.isReady = isGood;
        this.changed();
      });
      this.probe(livenessProbe, probing.signal, (isGood) => {
        if (!isGood) running.signal('SIGKILL');
      });
    };
    if (startupProbe === undefined) watchOver();
    else {
      const starting = new AbortController();
      this.changed();
      this.probe(startupProbe, AbortSignal.any([starting.signal, probing.signal]), (isGood) => {
        starting.abort();
        if (isGood) watchOver();
        else running.signal('SIGKILL');
      });
    }
    const { code, signal } = await running.ended;
    probing.abort();
    this.isReady = false;
    this.state = {
      terminated: {
        exitCode: code,
        reason: code === 0 ? 'Completed' : signal === 'SIGKILL' ? 'Killed' : 'Error',
        startedAt: running.startedAt,
        finishedAt: new Date().toISOString(),
      },
    };
    this.changed();
    return code;
  }

  private probe(probe: Probe | undefined, signal: AbortSignal, verdict: (isGood: boolean) => void): void {
    if (probe === undefined) return;
    void probeLoop(probe, this.spec, this.address, verdict, signal).catch((error: unknown) =>
      this.waits('ProbeNotPlayed', String(error)),
    );
  }

  /** preStop, SIGTERM, and SIGKILL when the grace is over. */
  async end(graceSeconds: number): Promise<void> {
    this.stopping = true;
    const endsAtMs = Date.now() + graceSeconds * 1_000;
    const { process } = this;
    if (process !== undefined && this.state.running !== undefined) {
      const preStop = this.spec.lifecycle?.preStop?.sleep?.seconds ?? 0;
      await Promise.race([process.ended, sleep(Math.min(preStop, graceSeconds) * 1_000)]);
      process.signal('SIGTERM');
      const killing = setTimeout(() => process.signal('SIGKILL'), Math.max(0, endsAtMs - Date.now()));
      this.shorten = (seconds) => void setTimeout(() => process.signal('SIGKILL'), seconds * 1_000).unref();
      await process.ended;
      clearTimeout(killing);
    }
    this.stop.abort();
  }

  /** A second deletion with less grace. */
  shorten: (seconds: number) => void = () => undefined;

  kill(signal: NodeJS.Signals): void {
    this.process?.signal(signal);
  }
}
