import { refused, type KubeClient } from './kube-client.ts';

/**
 * Sets one key of a Secret that exists; other keys stay. The right to patch that one Secret is enough.
 * @throws ClusterUnavailable, also when the Secret does not exist or may not be written.
 */
export async function setSecretKey(
  client: KubeClient,
  secret: { readonly namespace: string; readonly name: string },
  key: string,
  value: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const path = `/api/v1/namespaces/${encodeURIComponent(secret.namespace)}/secrets/${encodeURIComponent(secret.name)}`;
  const answer = await client.call(
    {
      method: 'PATCH',
      path,
      contentType: 'application/merge-patch+json',
      body: { data: { [key]: Buffer.from(value).toString('base64') } },
    },
    signal,
  );
  if (answer.status !== 200) throw refused(`PATCH ${path}`, answer);
}
