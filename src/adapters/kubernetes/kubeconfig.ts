import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../../errors/usage-error.ts';

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

/**
 * The current context of a kubeconfig file.
 * @throws UsageError that names the file and what is missing in it.
 */
export async function kubeconfigEntry(path: string): Promise<KubeconfigEntry> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new UsageError([`kubeconfig ${path}: ${why}`], { cause });
  };
  const text = await readFile(path, 'utf8').catch((error: unknown) =>
    refuse(error instanceof Error ? error.message : String(error), error),
  );
  const { parse } = await import('yaml');
  const config = fields(parse(text)) ?? refuse('is not a mapping');
  const contextName = config['current-context'];
  const context =
    named(config['contexts'], contextName, 'context') ?? refuse(`has no context ${String(contextName)}`);
  const cluster =
    named(config['clusters'], context['cluster'], 'cluster') ??
    refuse(`has no cluster ${String(context['cluster'])}`);
  const user = named(config['users'], context['user'], 'user') ?? {};
  const server = string(cluster['server']) ?? refuse('its cluster has no server');
  const material = async (holder: Fields, key: string): Promise<string | undefined> => {
    const data = string(holder[`${key}-data`]);
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
    const file = string(holder[key]);
    return file === undefined ? undefined : readFile(resolve(dirname(path), file), 'utf8');
  };
  const tokenFile = string(user['tokenFile']);
  return {
    namespace: string(context['namespace']) ?? 'default',
    cluster: {
      server,
      ca: await material(cluster, 'certificate-authority'),
      serverName: string(cluster['tls-server-name']),
      skipVerify: cluster['insecure-skip-tls-verify'] === true,
    },
    user: {
      token: string(user['token']),
      tokenFile: tokenFile === undefined ? undefined : resolve(dirname(path), tokenFile),
      clientCertificate: await material(user, 'client-certificate'),
      clientKey: await material(user, 'client-key'),
      exec: execPlugin(fields(user['exec'])),
    },
  };
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

function named(among: unknown, name: unknown, what: string): Fields | undefined {
  return fields(list(among).find((one) => one['name'] === name)?.[what]);
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
