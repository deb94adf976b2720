import type { InstanceAddress } from '../drain/instance-address.ts';
import { MetadataUnavailable } from '../errors/metadata-unavailable.ts';
import { pause } from '../patience/pace.ts';
import type { InstanceIdentity } from '../ports/instance-metadata.ts';
import type { AgentOptions, AgentPorts } from './agent-ports.ts';
import type { DrainState } from './agent-metrics.ts';
import { DrainLoop } from './drain-loop.ts';
import { metadataWatch, pollPauseMs, type MetadataWatch } from './metadata-watch.ts';
import { NoticeBoard } from './notice-board.ts';

/** So many polls without an end of one mean that the watch stands still; the longest pause after failures is well within. */
const stillPolls = 15;
const shortestStillMs = 40_000;

const ipv6Attempts = 3;

/** The agent of one node: created with what it lives on, started once, stopped once. */
export class NodeAgent {
  private readonly ports: AgentPorts;
  private readonly options: AgentOptions;
  private readonly board = new NoticeBoard();
  private readonly watch: MetadataWatch;
  private readonly stopping = new AbortController();
  private drains: DrainLoop | undefined;
  private running: Promise<void> | undefined;
  private hasEnded = false;
  private turnMs: number;

  constructor(ports: AgentPorts, options: AgentOptions) {
    this.ports = ports;
    this.options = options;
    this.watch = metadataWatch(ports, options, this.board);
    this.turnMs = ports.clock.monotonicMs();
  }

  start(): void {
    this.running ??= this.run().finally(() => (this.hasEnded = true));
    // Whoever waits for the end is told of a failure.
    this.running.catch(() => undefined);
  }

  /** Resolves once it has stopped; rejects when it ended of itself, which it never should. */
  get ended(): Promise<void> {
    return this.running ?? Promise.resolve();
  }

  /** A running evacuation is carried to its end, for as long as the shutdown grace lasts. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('the agent was told to stop'));
    await this.running;
  }

  /** Undefined before the first good poll. */
  get pollAgeMs(): number | undefined {
    const atMs = this.watch.lastGoodMs();
    return atMs === undefined ? undefined : this.ports.clock.monotonicMs() - atMs;
  }

  /**
   * Why it should be started anew; undefined: it watches. A metadata service that is away is none: reads that fail come to
   * an end too.
   */
  get stoodStill(): string | undefined {
    if (this.hasEnded && !this.stopping.signal.aborted) return 'the watch has ended';
    const ageMs = this.ports.clock.monotonicMs() - Math.max(this.turnMs, this.watch.lastTurnMs());
    const stillMs = Math.max(shortestStillMs, stillPolls * this.options.pollMs);
    return ageMs <= stillMs || this.stopping.signal.aborted
      ? undefined
      : `no read of the metadata service has come to an end for ${Math.round(ageMs / 1_000)} s`;
  }

  get isRefusing(): boolean {
    return this.drains?.isRefusing ?? false;
  }

  get drainState(): DrainState {
    return this.drains?.state ?? { decision: 'NONE', isWaiting: false };
  }

  private async run(): Promise<void> {
    const stopping = this.stopping.signal;
    const { ports, options } = this;
    const identity = await this.patiently((signal) => ports.metadata.identity(signal));
    if (identity === undefined) return;
    const address = await this.address(identity);
    ports.telemetry.watching(identity, options.nodeName, options.dryRun);
    const drains = new DrainLoop(ports, options, { ...identity, address }, this.board, this.watch.firstRound);
    this.drains = drains;
    const ended = new AbortController();
    const patience = () =>
      void setTimeout(
        () => ended.abort(new Error('the shutdown grace is over')),
        options.shutdownGraceMs,
      ).unref();
    stopping.addEventListener('abort', patience, { once: true });
    if (stopping.aborted) patience();
    const watching = this.watch.run(ended.signal);
    // Neither loop ends of itself; when one does, the other must not go on alone.
    await Promise.race([drains.run(stopping, ended.signal), watching]);
    ended.abort(new Error('the agent stops'));
    await watching;
    if (!stopping.aborted) throw new Error('the agent ended without having been told to');
  }

  private async address(identity: InstanceIdentity): Promise<InstanceAddress | undefined> {
    if (this.options.identifyBy !== 'address') return undefined;
    const { metadata } = this.ports;
    const { privateIp = '' } = identity;
    const hostname = await this.patiently(async (signal) => (await metadata.hostname?.(signal)) ?? '');
    // Whoever has an IPv4 address may be known by it, should this one path never answer.
    const attempts = privateIp === '' ? Infinity : ipv6Attempts;
    const ipv6 = await this.patiently(async (signal) => (await metadata.ipv6?.(signal)) ?? '', attempts);
    return { privateIp, ipv6: ipv6 ?? '', hostname: hostname ?? '' };
  }

  /** Tries until it has what it asks for; undefined when told to stop, or after so many attempts. */
  private async patiently<T>(
    ask: (signal: AbortSignal) => Promise<T>,
    attempts = Infinity,
  ): Promise<T | undefined> {
    const signal = this.stopping.signal;
    const isStopping = () => signal.aborted;
    for (let failures = 0; failures < attempts && !isStopping();) {
      try {
        return await ask(signal);
      } catch (error) {
        if (isStopping()) return undefined;
        failures += 1;
        this.turnMs = this.ports.clock.monotonicMs();
        if (error instanceof MetadataUnavailable)
          this.ports.telemetry.identityUnknown(error.kind, error.message);
        else this.ports.telemetry.ownFault('reading who this instance is', error);
        const pauseMs = pollPauseMs(this.options.pollMs, failures, this.ports.chance());
        await pause(pauseMs, signal);
      }
    }
    return undefined;
  }
}
