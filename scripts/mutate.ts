/**
 * Changes the pure rooms, one small thing at a time, and looks whether a unit test fails: what may be changed without one
 * failing is a fact that is written nowhere, or code that does nothing. Stryker makes the changes.
 *
 *   npm run mutate                                  all of src/decision: the better part of an hour of processor time
 *   npm run mutate -- src/drain src/wire/bytes.ts   other pure rooms, or files of them
 *   npm run mutate -- --again                       keeps what the last run saw; for changes in tests and in the files named
 *   npm run mutate -- --quick                       without the specs that take seconds: the least that tests see, in minutes
 *   npm run mutate -- --no-static                   without what runs as a file is loaded: a process each, most of the time
 *   npm run mutate -- --concurrency 2               processes side by side; 1 by default
 *
 * Prints every change that survived and the score of every file; reports/mutation/ROOM.html shows them in their code.
 * Exit code 0: tests see at least 92 % of the changes in each room, 1: fewer, 2: used wrongly.
 */
import { parseArgs } from 'node:util';
import { withoutTimeOuts } from './mutate/last-run.ts';
import { isUnseen, scoreTable, survivorText, type MutantResult } from './mutate/mutant-texts.ts';
import { mutatedRooms, type MutatedRoom } from './mutate/mutated-rooms.ts';

const leastSeen = 0.92;
const mochaTwelve = new URL('./mutate/mocha-twelve.ts', import.meta.url).href;
const sameChances = new URL('./mutate/same-chances.ts', import.meta.url).href;

interface Options {
  readonly again: boolean;
  readonly quick: boolean;
  readonly noStatic: boolean;
  readonly concurrency: number;
}

/** One run over a room with some of its specs; what it finds is added to what the room's report holds. */
async function mutants(
  { room, files }: MutatedRoom,
  specs: readonly string[],
  options: Pick<Options, 'concurrency' | 'noStatic'> & { readonly force: boolean },
): Promise<readonly MutantResult[]> {
  const report = `reports/mutation/${room}`;
  const { Stryker } = await import('@stryker-mutator/core');
  return new Stryker({
    mutate: [...files],
    testRunner: 'mocha',
    // The repository's own hooks and time limits are for whole runs: a mutant's run is a part of one, and has its own limit.
    mochaOptions: { spec: [...specs], 'no-config': true, extension: ['ts'] },
    coverageAnalysis: 'perTest',
    testRunnerNodeArgs: ['--import', sameChances],
    incremental: true,
    incrementalFile: `${report}.json`,
    force: options.force,
    ignoreStatic: options.noStatic,
    concurrency: options.concurrency,
    // A loop without an end is found by how often a change is run; this is for what waits, and machines are busy.
    timeoutMS: 60_000,
    tempDirName: `reports/mutation/changed-${room}`,
    cleanTempDir: 'always',
    ignorePatterns: ['.cache', 'dist', 'bench', 'charts', 'reports', 'coverage'],
    // Types are stripped, not checked.
    disableTypeChecks: false,
    reporters: ['html', 'progress-append-only'],
    htmlReporter: { fileName: `${report}.html` },
    allowConsoleColors: false,
    warnings: false,
  }).runMutationTest();
}

/** Cheap facts first: only what they do not see is shown to the specs that take seconds. */
async function roomResults(
  room: MutatedRoom,
  { again, quick, ...how }: Options,
): Promise<readonly MutantResult[]> {
  if (again) withoutTimeOuts(`reports/mutation/${room.room}.json`);
  const first = await mutants(room, room.quickSpecs, { ...how, force: !again });
  if (quick || room.slowSpecs.length === 0) return first;
  return mutants(room, [...room.quickSpecs, ...room.slowSpecs], { ...how, force: false });
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      again: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      'no-static': { type: 'boolean', default: false },
      concurrency: { type: 'string', default: '1' },
    },
  });
  const concurrency = Number(values.concurrency);
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new TypeError(`--concurrency takes a whole number from 1, not ${values.concurrency}`);
  const rooms = mutatedRooms(positionals.length === 0 ? ['src/decision'] : positionals);
  // Every process of Stryker's reads its plugins.
  process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --import ${mochaTwelve}`;
  let code = 0;
  for (const room of rooms) {
    const named = new Set(room.files);
    const results = (
      await roomResults(room, {
        again: values.again,
        quick: values.quick,
        noStatic: values['no-static'],
        concurrency,
      })
    ).filter(({ fileName }) => named.has(fileName.slice(process.cwd().length + 1)));
    for (const result of results) if (isUnseen(result)) console.log(survivorText(result));
    const { text, seen } = scoreTable(results);
    console.log(text);
    if (seen < leastSeen) code = 1;
  }
  return code;
}

await import(mochaTwelve);
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
