import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { CertificateFiles } from '../src/adapters/files/dev-certificate.ts';
import { background } from './background.ts';

const entry = new URL('../dist/processes/main.js', import.meta.url).pathname;

/** The server that is measured. */
export interface OurServer {
  readonly address: string;
  /** Undefined when it was started elsewhere (`--server`). */
  readonly pid: number | undefined;
  readonly stop: () => Promise<void>;
}

/** Runs the built `serve` as an operator would, on free ports. */
export async function startedServer(
  certificate: CertificateFiles,
  directory: string,
  more: readonly string[] = [],
): Promise<OurServer> {
  if (!existsSync(entry)) throw new Error('dist/ is not built: npm run build');
  const port = await freePort();
  const server = background(
    process.execPath,
    [
      entry,
      'serve',
      ...['--grpc-listen', `127.0.0.1:${port}`, '--http-listen', `127.0.0.1:${await freePort()}`],
      ...[
        '--tls-cert',
        certificate.certFile,
        '--tls-key',
        certificate.keyFile,
        '--state-dir',
        join(directory, 'state'),
      ],
      ...more,
    ],
    join(directory, 'ours.log'),
  );
  await server.line((line) => /"msg":"[^"]*listening/.test(line), 30_000);
  return { address: `localhost:${port}`, pid: server.pid, stop: server.stop };
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
