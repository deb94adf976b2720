import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

/** The program as built. */
export const entry = new URL('../../dist/processes/main.js', import.meta.url).pathname;

/** A run of the built program. */
export interface Run {
  /** Every line of standard output so far. */
  readonly lines: readonly string[];
  readonly stderr: () => string;
  /** Waits for a line that the test accepts; fails when the program ends first. */
  readonly line: (accepts: (line: string) => boolean, what: string) => Promise<string>;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly exitCode: Promise<number | null>;
  readonly stop: () => Promise<void>;
}

/** Environment of an operator who has set nothing: no AWS, no cluster, a home of their own. */
export function bareEnvironment(
  home: string,
  more: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const path = process.env['PATH'];
  return { ...(path === undefined ? {} : { PATH: path }), HOME: home, ...more };
}

export function run(args: readonly string[], environment: NodeJS.ProcessEnv): Run {
  const child = spawn(process.execPath, [entry, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let stderr = '';
  let ended = false;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const look of [...waiting]) look();
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    wake();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exitCode = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      ended = true;
      resolve(code);
      wake();
    });
  });
  return {
    lines,
    stderr: () => stderr,
    exitCode,
    line: (accepts, what) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find(accepts);
          if (found === undefined && !ended) return;
          waiting.delete(look);
          if (found !== undefined) resolve(found);
          else reject(new Error(`the program ended without ${what}:\n${lines.join('\n')}\n${stderr}`));
        };
        waiting.add(look);
        look();
      }),
    signal: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGKILL');
      await exitCode;
    },
  };
}

export interface Served extends Run {
  readonly port: number;
  readonly httpPort: number;
}

/** `serve` on two free ports, up to the line that says it listens. */
export async function served(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Served> {
  const [port, httpPort] = [await freePort(), await freePort()];
  const started = run(
    ['serve', '--grpc-listen', `127.0.0.1:${port}`, '--http-listen', `127.0.0.1:${httpPort}`, ...args],
    environment,
  );
  await started.line((line) => /"msg":"[^"]*listening/.test(line), 'saying that it listens');
  return { ...started, port, httpPort };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
