import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { devCertificateFiles } from '../../src/adapters/dev-certificate/dev-certificate.ts';
import { asker } from '../../test/e2e/asked.ts';
import { bareEnvironment, served } from '../../test/e2e/served.ts';
import { agentProcess, type AgentProcess } from '../../test/peers/agent-process.ts';
import { fakeWorld } from '../../test/peers/agent-world.ts';
import { fakeImds } from '../../test/peers/fake-imds.ts';

/** Sample name → label → values, as Prometheus would store them. */
export type Exported = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

const fixtures = new URL('../../test/fixtures/', import.meta.url).pathname;
const node = 'metrics-node';

/**
 * What the built server and the built agent export on loopback: the server after it has answered a scale-up that a real
 * autoscaler sent, beside a fake API server and a fake metadata service.
 */
export async function exportedMetrics(): Promise<Exported> {
  const home = mkdtempSync(join(tmpdir(), 'spot-expander-metrics-'));
  const world = await fakeWorld();
  const imds = await fakeImds();
  const running: { stop: () => Promise<unknown> }[] = [];
  try {
    await world.addNode(node, { instanceId: imds.instanceId });
    const agent: AgentProcess = await agentProcess([
      '--node-name',
      node,
      '--imds-endpoint',
      imds.url,
      '--kubeconfig',
      world.kubeconfig,
    ]);
    running.push(agent);
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
    running.push(server);
    const client = asker(server.port, certFile);
    const [request] = readdirSync(fixtures).filter((file) => /^real_request\..*\.bin$/.test(file));
    await client.bestOptions(readFileSync(join(fixtures, request ?? '')));
    client.close();
    const ofServer = await fetch(`http://127.0.0.1:${server.httpPort}/metrics`);
    return samplesOf(`${await ofServer.text()}\n${(await agent.get('/metrics')).text}`);
  } finally {
    await Promise.all(running.map((one) => one.stop()));
    await imds.close();
    await world.close();
    rmSync(home, { recursive: true, force: true });
  }
}

function samplesOf(text: string): Exported {
  const samples = new Map<string, Map<string, Set<string>>>();
  for (const [, name = '', braces = ''] of text.matchAll(/^(\w+)(\{.*\})? \S+$/gm)) {
    const labels = samples.get(name) ?? new Map<string, Set<string>>();
    samples.set(name, labels);
    for (const [, label = '', value = ''] of braces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
      labels.set(label, (labels.get(label) ?? new Set<string>()).add(value));
  }
  return samples;
}
