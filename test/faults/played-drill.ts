import { setTimeout as sleep } from 'node:timers/promises';
import { usualBounds, type Drill, type DrillResult } from './drill.ts';
import { sentHostileMessages } from './hostile-messages.ts';
import { settledMb } from './heap.ts';
import type { ServerProcess } from './server-process.ts';
import { answersRestOn } from './signs.ts';
import { Stage } from './stage.ts';
import { startedTraffic } from './traffic.ts';
import type { FailedCall } from './traffic-messages.ts';
import { openedWorld } from './world.ts';

const deadlineMs = 5_000;
/** First answers compile the code that gives them. */
const warmUpMs = 4_000;
const warmUpMessages = 6_000;
/** What a call left behind is collected by then, or never. */
const restMs = 2_000;

/** Plays one drill from nothing to its figures; never throws. */
export async function playedDrill(drill: Drill, full: boolean): Promise<DrillResult> {
  const bounds = { ...usualBounds, ...drill.bounds };
  const result = {
    drill,
    faults: [],
    attacks: [],
    calls: 0,
    failed: 0,
    slowestMs: 0,
    rssBeforeMb: NaN,
    rssAfterMb: NaN,
    remarks: [],
  };
  let end = (): Promise<void> => Promise.resolve();
  try {
    const world = await openedWorld((await drill.shape?.(full)) ?? {});
    end = () => world.close();
    const server = await world.start();
    const traffic = startedTraffic({
      port: world.port,
      rootPem: world.root.cert,
      callsPerSecond: bounds.callsPerSecond,
      deadlineMs,
    });
    const stage = new Stage(world, server, traffic, full);
    end = async () => {
      stage.server.kill('SIGKILL');
      await stage.server.ended;
      await world.close();
    };
    await stage.seenAfter(() => undefined, [answersRestOn('model')], 40_000, 'the server had started');
    await sleep(warmUpMs);
    // What is kept on purpose (the last 500 decisions, compiled code) is there before memory is measured.
    if (drill.load === 'heavy')
      await sentHostileMessages(
        { port: world.port, rootPem: world.root.cert, count: warmUpMessages, seed: 7 },
        () => undefined,
      );
    const rssBeforeMb = await settledMb(stage.server, world.inspectorPort);
    const overBudgetBefore = await overBudget(stage.server);
    const probes = startedProbes(world.probePort);
    await drill.run(stage).catch((error: unknown) => {
      stage.problems.push(
        `the drill itself failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    });
    const report = await traffic.stop();
    stage.problems.push(...unexcused(probes.stop(), stage, 'a liveness probe failed'));
    await sleep(restMs);
    const isAlive = !stage.server.hasEnded();
    stage.mustBe(isAlive, `the server ended by itself: ${stage.server.stderr().slice(-2_000)}`);
    const rssAfterMb = isAlive ? await settledMb(stage.server, world.inspectorPort) : NaN;
    stage.problems.push(
      ...unexcused(report.failed, stage, 'a call failed'),
      ...report.illegal.slice(0, 5).map(({ what }) => `an illegal answer: ${what}`),
    );
    stage.mustBe(report.answered > 0, 'no call was answered');
    stage.mustBe(
      report.slowestMs <= bounds.slowestMs,
      `the slowest answer took ${Math.round(report.slowestMs)} ms; ${bounds.slowestMs} are allowed`,
    );
    stage.mustBe(
      !isAlive || (await overBudget(stage.server)) <= overBudgetBefore,
      'the server counted answers over its budget (spot_answers_over_budget_total)',
    );
    stage.mustBe(
      !(rssAfterMb - rssBeforeMb > bounds.grownMb),
      `resident memory grew from ${rssBeforeMb.toFixed(0)} to ${rssAfterMb.toFixed(0)} MB; ${bounds.grownMb} MB are allowed`,
    );
    const stderr = stage.server
      .stderr()
      .split('\n')
      .filter((line) => line !== '' && !isOfTheInspector(line))
      .join('\n');
    stage.mustBe(stderr === '', `the server wrote to standard error: ${stderr.slice(0, 1_000)}`);
    return {
      drill,
      faults: stage.faults,
      attacks: stage.attacks,
      calls: report.answered + report.failed.length,
      failed: report.failed.length,
      slowestMs: report.slowestMs,
      rssBeforeMb,
      rssAfterMb,
      remarks: stage.remarks,
      problems: stage.problems,
    };
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ...result, problems: [`the drill could not be played: ${why}`] };
  } finally {
    await end().catch((error: unknown) =>
      console.error(`${drill.name}: not all was cleaned up: ${String(error)}`),
    );
  }
}

/** Which is ours, not the server's. */
function isOfTheInspector(line: string): boolean {
  return /^(Debugger |For help, see: https:\/\/nodejs)/.test(line);
}

async function overBudget(server: ServerProcess): Promise<number> {
  return (await server.metrics()).sum('spot_answers_over_budget_total');
}

/** Failures that no absence of the server explains, the first few in words. */
function unexcused(failed: readonly FailedCall[], { absences }: Stage, what: string): readonly string[] {
  const wrong = failed.filter(
    ({ startedMs, endedMs }) => !absences.some(({ fromMs, toMs }) => endedMs >= fromMs && startedMs <= toMs),
  );
  if (wrong.length === 0) return [];
  const kinds = [...Map.groupBy(wrong, (one) => one.what)].map(([text, list]) => `${list.length} × ${text}`);
  return [`${what}, ${wrong.length} times: ${kinds.slice(0, 3).join('; ')}`];
}

/** The kubelet's question, once a second. */
function startedProbes(probePort: number): { readonly stop: () => readonly FailedCall[] } {
  const failed: FailedCall[] = [];
  const timer = setInterval(() => {
    const startedMs = Date.now();
    fetch(`http://127.0.0.1:${probePort}/healthz`, { signal: AbortSignal.timeout(deadlineMs) })
      .then(async (response) => {
        await response.body?.cancel();
        if (!response.ok) throw new Error(`status ${response.status}`);
      })
      .catch((error: unknown) => {
        failed.push({ startedMs, endedMs: Date.now(), what: String(error) });
      });
  }, 1_000);
  return {
    stop: () => {
      clearInterval(timer);
      return failed;
    },
  };
}
