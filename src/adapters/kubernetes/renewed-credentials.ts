import { spawn } from 'node:child_process';
import type { RequestOptions } from 'node:https';
import type { User } from '@kubernetes/client-node/dist/config_types.js';
import type { Credential } from '@kubernetes/client-node/dist/exec_auth.js';
import { messageOf } from '../../errors/message-of.ts';
import { ExecAuth } from './client-config.ts';
import { bearerFile } from './bearer-file.ts';
import { fieldsOf, listOf, textOf } from './kube-objects.ts';

/** An authenticator of the library that can be told that its credential was refused: the next request asks for another. */
export interface RenewedAuthenticator {
  isAuthProvider(user: User): boolean;
  applyAuthentication(user: User, options: RequestOptions): Promise<void>;
  readonly renew: () => void;
}

/** Names of ours, so that the library's own authenticators for files and commands, which ask again too late, step aside. */
const [byFile, byCommand] = ['token file, read again', 'credential command, run again'];

const commandLimitMs = 30_000;
const renewBeforeMs = 60_000;

export function userWithTokenFile(user: User, path: string): User {
  return { ...user, authProvider: { name: byFile, config: { path } } };
}

export function userWithCommand(user: User): User {
  return {
    ...user,
    exec: undefined,
    authProvider: { name: byCommand, config: { plugin: fieldsOf(user.exec) } },
  };
}

/** A token file, read again when it has changed and after a refusal. */
export function tokenFileAuthenticator(path: string): RenewedAuthenticator {
  const bearer = bearerFile(path);
  let isRefused = false;
  return {
    isAuthProvider: (user) => named(user) === byFile,
    async applyAuthentication(_user, options) {
      options.headers = Object.assign(options.headers ?? {}, { Authorization: await bearer(isRefused) });
      isRefused = false;
    },
    renew: () => (isRefused = true),
  };
}

/**
 * The command of a kubeconfig (`aws eks get-token` and its like), as the library runs it; besides it is told the version
 * that is spoken, ends after half a minute, and is run again shortly before its credential expires and after a refusal.
 */
export function commandAuthenticator(
  environment: Readonly<Record<string, string | undefined>>,
): RenewedAuthenticator {
  let known: Record<string, Credential | null> = {};
  function fresh(): ExecAuth {
    known = {};
    const auth = new ExecAuth();
    Object.assign(auth, {
      tokenCache: known,
      execFn: (command: string, args: readonly string[] = [], options: { env?: NodeJS.ProcessEnv } = {}) =>
        spawn(command, args, { ...options, timeout: commandLimitMs }),
    });
    return auth;
  }
  let auth = fresh();
  let running: Promise<void> = Promise.resolve();
  return {
    isAuthProvider: (user) => named(user) === byCommand,
    async applyAuthentication(user, options) {
      const plugin = pluginOf(user);
      // One command at a time, however many requests wait for it.
      const before = running.catch(() => undefined);
      running = before.then(async () => {
        if (Object.values(known).some(expiresSoon)) auth = fresh();
        try {
          await auth.applyAuthentication({ name: user.name, exec: inherited(plugin, environment) }, options);
        } catch (error) {
          throw new Error(`${plugin.command} gave no credential: ${messageOf(error)}`, { cause: error });
        }
      });
      await running;
    },
    renew: () => (auth = fresh()),
  };
}

interface Plugin {
  readonly command: string;
  readonly args: readonly string[];
  readonly apiVersion: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

/** Such commands live by PATH and the AWS variables: the child inherits ours. */
function inherited(plugin: Plugin, environment: Readonly<Record<string, string | undefined>>): unknown {
  const apiVersion = plugin.apiVersion === '' ? 'client.authentication.k8s.io/v1' : plugin.apiVersion;
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
  const ours = Object.entries(environment).map(([name, value]) => ({ name, value }));
  return {
    ...plugin,
    env: [...ours, ...plugin.env, { name: 'KUBERNETES_EXEC_INFO', value: info }],
  };
}

function expiresSoon(credential: Credential | null): boolean {
  const expires = credential?.status.expirationTimestamp;
  return expires !== undefined && Date.parse(expires) < Date.now() + renewBeforeMs;
}

function named({ authProvider }: User): unknown {
  return fieldsOf(authProvider)['name'];
}

function pluginOf({ authProvider }: User): Plugin {
  const plugin = fieldsOf(fieldsOf(fieldsOf(authProvider)['config'])['plugin']);
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  return {
    command: textOf(plugin['command']),
    args: texts(plugin['args']),
    apiVersion: textOf(plugin['apiVersion']),
    env: listOf(plugin['env']).map((one) => ({ name: textOf(one['name']), value: textOf(one['value']) })),
  };
}
