import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { handledAnnotation, signalAnnotation, signalTaintKey } from '../../src/drain/marks.ts';
import { agentProcess, killAgents, type AgentProcess } from '../peers/agent-process.ts';
import { fakeImds, interruption, type FakeImds, type ImdsFault } from '../peers/fake-imds.ts';
import { misansweringProxy } from '../peers/misanswering-proxy.ts';
import { until } from '../peers/until.ts';
import { chances } from './chances.ts';
import { aClosedBudget, aNamespace, aNode, aPodOn, podsStayingOn } from './objects.ts';
import { nodeObject, type PlayedCluster } from './played-cluster.ts';
import { playedOrSkipped } from './shared-played.ts';

/* SPOT_STORM=200 for the whole storm; SPOT_STORM_SEED for another one. */
const combinations = Number(process.env['SPOT_STORM'] ?? 16);
const seed = Number(process.env['SPOT_STORM_SEED'] ?? 20_271);
const atOnce = Number(process.env['SPOT_STORM_AT_ONCE'] ?? 6);
const noticeMs = 20_000;
const clockLibrary = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

const oddTokens = ['<html>\r\n502\r\n</html>', '', 'word\n', 'x'.repeat(70_000)] as const;
const paths = ['recommendations/rebalance', 'target-lifecycle-state', 'maintenance/scheduled'] as const;
const pathFaults: readonly ImdsFault[] = ['403', '500', '503', 'hang', 'garbled', 'reset', 'huge'];

interface Combination {
  readonly index: number;
  readonly signal: 'interruption' | 'rebalance' | 'forged';
  readonly token: string | undefined;
  readonly broken: readonly (readonly [path: string, fault: ImdsFault])[];
  readonly clockHours: number;
  readonly isLarge: boolean;
  readonly isBlocked: boolean;
  readonly wasCordoned: boolean;
  readonly isFlooded: boolean;
  readonly hasForgedHandled: boolean;
  readonly providerForm: 'usual' | 'slash' | 'bare';
  /** Milliseconds after the signal; undefined: it is left alone. */
  readonly killAfterMs: number | undefined;
  readonly keepsKey: boolean;
  /** The share of the API server's answers that are others; 0: none. */
  readonly misanswered: number;
}

function combinationsFrom(start: number): readonly Combination[] {
  const chance = chances(start);
  const is = (share: number) => chance() < share;
  const one = <T>(of: readonly T[]): T => of[Math.floor(chance() * of.length)]!;
  return Array.from({ length: combinations }, (_, index): Combination => {
    const drawn: Combination = {
      index,
      signal: is(0.6) ? 'interruption' : one(['rebalance', 'forged'] as const),
      token: is(0.3) ? one(oddTokens) : undefined,
      broken: paths.filter(() => is(0.3)).map((path) => [path, one(pathFaults)] as const),
      // Ahead, to begin with: to a clock that is behind, the certificate that has just been made is not yet valid.
      clockHours: is(0.4) ? 1 : 0,
      isLarge: is(0.3),
      isBlocked: is(0.4),
      wasCordoned: is(0.4),
      isFlooded: is(0.3),
      hasForgedHandled: is(0.3),
      providerForm: one(['usual', 'slash', 'bare'] as const),
      killAfterMs: is(0.7) ? Math.round(chance() * chance() * 4_000) : undefined,
      keepsKey: is(0.7),
      misanswered: is(0.4) ? 0.1 + 0.3 * chance() : 0,
    };
    // A recommendation lives four seconds here, which is too short to be told of errors and marked in one.
    if (drawn.signal === 'rebalance') return { ...drawn, misanswered: 0 };
    // The proxy that misanswers has no certificate that a clock could be behind.
    const isBehind = drawn.misanswered > 0 && drawn.clockHours !== 0 && is(0.5);
    return isBehind ? { ...drawn, clockHours: -1 } : drawn;
  });
}

