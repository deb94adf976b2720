/** Runs mocha over files and tells how many tests passed, failed and were skipped. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tally } from './conformance/tally.ts';

export async function mochaSuite(files: string, ...flags: readonly string[]): Promise<Tally> {
  const report = join(mkdtempSync(join(tmpdir(), 'spot-expander-tests-')), 'report.json');
  const code = await new Promise<number>((resolve, reject) => {
    const child = spawn('mocha', ['--reporter', 'scripts/mocha-reporter.cjs', ...flags, files], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, MOCHA_REPORT: report },
    });
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const tally = JSON.parse(readFileSync(report, 'utf8')) as Tally;
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

/** The closing line of a suite, and the exit code that belongs to it. */
export function closeWith({ passed, failed, skipped }: Tally): void {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}
