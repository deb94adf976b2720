import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

/** Where what we build is kept; git ignores it. */
export const cache = join(root, '.cache', 'bin');
const version = 'v1.34.2';

/** The path of a program, ours or the machine's; undefined when it is not there. */
export async function found(name: string): Promise<string | undefined> {
  for (const directory of [cache, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    const path = join(directory, name);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

const ways: Readonly<Record<string, string>> = {
  etcd: 'apt-get install etcd-server',
  openssl: 'apt-get install openssl',
  controlplane: 'node scripts/cluster.ts build (needs Go)',
  kwok: 'node scripts/cluster.ts build (needs Go)',
};

/** What is missing for a cluster, each with how to get it; empty when all is there. */
export async function missingForCluster(): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const [name, way] of Object.entries(ways))
    if ((await found(name)) === undefined) missing.push(`${name}: ${way}`);
  return missing;
}

/** Builds what is missing and can be built. @throws when Go is missing or fails. */
export async function built(say: (line: string) => void): Promise<void> {
  await mkdir(cache, { recursive: true });
  const environment = { ...process.env, GOBIN: cache };
  const go = async (directory: string, what: string, ...args: string[]) => {
    say(`${what}: go ${args[0] ?? ''} …`);
    const sinceMs = Date.now();
    const heartbeat = setInterval(
      () => say(`${what}: still at it after ${Math.round((Date.now() - sinceMs) / 1_000)} s`),
      30_000,
    );
    try {
      await run('go', args, { cwd: directory, env: environment, maxBuffer: 64 * 1024 * 1024 });
    } finally {
      clearInterval(heartbeat);
    }
  };
  if ((await found('controlplane')) === undefined) {
    const at = 'k8s.io/component-base/version';
    const [major = '1', minor = '34'] = version.slice(1).split('.');
    const flags = `-s -w -X ${at}.gitVersion=${version} -X ${at}.gitMajor=${major} -X ${at}.gitMinor=${minor}`;
    const output = join(cache, 'controlplane');
    const args = ['build', '-buildvcs=false', '-trimpath', '-ldflags', flags, '-o', output, '.'];
    await go(
      join(root, 'test/cluster/controlplane'),
      'control plane (about nine minutes the first time)',
      ...args,
    );
  }
  if ((await found('kwok')) === undefined)
    await go(root, 'kwok', 'install', 'sigs.k8s.io/kwok/cmd/kwok@v0.6.1');
  if ((await found('ec2-metadata-mock')) === undefined)
    await go(
      root,
      "AWS's metadata mock",
      'install',
      'github.com/aws/amazon-ec2-metadata-mock/cmd/ec2-metadata-mock@v1.13.0',
    );
}
