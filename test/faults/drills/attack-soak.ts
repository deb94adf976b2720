import type { Drill } from '../drill.ts';
import { settledMb } from '../heap.ts';
import { attacksOnConnections, attacksOnMemory, attacksOnQuestions } from './attacks.ts';
import { hostileMessages, transportGarbage } from './hostile.ts';
import { costlyModel, costlyRequests, forgedMarks } from './poison.ts';

const lastsMs = 30 * 60_000;
/** Of resident memory, from the end of the first round to the end of the last. */
const mayGrow = 0.1;

/** Every attack in its short form, in turn. */
const attacks: readonly Drill[] = [
  attacksOnMemory,
  attacksOnConnections,
  attacksOnQuestions,

  costlyRequests,
  forgedMarks,
  costlyModel,
  hostileMessages,
  transportGarbage,
];

export const attackSoak: Drill = {
  name: 'attack-soak',
  title: 'soak: half an hour of all attacks in turn',
  load: 'heavy',
  onlyAlone: true,
  // The first round makes what is kept on purpose; growth is judged from there.
  bounds: { callsPerSecond: 10, grownMb: 256 },
  async run(stage) {
    const startedMs = performance.now();
    const rounds: number[] = [];
    while (rounds.length < 2 || performance.now() - startedMs < lastsMs) {
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
};
