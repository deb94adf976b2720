/**
 * The stories on a simulated cluster: a real control plane, our built program as its pods. Builds the control plane
 * where Go is and it is not there yet. Ends with `N passed, N failed, N skipped`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built, found, missingForCluster } from './cluster/binaries.ts';
import { sumOf, type Tally } from './conformance/tally.ts';
import { goVersion, howToGetGo, repository } from './go-tools.ts';
import { closeWith } from './mocha-suite.ts';

const skipped: Tally = { passed: 0, failed: 0, skipped: 1 };

/** Installs what apt has and builds what Go builds. @returns what is still missing, as a sentence. */
async function prepared(): Promise<string | undefined> {
  if ((await found('etcd')) === undefined && process.getuid?.() === 0) {
    console.log('etcd is missing: apt-get install etcd-server');
    spawnSync('apt-get', ['install', '-y', '-q', 'etcd-server'], { stdio: 'ignore', timeout: 300_000 });
  }
  const isBuilt = (await found('controlplane')) !== undefined && (await found('kwok')) !== undefined;
  if (!isBuilt && goVersion() === undefined)
    return `the control plane is not built, and cannot be: ${howToGetGo}`;
  if (!isBuilt)
    try {
      await built((line) => console.log(line));
    } catch (error) {
      return `the control plane cannot be built: ${error instanceof Error ? error.message : String(error)}`;
    }
  const missing = await missingForCluster();
  return missing.length === 0 ? undefined : `missing are ${missing.join('; ')}`;
}

/** One process of mocha; its own count, and a failure when it ends badly in another way. */
async function stories(name: string, args: readonly string[]): Promise<Tally> {
  const directory = mkdtempSync(join(tmpdir(), 'spot-stories-'));
  const report = join(directory, 'report.json');
  const child = spawn(
    join(repository, 'node_modules/.bin/mocha'),
    ['--reporter', 'scripts/mocha-reporter.cjs', '--require', 'test/cluster/shared-played.ts', ...args],
    {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, MOCHA_REPORT: report, SPOT_TEST_CLUSTER: '1' },
    },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const code = await new Promise<number>((resolve) => child.on('close', (end) => resolve(end ?? 1)));
  console.log(`\n-- ${name} --\n${output}`);
  const tally = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as Tally) : undefined;
  rmSync(directory, { recursive: true, force: true });
  if (tally === undefined) return { passed: 0, failed: 1, skipped: 0 };
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

async function played(): Promise<readonly Tally[]> {
  const missing = await prepared();
  if (missing !== undefined) {
    console.log(`skipped: ${missing}`);
    return [skipped];
  }
  if (!existsSync(join(repository, 'dist/processes/main.js'))) {
    console.log('skipped: dist/ is not built (npm run build)');
    return [skipped];
  }
  console.log('two control planes side by side, each with its stories; some minutes');
  // Most stories wait for something: two at once take little more than one.
  return Promise.all([
    stories('the chart, the agent as a pod, storms and kills', ['test/cluster/*.spec.ts']),
    stories("the agent's stories, its permissions and AWS's own metadata mock", [
      '--grep',
      "real control plane|AWS's own metadata mock",
      'test/e2e/agent.spec.ts',
      'test/e2e/agent-permissions.spec.ts',
      'test/contract/imds/aws-metadata-mock.spec.ts',
    ]),
  ]);
}

closeWith(sumOf(await played()));