describe(`${combinations} random combinations of faults with kill −9, against a real control plane (SPOT_STORM_SEED=${seed})`, function () {
  this.timeout(60_000 + combinations * 30_000);
  const namespace = 'fault-storm';
  const decoy = 'fault-storm-decoy';
  let world: PlayedCluster;
  let directory: string;
  const logs = new Map<number, AgentProcess>();

  before(async function () {
    world = await playedOrSkipped(this);
    directory = mkdtempSync(join(tmpdir(), 'spot-storm-'));
    await aNamespace(world.api, namespace);
    await world.api.create('/api/v1/nodes', nodeObject(decoy, { instanceId: 'i-0000000000000dec0' }));
    await aPodOn(world.api, decoy, { namespace, name: 'decoy' });
    // Somebody claims every place of the budget for a century.
    for (let index = 0; index < 4; index += 1)
      await world.api.create('/apis/coordination.k8s.io/v1/namespaces/default/leases', {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name: `spot-expander-drain-zone-ap-south-1a-${index}`,
          labels: { 'spot-expander.io/drain-slot': 'zone-ap-south-1a' },
        },
        spec: { holderIdentity: 'somebody', leaseDurationSeconds: 2_000_000_000 },
      });
  });
  after(async () => {
    killAgents();
    if ((directory as string | undefined) !== undefined) rmSync(directory, { recursive: true, force: true });
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
    for (let index = 0; index < 4; index += 1)
      await (world as PlayedCluster | undefined)?.api
        .remove(`${leases}/spot-expander-drain-zone-ap-south-1a-${index}`)
        .catch(() => undefined);
  });

  const staying = (node: string) => podsStayingOn(world.api, node, namespace);

  function agentOn(
    one: Combination,
    node: string,
    imds: FakeImds,
    life: number,
    kubeconfig: string,
  ): Promise<AgentProcess> {
    const state = join(directory, `${node}-${one.keepsKey ? 0 : life}`);
    const config = join(directory, 'agent.yaml');
    // The margin is for machines that are busy; with so many agents on this one it is.
    const quick = {
      ...{ min_node_age: '0s', load_balancer_wait: '0s', deadline_margin: '4s', max_grace: '1s' },
      ...{
        poll_interval: '200ms',
        maintenance_interval: '300ms',
        rebalance_ttl: '4s',
        imds_timeout: '300ms',
      },
    };
    writeFileSync(config, JSON.stringify(quick));
    const hasLibrary = one.clockHours !== 0 && existsSync(clockLibrary);
    return agentProcess(
      [
        ...['--node-name', node, '--imds-endpoint', imds.url, '--kubeconfig', kubeconfig],
        ...['--config', config, '--pod-namespace', 'default', '--state-dir', state],
      ],
      hasLibrary
        ? {
            LD_PRELOAD: clockLibrary,
            FAKETIME: one.clockHours > 0 ? '+1h' : '-1h',
            FAKETIME_DONT_FAKE_MONOTONIC: '1',
          }
        : {},
    );
  }

  async function played(one: Combination): Promise<void> {
    const node = `storm-of-faults-${one.index}`;
    const imds = await fakeImds();
    const id = `i-${String(one.index).padStart(17, '0')}`;
    imds.instanceId = id;
    for (const [path, fault] of one.broken) imds.faults.set(path, fault);
    if (one.signal === 'rebalance') imds.faults.delete('recommendations/rebalance');
    const object = nodeObject(node, { instanceId: id }) as {
      metadata: { annotations: Record<string, string> };
      spec: { providerID: string; unschedulable?: boolean };
    };
    if (one.providerForm === 'slash') object.spec.providerID += '/';
    if (one.providerForm === 'bare') object.spec.providerID = id;
    if (one.wasCordoned) object.spec.unschedulable = true;
    const notice = interruption(noticeMs);
    const at = new Date(notice().time).toISOString();
    if (one.hasForgedHandled)
      object.metadata.annotations[handledAnnotation] = JSON.stringify([`spot-interruption/${at}`]);
    if (one.signal === 'forged')
      object.metadata.annotations[signalAnnotation] = JSON.stringify({
        ...{ v: 1, kind: 'TERMINATION', id: `spot-interruption/${at}`, source: 'spot-interruption' },
        ...{ action: 'terminate', at, seen: at, marked: at, deadline: at, instance: id },
      });
    await world.api.create('/api/v1/nodes', object);
    const names = ['a', 'b', 'c'].map((name) => `${node}-${name}`);
    const env = one.isLarge ? [{ name: 'A', value: 'x'.repeat(1_000_000) }] : [];
    await Promise.all(names.map((name) => aPodOn(world.api, node, { namespace, name, env })));
    if (one.isBlocked) await aClosedBudget(world.api, node, namespace);
    if (one.token !== undefined) imds.nextTokens.push(one.token);
    const proxy =
      one.misanswered === 0
        ? undefined
        : await misansweringProxy(world.cluster.kubeconfig, one.misanswered, chances(seed + one.index));
    const kubeconfig = proxy === undefined ? world.cluster.kubeconfig : join(directory, `${node}.kubeconfig`);
    if (proxy !== undefined) writeFileSync(kubeconfig, proxy.kubeconfig);
    let agent = await agentOn(one, node, imds, 0, kubeconfig);
    logs.set(one.index, agent);
    const flood: Socket[] = [];
    if (one.isFlooded)
      for (let index = 0; index < 100; index += 1) {
        const socket = connect(Number(new URL(agent.url).port), '127.0.0.1', () => socket.write('GET / HT'));
        socket.on('error', () => undefined);
        flood.push(socket);
      }
    // The notice's two minutes, shortened, begin now; its id was known to whoever forged it.
    const shown = one.hasForgedHandled || one.signal === 'forged' ? notice : interruption(noticeMs);
    const deadlineMs = Date.parse(shown().time);
    if (one.signal === 'interruption') imds.spot = shown;
    if (one.signal === 'rebalance') {
      const noticeTime = new Date().toISOString();
      imds.rebalance = () => ({ noticeTime });
    }
    if (one.killAfterMs !== undefined) {
      await sleep(one.killAfterMs);
      await agent.stop('SIGKILL');
      if (one.token !== undefined) imds.nextTokens.push(one.token);
      agent = await agentOn(one, node, imds, 1, kubeconfig);
      logs.set(one.index, agent);
    }
    if (one.signal === 'interruption') {
      await until(
        'every pod to be asked',
        async () => (await staying(node)).length === 0,
        Math.max(1_000, deadlineMs - Date.now()),
      );
      const { spec, metadata } = await aNode(world.api, node);
      expect(spec.unschedulable, 'cordoned').to.equal(true);
      expect(metadata.annotations?.[signalAnnotation], 'marked').to.include('"kind":"TERMINATION"');
    } else {
      await until(
        'the marks to be gone',
        async () => {
          const { spec, metadata } = await aNode(world.api, node);
          const isTainted = spec.taints?.some(({ key }) => key === signalTaintKey) === true;
          const isMarked = metadata.annotations?.[signalAnnotation] !== undefined;
          const isSeen = one.signal === 'forged' || metadata.annotations?.[handledAnnotation] !== undefined;
          return !isMarked && !isTainted && isSeen && (one.signal === 'forged' || hasMarked(agent, one));
        },
        30_000,
      );
      const { spec } = await aNode(world.api, node);
      expect(spec.unschedulable === true, "a person's cordon").to.equal(one.wasCordoned);
      // No place in the budget, and no notice: nobody leaves.
      if (one.signal === 'forged' || one.isBlocked)
        expect((await staying(node)).length, 'pods that nobody may evict').to.equal(names.length);
    }
    await agent.stop('SIGKILL');
    for (const socket of flood) socket.destroy();
    proxy?.close();
    await imds.close();
    await Promise.all(
      names.map((name) =>
        world.api
          .remove(`/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`)
          .catch(() => undefined),
      ),
    );
    await world.api.remove(`/api/v1/nodes/${node}`);
  }

  /** Whoever was killed may have marked the node already: then its heir takes the mark back. */
  function hasMarked(agent: AgentProcess, one: Combination): boolean {
    return one.killAfterMs !== undefined || agent.log.some((line) => line.includes('revert'));
  }

  it('no pod is un-asked at the deadline, no foreign cordon is undone, no budget is passed for a forged mark', async () => {
    const waiting = combinationsFrom(seed).values();
    const failures: string[] = [];
    const worker = async () => {
      for (const one of waiting)
        await played(one).catch((error: unknown) => {
          const log = logs.get(one.index)?.log.slice(-25).join('\n') ?? '';
          failures.push(`${JSON.stringify(one)}\n${String(error)}\n${log}`);
        });
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    expect(failures, failures.join('\n\n')).to.have.length(0);
  });

  it('nothing was done on another node', async () => {
    const { metadata, spec } = await aNode(world.api, decoy);
    expect(
      Object.keys(metadata.annotations ?? {}).filter((key) => key.includes('spot-expander')),
    ).to.deep.equal([]);
    expect(spec.unschedulable).to.not.equal(true);
    expect(await staying(decoy)).to.have.length(1);
  });
});
