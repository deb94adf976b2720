import { expect } from 'chai';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { spawn } from 'node:child_process';
import { setTimeout as passed } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asker, type Asker } from './asked.ts';
import { bareEnvironment, entry, freePort, served, type Served } from './served.ts';

const smallRequest = readFileSync(
  new URL('../fixtures/best_options_request.ca-1.35plus.bin', import.meta.url),
);
const realRequest = readFileSync(new URL('../fixtures/real_request.ca-1.35.2.bin', import.meta.url));
/** The default budget, with room for a busy machine; the autoscaler itself waits 5 s. */
const budgetMs = 2_500;
const noCredentials = { AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none', AWS_REGION: 'ap-south-1' };

describe('spot-expander serve, when something else is dead or slow', () => {
  let home: string;
  let server: Served | undefined;
  let client: Asker | undefined;
  let silent: SilentPeer;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'spot-expander-faults-'));
    silent = await silentPeer();
  });
  after(() => {
    silent.close();
    rmSync(home, { recursive: true, force: true });
  });
  afterEach(async () => {
    client?.close();
    await server?.stop();
  });

  async function start(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Asker> {
    server = await served(args, bareEnvironment(home, more));
    const path = /"([^"]*localhost\.crt)"/.exec(server.lines.join('\n'))?.[1] ?? '';
    client = asker(server.port, path);
    return client;
  }

  /** Asks a few times, the first one cold, and holds every answer to the budget. */
  async function answersInTime(one: Asker): Promise<void> {
    for (let call = 0; call < 3; call++) {
      const started = performance.now();
      const ids = await one.bestOptions(realRequest);
      expect(performance.now() - started).to.be.below(budgetMs);
      expect(ids).not.to.be.empty;
    }
  }

  const prices: readonly (readonly [string, () => string])[] = [
    ['accepts and says nothing', () => `http://127.0.0.1:${silent.port}`],
    ['has a name that nobody knows', () => 'http://ec2.ap-south-1.invalid:9'],
  ];
  for (const [what, endpoint] of prices) {
    it(`answers in time when the price source ${what}`, async () => {
      const one = await start(['--market', 'ec2'], { ...noCredentials, AWS_ENDPOINT_URL: endpoint() });
      await answersInTime(one);
    });
  }

  it('answers in time when the price source refuses connections', async () => {
    const port = await freePort();
    const one = await start(['--market', 'ec2'], {
      ...noCredentials,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    });
    await answersInTime(one);
  });

  it('answers in time when the model file is no model', async () => {
    const model = join(home, 'broken.onnx');
    writeFileSync(model, 'this is no model');
    const one = await start(['--risk-model', 'family-stress', '--model', model]);
    await answersInTime(one);
  });

  it('answers in time when nobody reads its log', async () => {
    const [port, httpPort] = [await freePort(), await freePort()];
    const address = ['--grpc-listen', `127.0.0.1:${port}`, '--http-listen', `127.0.0.1:${httpPort}`];
    const child = spawn(process.execPath, [entry, 'serve', ...address], {
      env: bareEnvironment(home),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      await eventually(async () => (await fetch(`http://127.0.0.1:${httpPort}/readyz`)).ok);
      client = asker(port, join(home, '.local/state/spot-expander/localhost.crt'));
      // A line is about 600 bytes: a thousand are more than any pipe holds.
      for (let batch = 0; batch < 20; batch++) {
        const one = client;
        await Promise.all(Array.from({ length: 50 }, () => one.bestOptions(smallRequest)));
      }
      await answersInTime(client);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('answers in time when its log is on a full disk, and counts the lines', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const [port, httpPort] = [await freePort(), await freePort()];
    const address = ['--grpc-listen', `127.0.0.1:${port}`, '--http-listen', `127.0.0.1:${httpPort}`];
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [entry, 'serve', ...address], {
      env: bareEnvironment(home),
      stdio: ['ignore', full, 'ignore'],
    });
    try {
      await eventually(async () => (await fetch(`http://127.0.0.1:${httpPort}/readyz`)).ok);
      client = asker(port, join(home, '.local/state/spot-expander/localhost.crt'));
      await answersInTime(client);
      const metrics = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
      expect(Number(/^spot_log_lines_lost_total (\d+)$/m.exec(metrics)?.[1])).to.be.above(2);
    } finally {
      child.kill('SIGKILL');
      closeSync(full);
    }
  });

  it('answers in time when recordings cannot be written', async () => {
    const directory = join(home, 'recordings');
    mkdirSync(directory);
    const one = await start(['--record', directory]);
    await answersInTime(one);
    replaceByFile(directory);
    await answersInTime(one);
  });
});

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const started = performance.now();
  while (!(await holds().catch(() => false))) {
    if (performance.now() - started > 15_000) throw new Error('the server did not become ready');
    await passed(50);
  }
}

/** The recorder may make its directory anew in between; then once more. */
function replaceByFile(directory: string): void {
  for (let attempt = 0; attempt < 50; attempt++) {
    rmSync(directory, { recursive: true, force: true });
    try {
      writeFileSync(directory, 'a file where the directory was');
      return;
    } catch {
      // It is there again.
    }
  }
  throw new Error(`${directory} comes back every time`);
}

interface SilentPeer {
  readonly port: number;
  readonly close: () => void;
}

/** Takes connections and never says a word. */
async function silentPeer(): Promise<SilentPeer> {
  const sockets = new Set<Socket>();
  const peer: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  return {
    port: (peer.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      peer.close();
    },
  };
}
