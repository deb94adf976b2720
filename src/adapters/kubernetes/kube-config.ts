import { readFile } from 'node:fs/promises';
import { delimiter, dirname, resolve } from 'node:path';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { parse } from 'yaml';
import { messageOf } from '../../errors/message-of.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { KubeConfig } from './client-config.ts';
import { inCluster, serviceAccountDirectory } from './in-cluster.ts';
import { fieldsOf, listOf, textOf } from './kube-objects.ts';
import {
  commandAuthenticator,
  tokenFileAuthenticator,
  userWithCommand,
  userWithTokenFile,
} from './renewed-credentials.ts';

/** The library's configuration of one cluster and one user. */
export interface ClusterConfig {
  readonly config: KubeConfig;
  readonly cluster: Cluster;
  readonly user: User;
  readonly namespace: string;
  /** A credential was refused: the next request gets another. */
  readonly renew: () => void;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A kubeconfig file (or several, as KUBECONFIG may list them), or the pod's own service account when there is none.
 * @throws UsageError when neither can be used.
 */
export async function clusterConfig(
  kubeconfig: string | undefined,
  environment: Environment,
  directory = serviceAccountDirectory,
): Promise<ClusterConfig> {
  return kubeconfig === undefined
    ? podConfig(environment, directory)
    : kubeconfigConfig(kubeconfig, environment);
}

async function podConfig(environment: Environment, directory: string): Promise<ClusterConfig> {
  const { server, namespace, tokenFile } = await inCluster(environment, directory);
  const cluster = { name: 'pod', server, caFile: `${directory}/ca.crt`, skipTLSVerify: false };
  return configured(
    cluster,
    userWithTokenFile({ name: 'pod' }, tokenFile),
    namespace,
    environment,
    tokenFile,
  );
}

type Refuse = (why: string, cause?: unknown) => never;

/** Files that do not exist are passed over among several, and of two entries of one name the first counts, as kubectl has it. */
async function kubeconfigConfig(paths: string, environment: Environment): Promise<ClusterConfig> {
  const refuse: Refuse = (why, cause) => {
    throw new UsageError([`kubeconfig ${paths}: ${why}`], { cause });
  };
  const files = await readFiles(paths, refuse);
  const contextName = files
    .map(({ config }) => config.getCurrentContext())
    .find((name) => textOf(name) !== '');
  const context =
    first(files, ({ config }) => config.contexts.find(({ name }) => name === contextName)) ??
    refuse(`has no context ${String(contextName)}`);
  const cluster =
    first(files, ({ config }) => config.clusters.find(({ name }) => name === context.cluster)) ??
    refuse(`has no cluster ${context.cluster}`);
  const [user, tokenFile] = first(files, (file) => userIn(file, context.user)) ?? [
    { name: 'nobody' },
    undefined,
  ];
  for (const path of [cluster.caFile, user.certFile, user.keyFile])
    if (path !== undefined) await readFile(path).catch((error: unknown) => refuse(messageOf(error), error));
  return configured(cluster, user, context.namespace ?? 'default', environment, tokenFile);
}

function configured(
  cluster: Cluster,
  user: User,
  namespace: string,
  environment: Environment,
  tokenFile: string | undefined,
): ClusterConfig {
  const config = new KubeConfig();
  const byCommand = commandAuthenticator(environment);
  const byFile = tokenFile === undefined ? undefined : tokenFileAuthenticator(tokenFile);
  config.addAuthenticator(byCommand);
  if (byFile !== undefined) config.addAuthenticator(byFile);
  // Without TLS there is nothing to verify, and the library refuses such a server unless it is told so.
  const named = cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster;
  config.loadFromClusterAndUser(named, user);
  return {
    config,
    cluster: named,
    user,
    namespace,
    renew: () => {
      byCommand.renew();
      byFile?.renew();
    },
  };
}

interface KubeconfigFile {
  readonly config: KubeConfig;
  readonly directory: string;
  /** `tokenFile` of users by name: the library does not read it. */
  readonly tokenFiles: ReadonlyMap<string, string>;
}

async function readFiles(paths: string, refuse: Refuse): Promise<readonly KubeconfigFile[]> {
  const all = paths.split(delimiter).filter((path) => path !== '');
  const files: KubeconfigFile[] = [];
  for (const path of all) {
    const text = await readFile(path, 'utf8').catch((error: unknown) =>
      all.length > 1 && isMissing(error) ? undefined : refuse(messageOf(error), error),
    );
    if (text !== undefined) files.push(kubeconfigFile(path, text, refuse));
  }
  return files.length > 0 ? files : refuse('none of these files exists');
}

function kubeconfigFile(path: string, text: string, refuse: Refuse): KubeconfigFile {
  const document = parsed(text, refuse);
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    refuse(`${path} is not a mapping`);
  const directory = dirname(path);
  const config = new KubeConfig();
  try {
    config.loadFromString(JSON.stringify(document));
  } catch (error) {
    refuse(`${path}: ${messageOf(error)}`, error);
  }
  config.makePathsAbsolute(resolve(directory));
  const tokenFiles = listOf(fieldsOf(document)['users']).flatMap((one) => {
    const tokenFile = textOf(fieldsOf(one['user'])['tokenFile']);
    return tokenFile === '' ? [] : [[textOf(one['name']), resolve(directory, tokenFile)] as const];
  });
  return { config, directory, tokenFiles: new Map(tokenFiles) };
}

function userIn(
  { config, tokenFiles }: KubeconfigFile,
  name: string | undefined,
): readonly [user: User, tokenFile: string | undefined] | undefined {
  const user = config.users.find((one) => one.name === name);
  if (user === undefined) return undefined;
  const tokenFile = tokenFiles.get(user.name);
  const hasCommand = user.exec !== undefined && user.exec !== null;
  if (hasCommand) return [userWithCommand(user), undefined];
  return tokenFile === undefined ? [user, undefined] : [userWithTokenFile(user, tokenFile), tokenFile];
}

function parsed(text: string, refuse: Refuse): unknown {
  try {
    return parse(text);
  } catch (error) {
    return refuse(`is not YAML: ${messageOf(error)}`, error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function first<T, R>(all: readonly T[], found: (one: T) => R | undefined): R | undefined {
  for (const one of all) {
    const result = found(one);
    if (result !== undefined) return result;
  }
  return undefined;
}
