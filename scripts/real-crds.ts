/**
 * The definitions that cert-manager, the Prometheus operator and Karpenter publish for their objects, as their Go modules carry
 * them: with these a control plane takes or refuses our objects as a cluster would that runs the real things.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { goVersion, howToGetGo, repository } from './go-tools.ts';

const modules: readonly { readonly module: string; readonly files: readonly string[] }[] = [
  {
    module: 'github.com/cert-manager/cert-manager@v1.18.2',
    files: [
      'deploy/crds/crd-certificaterequests.yaml',
      'deploy/crds/crd-certificates.yaml',
      'deploy/crds/crd-clusterissuers.yaml',
      'deploy/crds/crd-issuers.yaml',
    ],
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    files: [
      'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml',
      'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
      'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
    ],
  },
  {
    module: 'sigs.k8s.io/karpenter@v1.6.0',
    files: ['pkg/apis/crds/karpenter.sh_nodeclaims.yaml', 'pkg/apis/crds/karpenter.sh_nodepools.yaml'],
  },
];

export interface Definition {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: unknown;
}

/** The definitions, fetched into Go's module cache where they are missing; a sentence where they cannot be had. */
export function realCrds(): readonly Definition[] | string {
  if (goVersion() === undefined) return howToGetGo;
  const found: Definition[] = [];
  for (const { module, files } of modules) {
    const { status, stdout, stderr } = spawnSync('go', ['mod', 'download', '-json', module], {
      encoding: 'utf8',
      cwd: repository,
      timeout: 120_000,
    });
    const folder = status === 0 ? folderIn(stdout) : undefined;
    if (folder === undefined) return `${module} cannot be had: ${(stderr || stdout).trim()}`;
    found.push(...files.map((file) => definition(readFileSync(join(folder, file), 'utf8'))));
  }
  return found;
}

/** cert-manager's labels and annotations are templates of its chart, in comments and quotes: they are left out. */
function definition(text: string): Definition {
  const { apiVersion, kind, metadata, spec } = parse(text) as Definition;
  // Kubernetes wants this word of whoever brings definitions under names that it guards.
  const approved = metadata.annotations?.['api-approved.kubernetes.io'];
  return {
    apiVersion,
    kind,
    metadata: {
      name: metadata.name,
      annotations: approved === undefined ? {} : { 'api-approved.kubernetes.io': approved },
    },
    spec,
  };
}

function folderIn(answer: string): string | undefined {
  const parsed: unknown = JSON.parse(answer);
  if (typeof parsed !== 'object' || parsed === null || !('Dir' in parsed)) return undefined;
  return typeof parsed.Dir === 'string' ? parsed.Dir : undefined;
}

if (import.meta.main) {
  const found = realCrds();
  if (typeof found === 'string') throw new Error(found);
  for (const { metadata } of found) console.log(metadata.name);
}
