/**
 * A real Kubernetes control plane on loopback, for tests and for trying things by hand:
 * etcd, API server, controller manager, scheduler, and kwok in place of kubelets.
 *
 *   node scripts/cluster.ts build    builds what is missing into .cache/bin (about 9 minutes the first time)
 *   node scripts/cluster.ts up       starts it, prints the kubeconfig's path, and stops it on Ctrl-C
 */
import { built } from './cluster/binaries.ts';
import { startedCluster } from './cluster/control-plane.ts';

async function main(): Promise<void> {
  const [command] = process.argv.slice(2);
  if (command === 'build') return built((line) => console.log(line));
  if (command !== 'up') throw new Error('usage: node scripts/cluster.ts build|up');
  const cluster = await startedCluster();
  console.log(`KUBECONFIG=${cluster.kubeconfig}\n${cluster.server} is up; Ctrl-C stops it`);
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  await cluster.stop();
}

if (import.meta.main) await main();
