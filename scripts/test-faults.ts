/**
 * Breaks what the built server stands on while scale-ups are asked for all the time, and looks at what it does.
 *
 *   npm run test:faults                     every drill, in a form of a few minutes
 *   npm run test:faults -- --full           full sizes: 10 minutes of soak, 10^6 hostile messages, a minute without API server
 *   npm run test:faults -- --soak           half an hour of all attacks in turn; --minutes N: as long as that
 *   npm run test:faults -- --drill NAME     one drill, or several: --drill NAME --drill NAME
 *   npm run test:faults -- --write          also writes the rows of bench/drills.md of what was played
 *   npm run test:faults -- --list           the drills' names
 *
 * Ends with `N passed, N failed, N skipped`; exit code 0: none failed, 1: some did, 2: used wrongly.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { entry } from '../test/e2e/served.ts';
import type { Drill, DrillResult } from '../test/faults/drill.ts';
import { attackSoak, usualMinutes } from '../test/faults/drills/attack-soak.ts';
import { allDrills } from '../test/faults/drills/all.ts';
import { playedDrill } from '../test/faults/played-drill.ts';
import { writeTable } from '../test/faults/table.ts';

const page = fileURLToPath(new URL('../bench/drills.md', import.meta.url));

const usage = `npm run test:faults [-- OPTIONS]
  --full         full sizes (10 minutes of soak, 10^6 hostile messages, a minute without API server)
  --soak         half an hour of all attacks in turn, and nothing else
  --minutes N    how long the soak lasts instead
  --drill NAME   only this drill; may be given several times
  --write        write the rows of bench/drills.md of what was played
  --list         name the drills
  --help         this text
Exit codes: 0 none failed, 1 some failed, 2 used wrongly.`;

interface Options {
  readonly full: boolean;
  readonly write: boolean;
  readonly drills: readonly Drill[];
}

function optionsIn(args: readonly string[]): Options | 'done' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      soak: { type: 'boolean', default: false },
      minutes: { type: 'string', default: String(usualMinutes) },
      drill: { type: 'string', multiple: true, default: [] },
    },
  });
  if (values.help) {
    console.log(usage);
    return 'done';
  }
  if (values.list) {
    for (const { name, title, onlyFull, onlyAlone } of allDrills)
      console.log(
        `${name.padEnd(22)} ${title}${onlyAlone === true ? ' (only with --soak)' : onlyFull === true ? ' (only with --full)' : ''}`,
      );
    return 'done';
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: a number of minutes is wanted`);
  const soak = attackSoak(minutes);
  const unknown = values.drill.filter((name) => !allDrills.some((drill) => drill.name === name));
  if (unknown.length > 0) throw new Error(`no drill is called ${unknown.join(', ')}; --list names them`);
  const named = [...values.drill, ...(values.soak ? [soak.name] : [])];
  const known = allDrills.map((drill) => (drill.name === soak.name ? soak : drill));
  const drills = known.filter(({ name, onlyFull, onlyAlone }) =>
    named.length > 0 ? named.includes(name) : onlyAlone !== true && (values.full || onlyFull !== true),
  );
  return { full: values.full, write: values.write, drills };
}

type Outcome =
  | { readonly kind: 'played'; readonly result: DrillResult }
  | { readonly kind: 'skipped'; readonly drill: Drill; readonly why: string };

async function outcomeOf(drill: Drill, full: boolean): Promise<Outcome> {
  const why = await drill.missing?.();
  if (why !== undefined) {
    console.log(`  - ${drill.name}: skipped: ${why}`);
    return { kind: 'skipped', drill, why };
  }
  const startedMs = performance.now();
  console.log(`  … ${drill.name}: ${drill.title}`);
  const result = await playedDrill(drill, full);
  const mark = result.problems.length === 0 ? '✔' : '✘';
  const memory = `${result.rssBeforeMb.toFixed(0)} → ${result.rssAfterMb.toFixed(0)} MB`;
  console.log(
    `  ${mark} ${drill.name}: ${result.calls} calls, ${result.failed} failed, slowest ${result.slowestMs.toFixed(0)} ms, ${memory}, ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`,
  );
  for (const fault of result.faults)
    console.log(
      `      ${fault.what}: ${fault.step}; noticed after ${inSeconds(fault.noticedMs)}, recovered after ${inSeconds(fault.recoveredMs)}; slowest ${fault.slowestMs.toFixed(0)} ms`,
    );
  for (const { what, p99Ms, calls, failed, mostResidentMb, seen } of result.attacks)
    console.log(
      `      ${what}: p99 ${p99Ms.before.toFixed(0)} ms before, ${p99Ms.during.toFixed(0)} during (${failed} of ${calls} failed), ${p99Ms.after.toFixed(0)} after; at most ${mostResidentMb.toFixed(0)} MB resident; the attackers saw ${seen}`,
    );
  for (const remark of result.remarks) console.log(`      ${remark}`);
  for (const problem of result.problems) console.log(`      ✘ ${problem}`);
  return { kind: 'played', result };
}

/** Light drills wait most of their time: two of them run beside one heavy one. */
async function outcomes({ drills, full }: Options): Promise<readonly Outcome[]> {
  const found = new Map<Drill, Outcome>();
  const lane = async (queue: Drill[]): Promise<void> => {
    for (let drill = queue.shift(); drill !== undefined; drill = queue.shift())
      found.set(drill, await outcomeOf(drill, full));
  };
  const heavy = drills.filter(({ load }) => load === 'heavy');
  const light = drills.filter(({ load }) => load === 'light');
  await Promise.all([lane(heavy), lane(light), lane(light)]);
  return drills.flatMap((drill) => found.get(drill) ?? []);
}

function inSeconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${(ms / 1_000).toFixed(1)} s`;
}

async function main(args: readonly string[]): Promise<void> {
  let options: Options | 'done';
  try {
    options = optionsIn(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
    return;
  }
  if (options === 'done') return;
  if (!existsSync(entry)) {
    console.log('dist/ is not built: npm run build');
    console.log('0 passed, 1 failed, 0 skipped');
    process.exitCode = 1;
    return;
  }
  const all = await outcomes(options);
  const played = all.flatMap((one) => (one.kind === 'played' ? [one.result] : []));
  const failed = played.filter(({ problems }) => problems.length > 0).length;
  if (options.write) {
    const command = `npm run test:faults --${options.full ? ' --full' : ''} --write`;
    writeTable(page, played, command);
    console.log('bench/drills.md is written');
  }
  console.log(`${played.length - failed} passed, ${failed} failed, ${all.length - played.length} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main(process.argv.slice(2));
