import type { ClusterApis } from './cluster-apis.ts';

/**
 * Sets one key of a Secret that exists; other keys stay. The right to patch that one Secret is enough.
 * @throws ClusterUnavailable, also when the Secret does not exist or may not be written.
 */
export async function setSecretKey(
  { core, asked }: ClusterApis,
  secret: { readonly namespace: string; readonly name: string },
  key: string,
  value: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const body = { data: { [key]: Buffer.from(value).toString('base64') } };
  await asked((options) => core.patchNamespacedSecret({ ...secret, body }, options), signal, {
    patch: 'merge',
  });
}
