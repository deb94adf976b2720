import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ClusterUnavailable } from '../../errors/cluster-unavailable.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { ExecPlugin } from './kubeconfig.ts';

const run = promisify(execFile);

const renewBeforeMs = 60_000;

/** A token from the command that a kubeconfig names (`aws eks get-token` and its like), kept until shortly before it expires. */
export function execCredential(
  plugin: ExecPlugin,
  environment: Readonly<Record<string, string | undefined>>,
): (fresh: boolean) => Promise<string | undefined> {
  let known: { readonly header: string; readonly untilMs: number } | undefined;
  return async (fresh) => {
    if (known !== undefined && !fresh && Date.now() < known.untilMs - renewBeforeMs) return known.header;
    const { token, expiresAtMs } = await credential(plugin, environment);
    known = { header: `Bearer ${token}`, untilMs: expiresAtMs };
    return known.header;
  };
}

async function credential(
  plugin: ExecPlugin,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly token: string; readonly expiresAtMs: number }> {
  const info = { apiVersion: plugin.apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  try {
    // Such commands live by PATH and the AWS variables: the child inherits ours.
    const env = { ...environment, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
    const { stdout } = await run(plugin.command, [...plugin.args], { timeout: 30_000, env });
    const answer: unknown = JSON.parse(stdout);
    const status =
      typeof answer === 'object' && answer !== null && 'status' in answer ? answer.status : undefined;
    if (
      typeof status === 'object' &&
      status !== null &&
      'token' in status &&
      typeof status.token === 'string'
    ) {
      const expires =
        'expirationTimestamp' in status ? Date.parse(String(status.expirationTimestamp)) : Infinity;
      return { token: status.token, expiresAtMs: Number.isNaN(expires) ? Infinity : expires };
    }
  } catch (error) {
    throw new ClusterUnavailable(`${plugin.command} gave no credential: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new ClusterUnavailable(`${plugin.command} gave no token`);
}
