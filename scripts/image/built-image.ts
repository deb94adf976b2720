/** Builds the Dockerfile without a registry of images: the base comes from Debian's packages, Node and npm from npm. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../go-tools.ts';
import { buildah, imageCache } from './buildah.ts';

export interface BuiltImage {
  readonly name: string;
  readonly architecture: Architecture;
}

export type Architecture = 'amd64' | 'arm64';

const npmName = { amd64: 'x64', arm64: 'arm64' } as const;

export const ownArchitecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/**
 * The image of one architecture. Another than this machine's is put together, not run: nothing of the Dockerfile runs on the
 * target's side.
 * @throws with the last words of the tool that failed.
 */
export function builtImage(architecture: Architecture, version: string): BuiltImage {
  mkdirSync(imageCache, { recursive: true });
  const [base, node] = [baseImage(), nodeImage(ownArchitecture)];
  const target = architecture === ownArchitecture ? node : nodeImage(architecture);
  const name = `localhost/spot-expander:${architecture}`;
  const secrets = [
    ['npmrc', join(process.env['HOME'] ?? '/root', '.npmrc')],
    ['ca', process.env['NODE_EXTRA_CA_CERTS'] ?? ''],
  ].filter(([, path]) => path !== undefined && existsSync(path));
  buildah(
    'bud',
    ...['--isolation', 'chroot', '--pull-never', '--layers', '--timestamp', '0'],
    ...[
      '--build-arg',
      `BASE_IMAGE=${base}`,
      '--build-arg',
      `BUILD_IMAGE=${node}`,
      '--build-arg',
      `NODE_IMAGE=${target}`,
    ],
    ...['--build-arg', `VERSION=${version}`, '--build-arg', `TARGETARCH=${architecture}`],
    ...secrets.flatMap(([id, path]) => ['--secret', `id=${id},src=${path}`]),
    ...['-t', name, '.'],
  );
  return { name, architecture };
}

/** A Debian without anything but certificates. */
function baseImage(): string {
  const name = 'localhost/debian:bookworm-minimal';
  if (isThere(name)) return name;
  const archive = join(imageCache, 'base.tar');
  if (!existsSync(archive)) {
    run('mmdebstrap', '--variant=minbase', '--include=ca-certificates', 'bookworm', `${archive}.part.tar`);
    renameSync(`${archive}.part.tar`, archive);
  }
  const container = buildah('from', 'scratch');
  buildah('add', '-q', container, archive, '/');
  buildah('commit', '-q', '--rm', container, name);
  return name;
}

/** The base with Node and npm, as the public image of Node has them. */
function nodeImage(architecture: Architecture): string {
  const name = `localhost/node:24-${architecture}`;
  if (isThere(name)) return name;
  const container = buildah('from', '--pull-never', baseImage());
  const folder = mkdtempSync(join(tmpdir(), 'node-'));
  try {
    const version = output(join(repository, 'node_modules/node/bin/node'), '--version').slice(1);
    run(
      'npm',
      'pack',
      '--silent',
      '--pack-destination',
      folder,
      `node-linux-${npmName[architecture]}@${version}`,
    );
    run('tar', 'xzf', join(folder, `node-linux-${npmName[architecture]}-${version}.tgz`), '-C', folder);
    buildah(
      'add',
      '-q',
      '--chmod',
      '755',
      container,
      join(folder, 'package/bin/node'),
      '/usr/local/bin/node',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  if (architecture === ownArchitecture) {
    buildah(
      'add',
      '-q',
      container,
      join(output('npm', 'root', '-g'), 'npm'),
      '/usr/local/lib/node_modules/npm',
    );
    buildah(
      'run',
      '--isolation',
      'chroot',
      container,
      '--',
      'sh',
      '-c',
      'chmod 755 /usr/local/lib/node_modules/npm/bin/* && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm',
    );
  }
  buildah('commit', '-q', '--rm', container, name);
  return name;
}

function isThere(name: string): boolean {
  return buildah('images', '--format', '{{.Name}}:{{.Tag}}').split('\n').includes(name);
}

function output(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr.trim()}`);
}

function run(command: string, ...args: readonly string[]): void {
  output(command, ...args);
}
