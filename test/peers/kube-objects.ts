import type { KubeObject } from './kube-answers.ts';

/* Objects as a cluster on AWS has them, for the fake API server. */

/** What the Node of a Spot instance says of it. */
export function spotInstance({
  zone = 'ap-south-1a',
  type = 'c5.large',
  instanceId = 'i-0123456789abcdef0',
}: {
  zone?: string | undefined;
  type?: string | undefined;
  instanceId?: string | undefined;
}) {
  return {
    labels: {
      'node.kubernetes.io/instance-type': type,
      'topology.kubernetes.io/zone': zone,
      'topology.kubernetes.io/region': zone.slice(0, -1),
      'eks.amazonaws.com/capacityType': 'SPOT',
    },
    providerID: `aws:///${zone}/${instanceId}`,
  };
}

export function nodeObject(
  name: string,
  over: {
    instanceId?: string;
    zone?: string;
    type?: string;
    labels?: KubeObject;
    metadata?: KubeObject;
    spec?: KubeObject;
    status?: KubeObject;
  } = {},
): KubeObject {
  const { labels, providerID } = spotInstance(over);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      creationTimestamp: new Date(Date.now() - 3_600_000).toISOString(),
      labels: { ...labels, ...over.labels },
      ...over.metadata,
    },
    spec: { providerID, ...over.spec },
    status: {
      nodeInfo: { bootID: 'boot-1' },
      conditions: [{ type: 'Ready', status: 'True' }],
      ...over.status,
    },
  };
}

export function podObject(
  name: string,
  nodeName: string,
  over: { namespace?: string; metadata?: KubeObject; spec?: KubeObject; status?: KubeObject } = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: over.namespace ?? 'default',
      creationTimestamp: new Date().toISOString(),
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'rs', controller: true },
      ],
      ...over.metadata,
    },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 30,
      priority: 0,
      containers: [{ name: 'c' }],
      ...over.spec,
    },
    status: { phase: 'Running', ...over.status },
  };
}

export function namespaceObject(name: string, phase = 'Active'): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
    status: { phase },
  };
}

export function nodeClaimObject(name: string, nodeName?: string): KubeObject {
  const status = { nodeName };
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodeClaim',
    metadata: { name },
    status,
  };
}
