import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { signalAnnotation } from '../../src/drain/marks.ts';
import { killed } from '../../scripts/cluster/bound-process.ts';
import { cache } from '../../scripts/cluster/binaries.ts';
import { until } from '../peers/until.ts';
import { agentDaemon, documentedPermissions, type AgentDaemon } from './agent-daemon.ts';
import { aNode } from './objects.ts';
import type { PlayedCluster } from './played-cluster.ts';
import { ip } from './player/run-place.ts';
import { playedOrSkipped } from './shared-played.ts';

const mock = `${cache}/ec2-metadata-mock`;
/** What the mock calls its instance. */
const instanceId = 'i-1234567890abcdef0';

describe("the agent as a pod, with AWS's own metadata mock at the metadata service's own address", function () {
  this.timeout(90_000);
  const story = 'aws-mock';
  const node = 'aws-mock-node';
  let world: PlayedCluster;
  let daemon: AgentDaemon | undefined;
  let child: ChildProcess | undefined;

  before(async function () {
    world = await playedOrSkipped(this);
    if (!existsSync(mock)) {
      console.log(
        '      skipped: no ec2-metadata-mock here; node scripts/cluster.ts build gets it (needs Go)',
      );
      return this.skip();
    }
    await documentedPermissions(world);
    await world.addNode(node, { instanceId, labels: { story } });
  });
  after(async () => {
    await daemon?.remove();
    if (child !== undefined) await killed(child);
  });

  it('a Spot notice: the node is marked with the very time and action that the mock gives', async () => {
    const { namespace } = world.player.nodeSeat(node);
    ip('-n', namespace, 'addr', 'add', '169.254.169.254/32', 'dev', 'lo');
    const at = `${new Date(Date.now() + 40_000).toISOString().slice(0, 19)}Z`;
    child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', 'ip', 'netns', 'exec', namespace, mock, 'spot', '--imdsv2'],
        ...['--action', 'terminate', '--time', at, '--hostname', '169.254.169.254', '--port', '80'],
      ],
      { stdio: 'ignore' },
    );
    daemon = await agentDaemon(world, story, [node]);
    const text = await until(
      'the mark',
      async () => {
        const found = (await aNode(world.api, node)).metadata.annotations?.[signalAnnotation];
        return found?.includes('TERMINATION') === true && found;
      },
      20_000,
    );
    const mark = JSON.parse(text) as Readonly<Record<string, string>>;
    expect(mark).to.include({ source: 'spot-interruption', action: 'terminate', instance: instanceId });
    expect(Date.parse(mark['at'] ?? '')).to.equal(Date.parse(at));
  });
});
