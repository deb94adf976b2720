import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { binaries, installedGoCommand, repository } from '../go-tools.ts';
import type { Tally } from './tally.ts';

const documents = ['README.md', 'docs/api.md'];
const documentedPorts = { grpc: '9443', http: '8000' };

/**
 * Runs every grpcurl and curl line of the documents as it stands, but for the ports, against a server of its own.
 * `$CACERT` and `$SERVER` are what the documents say they are.
 */
export async function documentedCalls(server: readonly string[] | undefined): Promise<Tally> {
  const commands = documents
    .filter((document) => existsSync(join(repository, document)))
    .flatMap((document) => callLines(readFileSync(join(repository, document), 'utf8')));
  if (server === undefined || commands.length === 0) {
    console.log(
      `documented calls: none to run (${server === undefined ? 'no server' : 'no line in the documents'})`,
    );
    return { passed: 0, failed: 0, skipped: 1 };
  }
  try {
    installedGoCommand('grpcurl', 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3');
  } catch (error) {
    console.log(`skipped: grpcurl cannot be had: ${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 0, skipped: commands.length };
  }
  const home = mkdtempSync(join(tmpdir(), 'spot-expander-home-'));
  const environment = homeEnvironment(home);
  const places = { grpc: await freePort(), http: await freePort() };
  const running = await startedServer(server, places, environment);
  try {
    const failures = commands.filter((command) => !works(command, places, environment));
    console.log(`documented calls: ${commands.length - failures.length} work, ${failures.length} fail`);
    return { passed: commands.length - failures.length, failed: failures.length, skipped: 0 };
  } finally {
    running.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
}

/** The commands that start with `grpcurl` or `curl` in fenced blocks; a backslash at the end of a line continues it. */
function callLines(markdown: string): readonly string[] {
  const blocks = [...markdown.matchAll(/^```(?:sh|bash|shell|console)[^\n]*\n([\s\S]*?)^```/gm)];
  return blocks
    .flatMap(([, block]) => (block ?? '').replaceAll(/\\\n\s*/g, ' ').split('\n'))
    .map((line) => line.replace(/^\$ /, '').trim())
    .filter((line) => /^(?:grpcurl|curl) /.test(line));
}

function works(command: string, places: Places, environment: NodeJS.ProcessEnv): boolean {
  const here = command
    .replaceAll(`:${documentedPorts.grpc}`, `:${places.grpc}`)
    .replaceAll(`:${documentedPorts.http}`, `:${places.http}`)
    .replace(/^curl /, 'curl --fail-with-body ');
  const { status, stdout, stderr } = spawnSync('bash', ['-c', here], {
    encoding: 'utf8',
    cwd: repository,
    env: {
      ...environment,
      PATH: `${binaries}:${environment['PATH'] ?? ''}`,
      SERVER: `localhost:${places.grpc}`,
      CACERT: join(environment['HOME'] ?? '', '.local/state/spot-expander/localhost.crt'),
    },
    timeout: 20_000,
  });
  if (status === 0 && stdout.trim() !== '') return true;
  console.log(`does not work (exit ${String(status)}): ${command}\n${stdout}${stderr}`);
  return false;
}

interface Places {
  readonly grpc: number;
  readonly http: number;
}

/** The state directory of a fresh user, where the development certificate of the documents lies. */
function homeEnvironment(home: string): NodeJS.ProcessEnv {
  const kept = ['PATH', 'LANG', 'GOPATH'].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  return { ...(Object.fromEntries(kept) as NodeJS.ProcessEnv), HOME: home };
}

async function startedServer(
  [command, ...entry]: readonly string[],
  places: Places,
  environment: NodeJS.ProcessEnv,
): Promise<ChildProcess> {
  const child = spawn(
    command ?? 'node',
    [
      ...entry,
      'serve',
      ...['--grpc-listen', `127.0.0.1:${places.grpc}`, '--http-listen', `127.0.0.1:${places.http}`],
    ],
    { env: environment, cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (/"msg":"[^"]*listening/.test(line)) resolve();
    });
    child.on('close', (code) =>
      reject(new Error(`the server ended with ${String(code)} before it listened`)),
    );
  });
  return child;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
