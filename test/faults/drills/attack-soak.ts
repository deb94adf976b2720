import type { Drill } from '../drill.ts';
import { settledMb } from '../heap.ts';
import { connectionAttacks, memoryAttacks, playedAttacks, questionAttacks } from './attacks.ts';
import { hostileMessages, transportGarbage } from './hostile.ts';
import { costlyModel, costlyRequests, forgedMarks } from './poison.ts';

/** Of resident memory, from the end of the first round to the end of the last. */
const mayGrow = 0.1;
export const usualMinutes = 30;

/** Every attack in its short form, in turn. Their times are judged by their own drills, on a quiet machine. */
const attacks: readonly Pick<Drill, 'name' | 'run'>[] = [
  { name: 'attacks-memory', run: (stage) => playedAttacks(stage, memoryAttacks) },
  { name: 'attacks-connections', run: (stage) => playedAttacks(stage, connectionAttacks) },
  { name: 'attacks-questions', run: (stage) => playedAttacks(stage, questionAttacks) },
  costlyRequests,
  forgedMarks,
  costlyModel,
  hostileMessages,
  transportGarbage,
];

export const attackSoak = (minutes: number = usualMinutes): Drill => ({
  name: 'attack-soak',
  title: `soak: ${minutes} minutes of all attacks in turn`,
  load: 'heavy',
  onlyAlone: true,
  // The first round makes what is kept on purpose; growth is judged from there.
  bounds: { callsPerSecond: 10, grownMb: 256 },
  async run(stage) {
    const startedMs = performance.now();
    const rounds: number[] = [];
    while (rounds.length < 2 || performance.now() - startedMs < minutes * 60_000) {
      for (const { name, run } of attacks) {
        if (stage.server.hasEnded()) return;
        console.log(`      ${((performance.now() - startedMs) / 60_000).toFixed(1)} min: ${name}`);
        await run(stage);
      }
      rounds.push(await settledMb(stage.server, stage.world.inspectorPort));
    }
    const [first = NaN] = rounds;
    const last = rounds.at(-1) ?? NaN;
    stage.remarks.push(
      `${rounds.length} rounds in ${((performance.now() - startedMs) / 60_000).toFixed(0)} min; resident after each: ${rounds.map((mb) => mb.toFixed(0)).join(', ')} MB`,
    );
    stage.mustBe(
      last <= first * (1 + mayGrow),
      `resident memory grew from ${first.toFixed(0)} to ${last.toFixed(0)} MB over the soak; ${mayGrow * 100} % are allowed`,
    );
  },
});
