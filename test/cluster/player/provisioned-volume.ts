import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeApi } from '../kube-api.ts';
import type { Claim } from './pod-types.ts';

/** A volume of this machine for a claim that waits for one: the part of a storage provisioner. */
export async function volumeFor(claim: Claim, api: KubeApi, directory: string): Promise<void> {
  const { metadata, spec, status } = claim;
  if (status?.phase === 'Bound' || spec.volumeName !== undefined || metadata.deletionTimestamp !== undefined)
    return;
  const path = join(directory, `${metadata.namespace}_${metadata.name}`);
  mkdirSync(path, { recursive: true });
  await api.create('/api/v1/persistentvolumes', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pv-${metadata.uid}` },
    spec: {
      capacity: { storage: spec.resources.requests.storage },
      accessModes: spec.accessModes,
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: spec.storageClassName ?? '',
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
      },
      hostPath: { path },
    },
  });
}
