/**
 * Runs suites and ends with one line: `N passed, N failed, N skipped`. `npm test` runs those that need nothing but npm and change
 * nothing on the machine; `npm run test:real` those on real components. Suites may be named: `npm test -- unit e2e`.
 * A suite is a command whose output ends in a closing line of that form.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { sumOf, type Tally } from './conformance/tally.ts';
import { repository } from './go-tools.ts';
import { mochaSuite } from './mocha-suite.ts';

interface Suite {
  readonly name: string;
  readonly run: () => Promise<Tally>;
}

/** A script of ours; what it says is held until it ends, for it may run beside another. */
function script(name: string, file: string, ...args: readonly string[]): Suite {
  return {
    name,
    run: () =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [join('scripts', file), ...args], {
          cwd: repository,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let held = '';
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (chunk: Buffer) => (held += chunk.toString('utf8')));
        child.on('error', reject);
        child.on('close', (code) => {
          console.log(`\n-- ${name} --\n${held}`);
          resolve(closingTally(held, code ?? 1));
        });
      }),
  };
}

function closingTally(output: string, code: number): Tally {
  const closing = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(output);
  if (closing === null) return { passed: 0, failed: 1, skipped: 0 };
  const failed = Number(closing[2]);
  return {
    passed: Number(closing[1]),
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: Number(closing[3] ?? 0),
  };
}

function stories(name: string, ...files: readonly string[]): Suite {
  return { name, run: () => mochaSuite(files, { title: name }) };
}

/** Stages come one after another, the lanes of a stage run side by side, the suites of a lane in order. */
type Stage = readonly (readonly Suite[])[];

const agentStories = 'test/e2e/agent-*.spec.ts';

const plain: readonly Stage[] = [
  [
    [
      script('house', 'test-house.ts'),
      stories('unit', 'test/unit/**/*.spec.ts'),
      stories('contract', 'test/contract/**/*.spec.ts'),
      script('chart', 'test-chart.ts'),
    ],
    // The agent's stories mostly wait for its polls: they cost the other lanes little.
    [stories('e2e-agent', agentStories)],
    [stories('e2e', 'test/e2e/**/*.spec.ts', '--ignore', agentStories)],
  ],
];

/** Drills measure how long answers take: nothing runs beside them. */
const real: readonly Stage[] = [
  [
    [script('cluster', 'test-cluster.ts')],
    [
      script('alerts', 'test-alerts.ts'),
      script('conformance', 'test-conformance.ts'),
      script('oracle', 'test-oracle.ts'),
      script('image', 'test-image.ts'),
    ],
  ],
  [[script('faults', 'test-faults.ts')]],
];

const args = process.argv.slice(2);
const isReal = args.includes('--real');
if (args.includes('--install')) process.env['SPOT_TEST_INSTALL'] = '1';
const wanted = args.filter((arg) => !['--real', '--install'].includes(arg));
const stages = isReal ? real : plain;
const names = stages.flat(2).map(({ name }) => name);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  const others = (isReal ? plain : real).flat(2).filter(({ name }) => unknown.includes(name));
  console.error(
    others.length > 0
      ? `${others.map(({ name }) => name).join(', ')}: ${isReal ? 'npm test --' : 'npm run test:real --'} ${others.map(({ name }) => name).join(' ')}`
      : `no suite is called ${unknown.join(', ')}; there are ${names.join(', ')}, and with ${isReal ? 'npm test' : 'npm run test:real'} ${(isReal
          ? plain
          : real
        )
          .flat(2)
          .map(({ name }) => name)
          .join(', ')}`,
  );
  process.exit(2);
}

const tallies: Tally[] = [];
const seconds: string[] = [];

async function timed({ name, run }: Suite): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  console.log(`${name} …`);
  const fromMs = performance.now();
  tallies.push(await run());
  seconds.push(`${name} ${Math.round((performance.now() - fromMs) / 1000)} s`);
}

for (const stage of stages)
  await Promise.all(
    stage.map(async (lane) => {
      for (const suite of lane) await timed(suite);
    }),
  );

const total = sumOf(tallies);
console.log(`\n${seconds.join(', ')}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
