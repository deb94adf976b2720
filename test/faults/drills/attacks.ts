import { setTimeout as sleep } from 'node:timers/promises';
import type { AttackName, AttackOrder } from '../attack-messages.ts';
import type { Drill } from '../drill.ts';
import { memoryLimit, type MemoryLimit } from '../memory-limit.ts';
import { startedAttack, type RunningAttack } from '../running-attack.ts';
import { residentMb } from '../server-process.ts';
import { answersRestOn } from '../signs.ts';
import type { Stage } from '../stage.ts';

const messageBound = 512 * 1024 * 1024;
/** What the chart gives the container: 2.3 × the message bound + 150 MB. */
const limitBytes = Math.round(2.3 * messageBound + 150e6);
/** Settling: calls of the warm-up have ended by then, one way or another. */
const judgedTimes = { settlingMs: 6_000, quietMs: 12_000, heldMs: 10_000 };
const unjudgedTimes = { settlingMs: 1_000, quietMs: 3_000, heldMs: 5_000 };
/** An attack that does not come to stand by then is held as it is. */
const standsWithinMs = 60_000;
/** What timers and the machine's other work add to a slow answer, beside twice the quiet time. */
const noiseMs = 10;

interface Attack {
  readonly name: AttackName;
  readonly what: (full: boolean) => string;
}

interface Judging {
  readonly limit: MemoryLimit | undefined;
  /** Whether p99 during the attack must be about what it was before: a quiet machine tells. */
  readonly judgesTimes: boolean;
}

/** One attack, begun in a process of its own and held; then the server rests. */
async function attacked(stage: Stage, attack: Attack, { limit, judgesTimes }: Judging): Promise<void> {
  const { port, httpPort, root } = stage.world;
  const order: AttackOrder = { attack: attack.name, port, httpPort, rootPem: root.cert, full: stage.full };
  const { settlingMs, quietMs, heldMs } = judgesTimes ? judgedTimes : unjudgedTimes;
  await sleep(settlingMs);
  await stage.traffic.mark();
  await sleep(quietMs);
  const quiet = (await stage.traffic.report()).sinceMark;
  let running: RunningAttack | undefined;
  let during = quiet;
  let remark = '';
  await stage.play({
    what: attack.what(stage.full),
    step: 'model',
    isUnfelt: true,
    begin: async () => {
      running = startedAttack(order);
      await running.stands(standsWithinMs);
      await sleep(heldMs);
      during = (await stage.traffic.report()).sinceMark;
    },
    signs: [answersRestOn('model')],
    noticedWithinMs: 30_000,
    end: async () => {
      remark = (await running?.end()) ?? '';
    },
    recovery: [answersRestOn('model')],
    recoveredWithinMs: 30_000,
  });
  await stage.traffic.mark();
  await sleep(quietMs);
  const after = (await stage.traffic.report()).sinceMark;
  const { peak } = residentMb(stage.server.pid);
  const charged = limit?.charged();
  stage.attacks.push({
    what: attack.what(stage.full),
    p99Ms: { before: quiet.p99Ms, during: during.p99Ms, after: after.p99Ms },
    calls: during.calls,
    failed: during.failed,
    mostResidentMb: peak,
    mostChargedMb: charged?.peakMb,
    seen: remark,
  });
  stage.mustBe(
    !judgesTimes || during.p99Ms <= 2 * quiet.p99Ms + noiseMs,
    `p99 of BestOptions rose from ${quiet.p99Ms.toFixed(0)} to ${during.p99Ms.toFixed(0)} ms during: ${attack.what(stage.full)}`,
  );
  stage.mustBe(charged === undefined || charged.killed === 0, 'the kernel killed for want of memory');
  stage.mustBe(
    peak <= limitBytes / 1e6,
    `resident memory reached ${peak.toFixed(0)} MB; the chart allows ${(limitBytes / 1e6).toFixed(0)} MB`,
  );
}

export function attackDrill(name: string, title: string, attacks: readonly Attack[]): Drill {
  let limit: MemoryLimit | undefined;
  return {
    name,
    title,
    load: 'heavy',
    // They compare times, which only a quiet machine can tell.
    onlyFull: true,
    // Thousands of connections leave holes in the native heap: 134 MB after those that do not read.
    bounds: { callsPerSecond: 25, grownMb: 192 },
    shape: () => ({
      settings: { 'max-message-size': '512Mi' },
      prepare: () => {
        limit = memoryLimit(limitBytes);
      },
      through: () => limit?.through ?? [],
      cleanUp: () => limit?.close(),
    }),
    async run(stage) {
      await playedAttacks(stage, attacks, { limit, judgesTimes: true });
    },
  };
}

/** One attack after the other. */
export async function playedAttacks(
  stage: Stage,
  attacks: readonly Attack[],
  judging: Judging = { limit: undefined, judgesTimes: false },
): Promise<void> {
  for (const attack of attacks) {
    if (stage.server.hasEnded()) return;
    await attacked(stage, attack, judging);
  }
}

export const memoryAttacks: readonly Attack[] = [
  { name: 'unfinished', what: () => '8 connections with 250 messages each of 1 MiB that lack a byte' },
  { name: 'bodies', what: () => '5 bodies of 400 MB to health, reflection, Explain and Rank' },
  { name: 'bombs', what: () => '16 gzip messages of 0.5 MB that become 512 MB' },
  { name: 'ids', what: (full) => `${full ? 120 : 60} requests with a group id of 8 MB` },
];

export const connectionAttacks: readonly Attack[] = [
  { name: 'handshakes', what: () => '8,000 half-open handshakes' },
  { name: 'idle', what: (full) => `${full ? '3,000' : '750'} idle connections` },
  {
    name: 'readers',
    what: (full) => `${full ? '1,100' : '300'} readers that do not read their four answers`,
  },
];

export const questionAttacks: readonly Attack[] = [
  { name: 'keep-alive', what: () => '1,000 keep-alive connections on the API’s port' },
  { name: 'rank', what: () => '150 clients that rank the region without end' },
];

export const attacksOnMemory = attackDrill('attacks-memory', 'attacks on memory', memoryAttacks);
export const attacksOnConnections = attackDrill(
  'attacks-connections',
  'attacks with connections',
  connectionAttacks,
);
export const attacksOnQuestions = attackDrill('attacks-questions', 'attacks with questions', questionAttacks);
