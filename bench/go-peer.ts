import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { builtGoCommand } from '../scripts/go-tools.ts';
import type { CertificateFiles } from '../src/adapters/files/dev-certificate.ts';
import { background, type Background } from './background.ts';

/** What `peer call` and `peer decode` say of one target. */
export interface Timing {
  readonly name: string;
  readonly bytes: number;
  readonly calls: number;
  readonly failures: number;
  readonly firstError?: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perSecond: number;
}

/** The Go program of test/conformance: two expanders, a client with a stopwatch, a long link. */
export interface GoPeer {
  /** Decodes into v1.Pod and v1.Node, as generated code does for 1.24–1.34.1. */
  readonly typed: string;
  /** Keeps pods and nodes as bytes, as generated code does for 1.35 and later. */
  readonly bytes: string;
  readonly typedPid: number;
  readonly bytesPid: number;
  /** Calls each target in turn. */
  readonly call: (
    targets: Readonly<Record<string, string>>,
    args: readonly string[],
  ) => Promise<ReadonlyMap<string, Timing>>;
  readonly decode: (file: string, calls: number) => Promise<ReadonlyMap<string, Timing>>;
  /** A link to an address with a delay each way. */
  readonly longLink: (
    to: string,
    oneWay: string,
  ) => Promise<{ readonly address: string; readonly stop: () => Promise<void> }>;
  readonly writeRequest: (file: string, args: readonly string[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const run = promisify(execFile);

export async function startedPeer(
  certificate: CertificateFiles,
  roots: string,
  directory: string,
): Promise<GoPeer> {
  const program = builtGoCommand('peer');
  const listening = async (name: string, args: readonly string[]): Promise<readonly [string, Background]> => {
    const process = background(program, args, join(directory, `${name}.log`));
    const line = await process.line((text) => text.includes('"listening"'), 10_000);
    const { address } = JSON.parse(line) as { readonly address: string };
    return [address, process];
  };
  const serve = (decode: string) =>
    listening(decode, [
      'serve',
      ...[
        '--listen',
        '127.0.0.1:0',
        '--cert',
        certificate.certFile,
        '--key',
        certificate.keyFile,
        '--decode',
        decode,
      ],
    ]);
  const [[typed, typedProcess], [bytes, bytesProcess]] = await Promise.all([serve('typed'), serve('bytes')]);
  return {
    typed,
    bytes,
    typedPid: typedProcess.pid,
    bytesPid: bytesProcess.pid,
    call: async (targets, args) => {
      const named = Object.entries(targets).flatMap(([name, address]) => ['--target', `${name}=${address}`]);
      const timings = timingsOf((await run(program, ['call', '--ca', roots, ...named, ...args])).stdout);
      for (const { name, failures, firstError } of timings.values())
        if (failures > 0) throw new Error(`${failures} calls to ${name} failed: ${firstError ?? ''}`);
      return timings;
    },
    decode: async (file, calls) =>
      timingsOf((await run(program, ['decode', '--file', file, '--calls', String(calls)])).stdout),
    longLink: async (to, oneWay) => {
      const args = ['delay', '--listen', '127.0.0.1:0', '--to', to, '--one-way', oneWay];
      const [address, process] = await listening(`link-${to.replaceAll(/\W/g, '-')}`, args);
      return { address, stop: process.stop };
    },
    writeRequest: async (file, args) => {
      await run(program, ['call', '--write', file, ...args]);
    },
    stop: async () => {
      await Promise.all([typedProcess.stop(), bytesProcess.stop()]);
    },
  };
}

function timingsOf(lines: string): ReadonlyMap<string, Timing> {
  const timings = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Timing);
  return new Map(timings.map((timing) => [timing.name, timing]));
}

/** The timing of a name that was called. */
export function timing(timings: ReadonlyMap<string, Timing>, name: string): Timing {
  const found = timings.get(name);
  if (found === undefined) throw new Error(`nothing was measured of ${name}`);
  return found;
}
