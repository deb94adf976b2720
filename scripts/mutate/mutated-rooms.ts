import { existsSync, globSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { rooms } from '../../walls.js';

/** What is mutated of one pure room, with the specs that are asked. Paths begin at the repository. */
export interface MutatedRoom {
  /** `decision`. */
  readonly room: string;
  readonly files: readonly string[];
  readonly quickSpecs: readonly string[];
  readonly slowSpecs: readonly string[];
}

/** They take seconds, in thousands of drawn requests and histories. */
const slow = new Set([
  'answer-properties',
  'irrelevant-options',
  'operators-cases',
  'score-attacks',
  'drain-properties',
  'hostile',
]);
/** They count the blocks of code that are run: every mutant adds some. */
const counting = new Set(['costly-requests']);

/** @throws TypeError, in a sentence, for what is not a pure room of src/ or a file of one. */
export function mutatedRooms(places: readonly string[]): readonly MutatedRoom[] {
  const files = new Map<string, Set<string>>();
  for (const place of places.map((each) => posix.normalize(each).replace(/\/$/, ''))) {
    const room = pureRoomOf(place);
    const known = files.get(room) ?? new Set();
    for (const file of statSync(place).isDirectory() ? globSync(`${place}/**/*.ts`) : [place])
      known.add(file);
    files.set(room, known);
  }
  return [...files].map(([room, each]) => {
    const specs = globSync(`test/unit/${room}/**/*.spec.ts`)
      .sort()
      .map((file) => ({ file, name: posix.basename(file, '.spec.ts') }))
      .filter(({ name }) => !counting.has(name));
    return {
      room,
      files: [...each].sort(),
      quickSpecs: specs.filter(({ name }) => !slow.has(name)).map(({ file }) => file),
      slowSpecs: specs.filter(({ name }) => slow.has(name)).map(({ file }) => file),
    };
  });
}

function pureRoomOf(place: string): string {
  const pure = rooms.filter((each) => each.pure === true).map(({ room }) => room);
  const room = pure.find((each) => place === `src/${each}` || place.startsWith(`src/${each}/`));
  if (room === undefined || !existsSync(place))
    throw new TypeError(
      `${place} is ${existsSync(place) ? 'not in a pure room' : 'not there'}; pure rooms are ${pure.map((each) => `src/${each}`).join(', ')}`,
    );
  return room;
}
