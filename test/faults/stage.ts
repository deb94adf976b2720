import { setTimeout as sleep } from 'node:timers/promises';
import type { AttackFigures, FaultFigures } from './drill.ts';
import type { MetricsPage } from './metrics-page.ts';
import type { LogLine, ServerProcess } from './server-process.ts';
import type { Sign, View } from './signs.ts';
import type { Traffic } from './traffic.ts';
import type { World } from './world.ts';

/** A fault from its beginning to the recovery from it. */
export interface Fault {
  readonly what: string;
  /** What the answers rest on meanwhile, for the table. */
  readonly step: string;
  readonly begin: () => void | Promise<void>;
  readonly signs: readonly Sign[];
  readonly noticedWithinMs: number;
  /** How long it goes on after it was noticed. */
  readonly holdMs?: number;
  readonly end: () => void | Promise<void>;
  readonly recovery: readonly Sign[];
  readonly recoveredWithinMs: number;
  /** Nothing is to be felt of it: there are no times to tell. */
  readonly isUnfelt?: boolean;
}

/** A time in which calls may fail, because the server itself is away. */
interface Absence {
  readonly fromMs: number;
  toMs: number;
}

/** A gRPC client waits longer after each connection that was refused, up to two minutes; after a short absence a few seconds. */
const clientBackOffMs = 20_000;

const lookMs = 200;
const justNowMs = 1_200;
const mostBetweenReadsMs = 60_000;

/** Where a drill is played: a world, a server in it, and traffic. */
export class Stage {
  readonly world: World;
  readonly full: boolean;
  readonly traffic: Traffic;
  readonly faults: FaultFigures[] = [];
  readonly attacks: AttackFigures[] = [];
  readonly remarks: string[] = [];
  readonly problems: string[] = [];
  readonly absences: Absence[] = [];
  server: ServerProcess;

  constructor(world: World, server: ServerProcess, traffic: Traffic, full: boolean) {
    this.world = world;
    this.server = server;
    this.traffic = traffic;
    this.full = full;
  }

  /** Plays one fault; what was waited for in vain becomes a problem of the drill, which then goes on. */
  async play(fault: Fault): Promise<void> {
    await this.traffic.mark();
    const noticedMs = await this.seenAfter(
      fault.begin,
      fault.signs,
      fault.noticedWithinMs,
      `"${fault.what}" began`,
    );
    if (fault.holdMs !== undefined) await sleep(fault.holdMs);
    const recoveredMs = await this.seenAfter(
      fault.end,
      fault.recovery,
      fault.recoveredWithinMs,
      `"${fault.what}" ended`,
    );
    const { sinceMark } = await this.traffic.report();
    const times = fault.isUnfelt === true ? [undefined, undefined] : [noticedMs, recoveredMs];
    this.faults.push({
      what: fault.what,
      step: fault.step,
      ...sinceMark,
      noticedMs: times[0],
      recoveredMs: times[1],
    });
  }

  /** Waits until every sign was seen at least once after `cause`; the time to the last one. */
  async seenAfter(
    cause: () => void | Promise<void>,
    signs: readonly Sign[],
    withinMs: number,
    when: string,
  ): Promise<number | undefined> {
    const server = this.server;
    const before = await server.metrics();
    const from = server.lines.at(-1);
    await cause();
    const startedMs = performance.now();
    const pages: { readonly atMs: number; readonly page: MetricsPage }[] = [];
    const waitedFor = new Set(signs);
    while (waitedFor.size > 0) {
      const now = await this.server.metrics().catch(() => undefined);
      const atMs = performance.now();
      if (now !== undefined) {
        pages.push({ atMs, page: now });
        const justNow = pages.findLast((one) => atMs - one.atMs >= justNowMs)?.page;
        // Until a second has passed there is no second to judge.
        const view: View = {
          now,
          before,
          justNow: justNow ?? now,
          lines: linesAfter(this.server.lines, from),
        };
        for (const sign of waitedFor) if (sign.isSeen(view)) waitedFor.delete(sign);
      }
      if (waitedFor.size === 0) break;
      if (performance.now() - startedMs > withinMs) {
        for (const { what } of waitedFor)
          this.problems.push(`${when}: waited ${withinMs} ms in vain for ${what}`);
        return undefined;
      }
      await sleep(lookMs);
    }
    return performance.now() - startedMs;
  }

  /**
   * Kills the server with -9, does `meanwhile`, starts it again with the same settings and waits for the first answer.
   * Calls that fail from the kill until that answer are the absence's.
   * @returns from the new server's first line that it listens to the first answer: what the client's back-off adds.
   */
  async restart(meanwhile: () => void | Promise<void>): Promise<number> {
    const absence = { fromMs: Date.now(), toMs: Infinity };
    this.absences.push(absence);
    this.server.kill('SIGKILL');
    await this.server.ended;
    await meanwhile();
    this.server = await this.world.start();
    const listeningMs = Date.now();
    for (let last = 0; last < listeningMs;) {
      if (Date.now() - listeningMs > clientBackOffMs) {
        this.problems.push(`no call was answered within ${clientBackOffMs} ms after the restart`);
        break;
      }
      await sleep(50);
      last = (await this.traffic.report()).lastAnswerMs;
    }
    absence.toMs = Date.now();
    return absence.toMs - listeningMs;
  }

  /** Resolves when the server has just read Spot prices: the longest time until it does so again. */
  async pricesRead(): Promise<void> {
    const reads = async (): Promise<number> =>
      (await this.server.metrics()).sum('spot_refreshes_total', { source: 'spot_prices', result: 'changed' });
    const before = await reads();
    for (let waitedMs = 0; (await reads()) === before && waitedMs < mostBetweenReadsMs; waitedMs += lookMs)
      await sleep(lookMs);
  }

  /** A fact that must hold now. */
  mustBe(isSo: boolean, otherwise: string): void {
    if (!isSo) this.problems.push(otherwise);
  }
}

function linesAfter(lines: readonly LogLine[], from: LogLine | undefined): readonly LogLine[] {
  // Old lines are dropped now and then: what is no longer there was before.
  return from === undefined ? lines : lines.slice(lines.lastIndexOf(from) + 1);
}
