import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devCertificateFiles } from '../../src/adapters/files/dev-certificate.ts';
import { asker } from '../../test/e2e/asked.ts';
import { bareEnvironment, served } from '../../test/e2e/served.ts';
import { agentProcessOn } from '../../test/peers/agent-process.ts';
import { fakeWorld } from '../../test/peers/agent-world.ts';
import { fakeImds, interruption } from '../../test/peers/fake-imds.ts';

const fixtures = new URL('../../test/fixtures/', import.meta.url).pathname;
const node = 'metrics-node';

/** A built server and a built agent on loopback, beside a fake API server and a fake metadata service. */
export interface RunningProcesses {
  /** `host:port` of each one's HTTP address. */
  readonly targets: readonly string[];
  /** One scale-up that a real autoscaler sent. */
  readonly scaleUp: () => Promise<void>;
  /** A notice to the agent's instance, which empties the node. */
  readonly interrupt: () => void;
  readonly stop: () => Promise<void>;
}

export async function runningProcesses(): Promise<RunningProcesses> {
  const home = mkdtempSync(join(tmpdir(), 'spot-expander-metrics-'));
  const [world, imds] = await Promise.all([fakeWorld(), fakeImds()]);
  await world.addNode(node, { instanceId: imds.instanceId });
  await world.addPod('web', node);
  const agent = await agentProcessOn({ node, imds, world }, ['--poll-interval', '200ms']);
  const { certFile, keyFile } = await devCertificateFiles(join(home, 'tls'), new Date());
  const flags = {
    '--mode': 'PROD',
    '--kubeconfig': world.kubeconfig,
    '--tls-cert': certFile,
    '--tls-key': keyFile,
    '--market': 'static',
    '--auto-scaling-groups': 'no',
    // The snapshot is too old for the trained model alone to score anything.
    '--risk-model': 'fleet-hazard+family-stress',
  };
  const server = await served(Object.entries(flags).flat(), bareEnvironment(home));
  const client = asker(server.port, certFile);
  const [request = ''] = readdirSync(fixtures).filter((file) => /^real_request\..*\.bin$/.test(file));
  const message = readFileSync(join(fixtures, request));
  return {
    targets: [`127.0.0.1:${server.httpPort}`, new URL(agent.url).host],
    scaleUp: async () => {
      await client.bestOptions(message);
    },
    interrupt: () => (imds.spot = interruption(100_000)),
    stop: async () => {
      client.close();
      await Promise.all([agent.stop(), server.stop()]);
      await Promise.all([imds.close(), world.close()]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
