/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return -- Kubernetes objects are free-form JSON here, as they are on the wire */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { helmTools } from '../../scripts/helm-tools.ts';

// Kubernetes objects are free-form JSON here, as they are on the wire.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type KubeObject = Record<string, any>;

export const chartPath = fileURLToPath(new URL('../../charts/spot-expander', import.meta.url));

const tools = helmTools();
if (typeof tools === 'string') throw new Error(tools);
export const helms = { 'helm 3': tools.helm3, 'helm 4': tools.helm4 } as const;
export type Helm = keyof typeof helms;

export interface Rendering {
  readonly helm?: Helm;
  readonly release?: string;
  readonly namespace?: string;
  readonly values?: object;
  /** What the cluster knows beside Kubernetes' own kinds. */
  readonly apis?: readonly string[];
}

export interface Helped {
  readonly code: number;
  readonly text: string;
}

export function helm(which: Helm, args: readonly string[], input = ''): Helped {
  const { status, stdout, stderr } = spawnSync(helms[which], args, {
    encoding: 'utf8',
    input,
    env: { ...process.env, KUBECONFIG: '/nonexistent' },
    timeout: 60_000,
  });
  return { code: status ?? 1, text: status === 0 ? stdout : stderr };
}

/** The objects that the chart makes of the values. @throws with helm's words when it refuses them. */
export function rendered({
  helm: which = 'helm 4',
  release = 'se',
  namespace = 'spot',
  values = {},
  apis = [],
}: Rendering = {}): readonly KubeObject[] {
  const { code, text } = helm(
    which,
    ['template', release, chartPath, '-n', namespace, '-f', '-', ...apis.flatMap((api) => ['-a', api])],
    stringify({ region: 'ap-south-1', ...values }),
  );
  if (code !== 0) throw new Error(text);
  return parseAllDocuments(text)
    .map((document): unknown => document.toJS())
    .filter((object): object is KubeObject => object !== null);
}

/** What Helm prints after an install, without a cluster. */
export function notes(values: object = {}, release = 'se', namespace = 'spot'): string {
  const { code, text } = helm(
    'helm 4',
    ['install', release, chartPath, '-n', namespace, '-f', '-', '--dry-run=client'],
    stringify({ region: 'ap-south-1', ...values }),
  );
  if (code !== 0) throw new Error(text);
  return text.slice(text.indexOf('\nNOTES:\n') + '\nNOTES:\n'.length);
}

export function one(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.filter((object) => object['kind'] === kind && object['metadata'].name === name);
  if (found.length !== 1) throw new Error(`${found.length} objects are ${kind} ${name}`);
  return found[0] ?? {};
}

export function kindsOf(objects: readonly KubeObject[]): readonly string[] {
  return objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).toSorted();
}

export interface PodOf {
  readonly name: string;
  readonly spec: KubeObject;
}

/** The pods that the objects lead to. */
export function podsOf(objects: readonly KubeObject[]): readonly PodOf[] {
  return objects.flatMap(({ kind, metadata, spec }) => {
    const pod = {
      Pod: () => spec,
      Deployment: () => spec.template.spec,
      DaemonSet: () => spec.template.spec,
      Job: () => spec.template.spec,
      CronJob: () => spec.jobTemplate.spec.template.spec,
    }[kind as string];
    return pod === undefined ? [] : [{ name: `${kind}/${metadata.name}`, spec: pod() }];
  });
}

export function configOf(objects: readonly KubeObject[], name: string): KubeObject {
  return parse(one(objects, 'ConfigMap', name)['data']['config.yaml']) as KubeObject;
}
