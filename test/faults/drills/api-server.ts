import { setTimeout as sleep } from 'node:timers/promises';
import { missingForCluster } from '../../../scripts/cluster/binaries.ts';
import { clusterWorld, type World as ClusterWorld } from '../../peers/agent-world.ts';
import type { Drill } from '../drill.ts';
import { terminationMark } from '../marked-node.ts';
import type { MetricsPage } from '../metrics-page.ts';
import { answersRestOn, logged, measured, type Sign } from '../signs.ts';

const minuteMs = 60_000;
const ageAbove = (seconds: number): Sign =>
  measured(`spot_source_age_seconds of node_watch above ${seconds}`, (now) => nodeWatchAge(now) > seconds);
const hotPools = (count: number): Sign =>
  measured(`spot_hot_pools of ${count}`, (now) => now.sum('spot_hot_pools') === count);

function nodeWatchAge(page: MetricsPage): number {
  return page.sum('spot_source_age_seconds', { source: 'node_watch' });
}

export const apiServer: Drill = {
  name: 'api-server',
  title: 'API server gone, and back with its history forgotten or restored',
  load: 'light',
  async run(stage) {
    const { kube } = stage.world;
    const awayMs = stage.full ? minuteMs : 12_000;
    await stage.play({
      what: `API server gone for ${awayMs / 1_000} s, a node given notice meanwhile`,
      step: 'model, without new signals',
      begin: () => kube.goAway(),
      signs: [logged('warn', /the node watch broke off/), ageAbove(5), answersRestOn('model')],
      noticedWithinMs: 20_000,
      holdMs: awayMs,
      end: () => {
        kube.update('Node', '', 'first', (node) => {
          Object.assign(node['metadata'] as object, { annotations: terminationMark('i-0000000000000000a') });
        });
        // It has forgotten where we were: 410 Gone.
        kube.watchGone = true;
        kube.away = false;
      },
      recovery: [
        logged('info', /the node watch goes on/),
        logged('info', /c5\.large@ap-south-1a is hot: TERMINATION/),
        hotPools(1),
        answersRestOn('model'),
      ],
      recoveredWithinMs: 60_000,
    });
    // The watchdog of a silent watch takes a minute and a half.
    if (!stage.full) return;
    await stage.play({
      what: 'API server back from a backup, with older versions than ours',
      step: 'model, without new signals',
      begin: () => kube.goAway(),
      signs: [logged('warn', /the node watch broke off/)],
      noticedWithinMs: 20_000,
      end: () => {
        kube.restoreFromBackup();
        kube.addNode('second', {
          zone: 'ap-south-1b',
          instanceId: 'i-0000000000000000b',
          metadata: { annotations: terminationMark('i-0000000000000000b') },
        });
        kube.away = false;
      },
      recovery: [logged('info', /c5\.large@ap-south-1b is hot: TERMINATION/), hotPools(2)],
      recoveredWithinMs: 150_000,
    });
  },
};

let cluster: ClusterWorld | undefined;

export const realApiServer: Drill = {
  name: 'api-server-real',
  title: 'a real API server that says nothing for a minute',
  load: 'light',
  onlyFull: true,
  missing: async () => {
    const missing = await missingForCluster();
    return missing.length === 0 ? undefined : `no control plane here: ${missing.join('; ')}`;
  },
  shape: async () => {
    cluster = await clusterWorld();
    await cluster.addNode('real', { instanceId: 'i-0000000000000000c', zone: 'ap-south-1c' });
    return { kubeconfig: cluster.kubeconfig, cleanUp: () => cluster?.close() };
  },
  async run(stage) {
    await stage.play({
      what: 'a real API server says nothing for a minute',
      step: 'model, without new signals',
      begin: () => cluster?.goAway(),
      signs: [ageAbove(45), answersRestOn('model')],
      noticedWithinMs: 2 * minuteMs,
      holdMs: 15_000,
      end: async () => {
        cluster?.comeBack();
        await sleep(1_000);
        await cluster?.changeNode('real', {
          metadata: { annotations: terminationMark('i-0000000000000000c') },
        });
      },
      recovery: [
        logged('info', /c5\.large@ap-south-1c is hot: TERMINATION/),
        hotPools(1),
        answersRestOn('model'),
      ],
      recoveredWithinMs: 2 * minuteMs,
    });
  },
};
