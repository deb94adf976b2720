/** Runs mocha over files and tells how many tests passed, failed and were skipped. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tally } from './conformance/tally.ts';
import { repository } from './go-tools.ts';

export interface SuiteOptions {
  /** With a title the output is held until the end and printed under it, for suites that run side by side. */
  readonly title?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** One process of mocha; a bad end without a failed test counts as one. `args` are its files and flags. */
export async function mochaSuite(args: readonly string[], options: SuiteOptions = {}): Promise<Tally> {
  const { title, environment } = options;
  const folder = mkdtempSync(join(tmpdir(), 'spot-expander-tests-'));
  const report = join(folder, 'report.json');
  const code = await new Promise<number>((resolve, reject) => {
    const mocha = join(repository, 'node_modules/mocha/bin/mocha.js');
    const child = spawn(process.execPath, [mocha, '--reporter', 'scripts/mocha-reporter.cjs', ...args], {
      cwd: repository,
      stdio: ['ignore', title === undefined ? 'inherit' : 'pipe', 'inherit'],
      env: { ...process.env, ...environment, MOCHA_REPORT: report },
    });
    let held = '';
    child.stdout?.on('data', (chunk: Buffer) => (held += chunk.toString('utf8')));
    child.on('error', reject);
    child.on('close', (status) => {
      if (title !== undefined) console.log(`\n-- ${title} --\n${held}`);
      resolve(status ?? 1);
    });
  });
  const tally = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as Tally) : undefined;
  rmSync(folder, { recursive: true, force: true });
  if (tally === undefined) return { passed: 0, failed: 1, skipped: 0 };
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

/** The closing line of a suite, and the exit code that belongs to it. */
export function closeWith({ passed, failed, skipped }: Tally): void {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}
