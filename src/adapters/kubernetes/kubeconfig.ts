import { readFile } from 'node:fs/promises';
import { delimiter, dirname, resolve } from 'node:path';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';

export interface ExecPlugin {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly apiVersion: string;
}

export interface KubeconfigEntry {
  readonly namespace: string;
  readonly cluster: {
    readonly server: string;
    readonly ca: string | undefined;
    readonly serverName: string | undefined;
    readonly skipVerify: boolean;
  };
  readonly user: {
    readonly token: string | undefined;
    readonly tokenFile: string | undefined;
    readonly clientCertificate: string | undefined;
    readonly clientKey: string | undefined;
    readonly exec: ExecPlugin | undefined;
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Paths in a file are relative to it, so that each entry remembers where it came from. */
interface Found {
  readonly value: Fields;
  readonly directory: string;
}

interface ConfigFile {
  readonly config: Fields;
  readonly directory: string;
}

type Refuse = (why: string, cause?: unknown) => never;

/**
 * The current context of a kubeconfig file, or of several with the system's path delimiter between them, as KUBECONFIG
 * may name them: files that do not exist are passed over, and of two entries of one name the first counts.
 * @throws UsageError that names the file and what is missing in it.
 */
export async function kubeconfigEntry(paths: string): Promise<KubeconfigEntry> {
  const refuse: Refuse = (why, cause) => {
    throw new UsageError([`kubeconfig ${paths}: ${why}`], { cause });
  };
  const files = await configFiles(paths, refuse);
  const contextName = files
    .map(({ config }) => config['current-context'])
    .find((name) => string(name) !== undefined);
  const context =
    named(files, 'contexts', contextName, 'context')?.value ??
    refuse(`has no context ${String(contextName)}`);
  const cluster =
    named(files, 'clusters', context['cluster'], 'cluster') ??
    refuse(`has no cluster ${String(context['cluster'])}`);
  const user = named(files, 'users', context['user'], 'user') ?? { value: {}, directory: '' };
  const server = string(cluster.value['server']) ?? refuse('its cluster has no server');
  const material = async ({ value, directory }: Found, key: string): Promise<string | undefined> => {
    const data = string(value[`${key}-data`]);
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
    const file = string(value[key]);
    if (file === undefined) return undefined;
    return readFile(resolve(directory, file), 'utf8').catch((error: unknown) => refuse(words(error), error));
  };
  const tokenFile = string(user.value['tokenFile']);
  return {
    namespace: string(context['namespace']) ?? 'default',
    cluster: {
      server,
      ca: await material(cluster, 'certificate-authority'),
      serverName: string(cluster.value['tls-server-name']),
      skipVerify: cluster.value['insecure-skip-tls-verify'] === true,
    },
    user: {
      token: string(user.value['token']),
      tokenFile: tokenFile === undefined ? undefined : resolve(user.directory, tokenFile),
      clientCertificate: await material(user, 'client-certificate'),
      clientKey: await material(user, 'client-key'),
      exec: execPlugin(fields(user.value['exec'])),
    },
  };
}

async function configFiles(paths: string, refuse: Refuse): Promise<readonly ConfigFile[]> {
  const { parse } = await import('yaml');
  const all = paths.split(delimiter).filter((path) => path !== '');
  const files: ConfigFile[] = [];
  for (const path of all) {
    const text = await readFile(path, 'utf8').catch((error: unknown) =>
      all.length > 1 && isMissing(error) ? undefined : refuse(words(error), error),
    );
    if (text === undefined) continue;
    files.push({
      config: fields(parsed(text, parse, refuse)) ?? refuse(`${path} is not a mapping`),
      directory: dirname(path),
    });
  }
  return files.length > 0 ? files : refuse('none of these files exists');
}

function parsed(text: string, parse: (text: string) => unknown, refuse: Refuse): unknown {
  try {
    return parse(text);
  } catch (error) {
    return refuse(`is not YAML: ${words(error)}`, error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function words(error: unknown): string {
  return messageOf(error);
}

function execPlugin(exec: Fields | undefined): ExecPlugin | undefined {
  const command = string(exec?.['command']);
  if (exec === undefined || command === undefined) return undefined;
  const pairs = list(exec['env']).map(
    (one) => [string(one['name']) ?? '', string(one['value']) ?? ''] as const,
  );
  return {
    command,
    args: Array.isArray(exec['args']) ? exec['args'].map(String) : [],
    env: Object.fromEntries(pairs),
    apiVersion: string(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1',
  };
}

function named(files: readonly ConfigFile[], among: string, name: unknown, what: string): Found | undefined {
  for (const { config, directory } of files) {
    const value = fields(list(config[among]).find((one) => one['name'] === name)?.[what]);
    if (value !== undefined) return { value, directory };
  }
  return undefined;
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fields).filter((one) => one !== undefined) : [];
}

function fields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
