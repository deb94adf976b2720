/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-explicit-any -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { missingForCluster } from '../../scripts/cluster/binaries.ts';
import { signalAnnotation, signalTaintKey } from '../../src/drain/marks.ts';
import { agentProcessOn, killAgents, type AgentProcess } from '../peers/agent-process.ts';
import { clusterWorld, fakeWorld, type World } from '../peers/agent-world.ts';
import { fakeImds, type FakeImds } from '../peers/fake-imds.ts';
import { until } from '../peers/until.ts';

/** One test's stage: a cluster, an instance of its own with its metadata service, and the agents that it starts. */
export interface AgentStory {
  readonly world: World;
  readonly imds: FakeImds;
  /** The name that the instance's Node has or will have; no other story uses it. */
  readonly node: string;
  readonly agentOn: (
    flags?: readonly string[],
    config?: Readonly<Record<string, unknown>>,
  ) => Promise<AgentProcess>;
  /** Ends an agent with the story that was started in another way. */
  readonly keep: (agent: AgentProcess) => void;
  readonly addNode: (over?: Parameters<World['addNode']>[1]) => Promise<void>;
  /** A pod and a budget that does not let it go. */
  readonly addHeldPod: (name: string) => Promise<void>;
  /** Waits for an eviction that a budget has refused. */
  readonly refused: (agent: AgentProcess) => Promise<unknown>;
  readonly addPod: (name: string, over?: Parameters<World['addPod']>[2]) => Promise<void>;
  /** The whole name of a pod of this story. */
  readonly pod: (name: string) => string;
  readonly markOf: () => Promise<any>;
  readonly marked: (kind: string) => Promise<unknown>;
  readonly emptied: (withinMs?: number) => Promise<unknown>;
  readonly reverted: (withinMs?: number) => Promise<unknown>;
  readonly isUntouched: () => Promise<void>;
}

export const isTerminating = ({ metadata }: any): boolean => metadata.deletionTimestamp !== undefined;

export const wantsCluster = process.argv.includes('--cluster') || process.env['SPOT_TEST_CLUSTER'] === '1';
let serial = 0;

/** Tells the same stories of the built agent against the fake API server and, where it is asked for, a real control plane. */
export function agentStories(about: string, tell: (story: () => AgentStory) => void): void {
  for (const [where, started] of [
    ['a fake API server', fakeWorld],
    ...(wantsCluster ? ([['a real control plane', clusterWorld]] as const) : []),
  ] as const)
    describe(`the built agent and ${about}, against ${where}`, function () {
      this.timeout(90_000);
      let world: World | undefined;
      let imds: FakeImds;
      let agents: AgentProcess[];
      let current: AgentStory | undefined;

      before(async function () {
        const missing = where.startsWith('a real') ? await missingForCluster() : [];
        if (missing.length > 0) {
          console.log(`      skipped: no control plane here; missing are ${missing.join('; ')}`);
          this.skip();
        }
        world = await started();
      });
      beforeEach(async () => {
        imds = await fakeImds();
        agents = [];
        serial += 1;
        imds.instanceId = `i-${String(serial).padStart(17, '0')}`;
        if (world !== undefined) current = storyOn(world, imds, `node-${serial}`, agents);
      });
      afterEach(async () => {
        for (const one of agents) await one.stop();
        await imds.close();
      });
      after(async () => {
        killAgents();
        await world?.close();
      });

      tell(() => {
        if (current === undefined) throw new Error('no story has begun');
        return current;
      });
    });
}

function storyOn(world: World, imds: FakeImds, node: string, agents: AgentProcess[]): AgentStory {
  const pod = (name: string) => `${node}-${name}`;
  const markOf = async (): Promise<any> => {
    const text = (await world.node(node)).metadata.annotations?.[signalAnnotation];
    return text === undefined ? undefined : JSON.parse(text);
  };
  return {
    world,
    imds,
    node,
    pod,
    markOf,
    keep: (agent) => void agents.push(agent),
    async agentOn(flags = [], config = {}) {
      const file = join(mkdtempSync(join(tmpdir(), 'spot-agent-')), 'agent.yaml');
      const quick = {
        min_node_age: '0s',
        load_balancer_wait: '0s',
        deadline_margin: '1s',
        max_grace: '1s',
        maintenance_interval: '200ms',
        max_poll_age: '1s',
      };
      writeFileSync(file, JSON.stringify({ ...quick, ...config }));
      const one = await agentProcessOn({ node, imds, world }, [
        ...['--poll-interval', '200ms', '--config', file],
        ...flags,
      ]);
      agents.push(one);
      return one;
    },
    addNode: (over = {}) => world.addNode(node, { instanceId: imds.instanceId, ...over }),
    addPod: (name, over = {}) => world.addPod(pod(name), node, over),
    async addHeldPod(name) {
      await world.addPod(pod(name), node, { labels: { app: node } });
      await world.addBudget(node, { app: node }, 1);
    },
    refused: (agent) =>
      until(
        'a blocked eviction',
        async () => (await agent.metric('spot_agent_evictions_total', 'result="blocked"')) > 0,
      ),
    marked: (kind) => until(`the node to be marked ${kind}`, async () => (await markOf())?.kind === kind),
    emptied: (withinMs = 15_000) =>
      until('the node to be empty', async () => (await world.podsOn(node)).length === 0, withinMs),
    reverted: (withinMs = 8_000) =>
      until('the marks to be taken back', async () => (await markOf()) === undefined, withinMs),
    async isUntouched() {
      const { metadata, spec } = await world.node(node);
      expect(metadata.annotations?.[signalAnnotation]).to.equal(undefined);
      expect(spec.unschedulable).to.not.equal(true);
      expect((spec.taints ?? []).map((taint: any) => taint.key)).to.not.include(signalTaintKey);
    },
  };
}
