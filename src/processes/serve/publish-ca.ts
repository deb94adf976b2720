import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { z } from 'zod';
import type { ClusterApis } from '../../adapters/kubernetes/cluster-apis.ts';
import { setSecretKey } from '../../adapters/kubernetes/published-secret.ts';
import { agentSettings } from '../../config/agent-settings.ts';
import { setting } from '../../config/setting.ts';
import { durationMs, filePath } from '../../config/value-types.ts';
import { ClusterUnavailable } from '../../errors/cluster-unavailable.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { usualJitter } from '../../patience/pace.ts';
import { patiently } from '../../patience/patiently.ts';
import type { CommandContext } from '../command-context.ts';
import { openedCluster } from '../opened-cluster.ts';
import { readSettings, withSettings } from '../settings-command.ts';

const publishSettings = {
  scope: 'PUBLISH_CA',
  table: {
    from: setting(filePath, '/etc/spot-expander/ca/ca.crt', 'file', 'certificate authority, PEM'),
    to: setting(
      z.string().regex(/^[^/\s]+\/[^/\s]+$/, 'must be namespace/name of a Secret'),
      undefined,
      'namespace/name',
      'Secret that exists and gets it under the key ca.crt',
    ),
    kubeconfig: agentSettings.kubeconfig,
    api_timeout: agentSettings.api_timeout,
    timeout: setting(durationMs(), '2m', 'duration', 'for everything'),
  },
} as const;

/** `spot-expander publish-ca`: what clients verify the server by goes to where the autoscaler can mount it, and nothing else does. */
export function publishCaCommand(context: CommandContext): Command {
  return withSettings(new Command('publish-ca'), publishSettings, '0 copied, 1 not copied, 2 used wrongly')
    .description("copy the CA certificate into a Secret in the autoscaler's namespace")
    .action(async (options: Readonly<Record<string, unknown>>) => {
      const settings = readSettings(publishSettings, options, context);
      const certificate = await certificateIn(settings.from);
      const apis = await openedCluster(settings.kubeconfig, context.environment, {
        timeoutMs: settings.api_timeout,
        userAgent: 'spot-expander-publish-ca',
      });
      try {
        const signal = AbortSignal.any([AbortSignal.timeout(settings.timeout), context.signal]);
        await published(apis, settings.to, certificate, signal);
        context.writeOut(`the CA of ${settings.from} is in ${settings.to} as ca.crt\n`);
      } finally {
        apis.close();
      }
    });
}

/** Only certificates pass: a file that also holds a private key is refused. */
async function certificateIn(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UsageError([`${path} cannot be read: ${messageOf(error)}`], {
      cause: error,
    });
  });
  if (bytes.includes('PRIVATE KEY'))
    throw new UsageError([`${path} holds a private key; only the CA's certificate is to be published`]);
  try {
    new X509Certificate(bytes);
  } catch (cause) {
    throw new UsageError([`${path} is no PEM certificate`], { cause });
  }
  return bytes;
}

async function published(
  apis: ClusterApis,
  to: string,
  certificate: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const [namespace = '', name = ''] = to.split('/');
  await patiently(() => setSecretKey(apis, { namespace, name }, 'ca.crt', certificate, signal), {
    pace: { firstPauseMs: 1_000, greatestPauseMs: 10_000, jitter: usualJitter },
    attempts: Infinity,
    signal,
    isFinal: (error) => !(error instanceof ClusterUnavailable) || error.isFinal,
    askedMs: (error) => (error instanceof ClusterUnavailable ? error.retryAfterMs : undefined),
  });
}
