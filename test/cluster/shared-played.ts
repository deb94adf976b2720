import { missingForCluster } from '../../scripts/cluster/binaries.ts';
import { shareCluster } from '../peers/shared-cluster.ts';
import { playedCluster, type PlayedCluster } from './played-cluster.ts';
import { whyNoNetwork } from './player/run-place.ts';

let shared: Promise<PlayedCluster> | undefined;

/** Why stories cannot be played here; undefined when they can. */
export async function whyNotPlayed(): Promise<string | undefined> {
  const missing = await missingForCluster();
  if (missing.length > 0) return `no control plane here; missing are ${missing.join('; ')}`;
  return whyNoNetwork();
}

/** One for all stories of this process; made when the first one asks. */
export function thePlayedCluster(): Promise<PlayedCluster> {
  shared ??= playedCluster().then((made) => {
    shareCluster(made.cluster);
    return made;
  });
  return shared;
}

/** For `before` of a suite: skips it, with the reason, where it cannot be played. */
export async function playedOrSkipped(suite: Mocha.Context): Promise<PlayedCluster> {
  const reason = await whyNotPlayed();
  if (reason === undefined) {
    suite.timeout(90_000);
    return thePlayedCluster();
  }
  console.log(`      skipped: ${reason}`);
  return suite.skip();
}

/** Root hook of the run: nothing outlives it. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(60_000);
    shareCluster(undefined);
    await (await shared)?.close();
  },
};
