/** Builds the Dockerfile without a registry of images: the base comes from Debian's packages, Node and npm from npm. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from '../go-tools.ts';
import { buildah, imageCache } from './buildah.ts';

export interface BuiltImage {
  readonly name: string;
  readonly architecture: Architecture;
}

export type Architecture = 'amd64' | 'arm64';

/** Builds the program; a version of its own, so that the image does not hang on the machine that builds it. */
const npmVersion = '11.19.1';

/** A line of the secret npmrc that must not be found in the image. */
export const canary = 'never-in-a-layer-6f1d0c';

const npmName = { amd64: 'x64', arm64: 'arm64' } as const;

export const ownArchitecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/**
 * The image of one architecture. Another than this machine's is put together, not run: nothing of the Dockerfile runs on the
 * target's side.
 * @param revision becomes a label; a new one shows that labels are not those of an image in the layer cache.
 * @throws with the last words of the tool that failed.
 */
export function builtImage(architecture: Architecture, version: string, revision: string): BuiltImage {
  mkdirSync(imageCache, { recursive: true });
  const node = nodeImage(ownArchitecture);
  const target = architecture === ownArchitecture ? node : nodeImage(architecture);
  const name = `localhost/spot-expander:${architecture}`;
  const folder = mkdtempSync(join(tmpdir(), 'image-secrets-'));
  const npmrc = join(folder, 'npmrc');
  writeFileSync(npmrc, secretNpmrc(), { mode: 0o600 });
  const roots = process.env['NODE_EXTRA_CA_CERTS'];
  const secrets = [`id=npmrc,src=${npmrc}`, ...(roots === undefined ? [] : [`id=ca,src=${roots}`])];
  const values = {
    BASE_IMAGE: librariesImage(),
    BUILD_IMAGE: node,
    NODE_IMAGE: target,
    VERSION: version,
    REVISION: revision,
    TARGETARCH: architecture,
  };
  const before = workingContainers();
  try {
    buildah(
      'bud',
      ...['--isolation', 'chroot', '--pull-never', '--layers', '--timestamp', '0', '-t', name],
      ...Object.entries(values).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]),
      ...secrets.flatMap((secret) => ['--secret', secret]),
      '.',
    );
  } finally {
    rmSync(folder, { recursive: true });
    // buildah leaves the container, mounted, of a stage that only names an image.
    for (const left of workingContainers().filter((id) => !before.includes(id))) buildah('rm', left);
  }
  return { name, architecture };
}

function workingContainers(): readonly string[] {
  return buildah('containers', '-q')
    .split('\n')
    .filter((id) => id !== '');
}

/** This user's way to packages, and the canary as a token for a registry that nobody asks. */
function secretNpmrc(): string {
  const own = join(process.env['HOME'] ?? '/root', '.npmrc');
  return `${existsSync(own) ? readFileSync(own, 'utf8') : ''}\n//registry.invalid/:_authToken=${canary}\n`;
}

/** C and C++ libraries and nothing to run: what the public base is, where it cannot be pulled. No maintainer script runs. */
function librariesImage(): string {
  return imageOf(
    'localhost/debian:bookworm-libraries',
    join(imageCache, 'libraries.tar'),
    '--variant=extract',
    '--include=base-files,libc6,libgcc-s1,libstdc++6,tzdata',
  );
}

/** A Debian to build on. */
function debianImage(): string {
  return imageOf(
    'localhost/debian:bookworm-minimal',
    join(imageCache, 'base.tar'),
    '--variant=minbase',
    '--include=ca-certificates',
  );
}

/** An image of Debian packages; the archive is kept. */
function imageOf(name: string, archive: string, ...packages: readonly string[]): string {
  if (isThere(name)) return name;
  if (!existsSync(archive)) {
    run('mmdebstrap', ...packages, 'bookworm', `${archive}.part.tar`);
    renameSync(`${archive}.part.tar`, archive);
  }
  const container = buildah('from', 'scratch');
  buildah('add', '-q', container, archive, '/');
  buildah('commit', '-q', '--rm', container, name);
  return name;
}

/** A Debian with Node and, for this machine, npm, as the public image of Node has them. */
function nodeImage(architecture: Architecture): string {
  const name = `localhost/node:24-${architecture}`;
  if (isThere(name)) return name;
  const container = buildah('from', '--pull-never', debianImage());
  const folder = mkdtempSync(join(tmpdir(), 'node-'));
  try {
    const version = output(join(repository, 'node_modules/node/bin/node'), '--version').slice(1);
    const node = unpacked(`node-linux-${npmName[architecture]}`, version, folder);
    buildah('add', '-q', '--chmod', '755', container, join(node, 'bin/node'), '/usr/local/bin/node');
    if (architecture === ownArchitecture) {
      buildah('add', '-q', container, unpacked('npm', npmVersion, folder), '/usr/local/lib/node_modules/npm');
      const linked =
        'chmod 755 /usr/local/lib/node_modules/npm/bin/* && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm';
      buildah('run', '--isolation', 'chroot', container, '--', 'sh', '-c', linked);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  buildah('commit', '-q', '--rm', container, name);
  return name;
}

/** A package of the registry, in a folder of its own. */
function unpacked(name: string, version: string, folder: string): string {
  const into = join(folder, name);
  mkdirSync(into);
  run('npm', 'pack', '--silent', '--pack-destination', into, `${name}@${version}`);
  run('tar', 'xzf', join(into, `${name}-${version}.tgz`), '-C', into);
  return join(into, 'package');
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
