/**
 * Plays the cluster-autoscaler against the built server, holds our reader against Kubernetes' own types, and runs the
 * documented grpcurl lines. Ends with `N passed, N failed, N skipped`.
 */
import { existsSync } from 'node:fs';
import { documentedCalls } from './conformance/documented-calls.ts';
import { readerChecks } from './conformance/reader-checks.ts';
import { scaleUps } from './conformance/scale-ups.ts';
import { sumOf, type Tally } from './conformance/tally.ts';
import { goVersion, howToGetGo, missingModules, repository } from './go-tools.ts';
import { closeWith } from './mocha-suite.ts';

async function played(): Promise<Tally> {
  const version = goVersion();
  if (version === undefined) {
    console.log(`skipped: ${howToGetGo}`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  console.log(`with ${version}`);
  const missing = missingModules();
  if (missing !== undefined) {
    console.log(
      `skipped: the Go modules of test/conformance cannot be had (set GOPROXY, or fill the module cache): ${missing}`,
    );
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const entry = `${repository}dist/processes/main.js`;
  if (!existsSync(entry)) console.log('dist/ is not built (npm run build): the server is not played against');
  const server = existsSync(entry) ? [process.execPath, entry] : undefined;
  return sumOf([readerChecks(), await scaleUps(server), await documentedCalls(server)]);
}

closeWith(await played());
