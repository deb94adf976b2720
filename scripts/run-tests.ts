/**
 * Runs every test suite of the project in order, or those that are named, and ends with one line: `N passed, N failed, N skipped`.
 * A suite is a command whose output carries mocha's JSON summary or a plain closing line of the same form.
 */
import { spawn } from 'node:child_process';
import { sumOf, type Tally } from './conformance/tally.ts';
import { mochaSuite } from './mocha-suite.ts';

function run(command: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      output = (output + chunk.toString('utf8')).slice(-65_536);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** A script of ours whose last line is `N passed, N failed[, N skipped]`. */
async function scriptSuite(script: string): Promise<Tally> {
  const { code, output } = await run('node', [script]);
  const closing = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(output);
  if (closing === null) return { passed: 0, failed: 1, skipped: 0 };
  const failed = Number(closing[2]);
  return {
    passed: Number(closing[1]),
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: Number(closing[3] ?? 0),
  };
}

/** In order: what is quick and breaks most often first. */
const suites: Readonly<Record<string, () => Promise<Tally>>> = {
  unit: () => mochaSuite(['test/unit/**/*.spec.ts']),
  contract: () => mochaSuite(['test/contract/**/*.spec.ts']),
  e2e: () => mochaSuite(['test/e2e/**/*.spec.ts']),
  chart: () => scriptSuite('scripts/test-chart.ts'),
  alerts: () => scriptSuite('scripts/test-alerts.ts'),
  conformance: () => scriptSuite('scripts/test-conformance.ts'),
  oracle: () => scriptSuite('scripts/test-oracle.ts'),
  image: () => scriptSuite('scripts/test-image.ts'),
  faults: () => scriptSuite('scripts/test-faults.ts'),
  cluster: () => scriptSuite('scripts/test-cluster.ts'),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(suites, name));
if (unknown.length > 0) {
  console.error(
    `no suite is called ${unknown.join(', ')}; npm test -- ${Object.keys(suites).join(' ')} runs all, any of them alone`,
  );
  process.exit(2);
}

const tallies: Tally[] = [];
const seconds: string[] = [];
for (const [name, suite] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name} ==`);
  const fromMs = performance.now();
  tallies.push(await suite());
  seconds.push(`${name} ${Math.round((performance.now() - fromMs) / 1000)} s`);
}

const total = sumOf(tallies);
console.log(`\n${seconds.join(', ')}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
