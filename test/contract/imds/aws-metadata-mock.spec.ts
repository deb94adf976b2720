import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { imdsClient } from '../../../src/adapters/imds/imds-client.ts';
import { until } from '../../peers/until.ts';

const mock = join(import.meta.dirname, '../../../.cache/bin/ec2-metadata-mock');
const signal = new AbortController().signal;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/* AWS's own mock, where it has been built: our fake must not be the only thing that the client agrees with. */
describe("AWS's own metadata mock", () => {
  let child: ChildProcess | undefined;
  let endpoint: string;

  before(function () {
    if (existsSync(mock)) return;
    console.log('      skipped: no ec2-metadata-mock here; node scripts/cluster.ts build gets it (needs Go)');
    this.skip();
  });
  afterEach(() => child?.kill('SIGKILL'));

  async function started(...args: string[]) {
    const port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    child = spawn(mock, [...args, '--imdsv2', '--hostname', '127.0.0.1', '--port', String(port)], {
      stdio: 'ignore',
    });
    const client = imdsClient({ endpoint, timeoutMs: 1_000, tokenTtlSeconds: 21_600, nowMs: Date.now });
    await until('the mock to answer', async () => (await client.read('spot', signal)).problem === undefined);
    return client;
  }

  it('gives an instance identity and, before its delay, no notice', async () => {
    const client = await started('--mock-delay-sec', '60');
    expect((await client.identity(signal)).instanceId).to.match(/^i-[0-9a-f]+$/);
    expect((await client.read('spot', signal)).poll).to.deep.equal({ spot: 'none' });
    expect((await client.read('rebalance', signal)).poll.rebalance).to.not.equal('unread');
  });

  for (const action of ['terminate', 'stop', 'hibernate'] as const)
    it(`a Spot notice to ${action} reads the same as from our fake`, async () => {
      const client = await started('spot', '--action', action, '--time', '2036-03-01T10:02:00Z');
      const atMs = Date.parse('2036-03-01T10:02:00Z');
      expect((await client.read('spot', signal)).poll).to.deep.equal({ spot: { action, atMs } });
      const { poll } = await client.read('rebalance', signal);
      expect(poll.rebalance).to.have.property('noticeTimeMs');
    });

  it('a scheduled event reads the same as from our fake', async () => {
    const client = await started(
      'events',
      '--code',
      'instance-stop',
      '--state',
      'active',
      '--not-before',
      '2036-03-01T10:00:00Z',
      '--not-after',
      '2036-03-01T12:00:00Z',
    );
    const { poll } = await client.read('maintenance', signal);
    expect(poll.maintenance).to.be.an('array').with.length(1);
    expect((poll.maintenance as readonly unknown[])[0]).to.deep.include({
      code: 'instance-stop',
      notBeforeMs: Date.parse('2036-03-01T10:00:00Z'),
    });
  });
});
