/**
 * The stories on a simulated cluster: a real control plane, our built program as its pods. Builds the control plane
 * where Go is and it is not there yet. Ends with `N passed, N failed, N skipped`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { built, found, missingForCluster } from './cluster/binaries.ts';
import { sumOf, type Tally } from './conformance/tally.ts';
import { goVersion, howToGetGo, repository } from './go-tools.ts';
import { closeWith, mochaSuite } from './mocha-suite.ts';
import { installed } from './system-packages.ts';

const skipped: Tally = { passed: 0, failed: 0, skipped: 1 };

/** Installs what apt has and builds what Go builds. @returns what is still missing, as a sentence. */
async function prepared(): Promise<string | undefined> {
  if ((await found('etcd')) === undefined) {
    const why = installed('etcd-server');
    if (why !== undefined) return `etcd: ${why}`;
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

function stories(title: string, files: readonly string[]): Promise<Tally> {
  return mochaSuite(['--require', 'test/cluster/shared-played.ts', ...files], {
    title,
    environment: { SPOT_TEST_CLUSTER: '1' },
  });
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
      'test/e2e/agent-*.spec.ts',
      'test/contract/imds/aws-metadata-mock.spec.ts',
    ]),
  ]);
}

closeWith(sumOf(await played()));
