/**
 * A real Kubernetes control plane on loopback, for tests and for trying things by hand:
 * etcd, API server, controller manager, scheduler, and kwok in place of kubelets.
 *
 *   node scripts/cluster.ts build    builds what is missing into .cache/bin (about 9 minutes the first time)
 *   node scripts/cluster.ts up       starts it, prints the kubeconfig's path, and stops it on Ctrl-C
 *   node scripts/cluster.ts up --play   as root: pods of our image run the built program (test/cluster/README.md)
 */
import { built } from './cluster/binaries.ts';
import { startedCluster } from './cluster/control-plane.ts';

async function main(): Promise<void> {
  const [command, flag] = process.argv.slice(2);
  if (command === 'build') return built((line) => console.log(line));
  if (command !== 'up' || (flag !== undefined && flag !== '--play'))
    throw new Error('usage: node scripts/cluster.ts build|up [--play]');
  if (flag === '--play') return playing();
  const cluster = await startedCluster();
  console.log(`KUBECONFIG=${cluster.kubeconfig}\n${cluster.server} is up; Ctrl-C stops it`);
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  await cluster.stop();
}

async function playing(): Promise<void> {
  const { playedCluster } = await import('../test/cluster/played-cluster.ts');
  const { whyNoNetwork } = await import('../test/cluster/player/run-place.ts');
  const reason = whyNoNetwork();
  if (reason !== undefined) throw new Error(reason);
  const played = await playedCluster();
  const { kubeconfig, server } = played.cluster;
  console.log(
    `KUBECONFIG=${kubeconfig}\n${server} is up; logs of pods are in ${played.player.logs}; Ctrl-C stops it`,
  );
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  await played.close();
}

if (import.meta.main) await main();
