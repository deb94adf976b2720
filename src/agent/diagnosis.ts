import { messageOf } from '../errors/message-of.ts';
import { foreignReason } from '../drain/node-identity.ts';
import type { InstanceAddress } from '../drain/instance-address.ts';
import type { NodeView } from '../drain/observed.ts';
import type { InstanceIdentity, InstanceMetadata } from '../ports/instance-metadata.ts';
import type { NodeCluster, Permission } from '../ports/node-cluster.ts';

export interface Finding {
  readonly check: string;
  readonly verdict: 'ok' | 'degraded' | 'broken';
  readonly detail: string;
}

interface Need {
  readonly permission: Permission;
  /** What is lost without it; undefined: the agent cannot do its work. */
  readonly without: string | undefined;
}

function needs(nodeName: string, namespace: string, isKarpenter: boolean): readonly Need[] {
  const core = (verb: string, resource: string, without?: string, over: Partial<Permission> = {}): Need => ({
    permission: { verb, group: '', resource, ...over },
    without,
  });
  const lease = (verb: string): Need => ({
    permission: { verb, group: 'coordination.k8s.io', resource: 'leases', namespace },
    without: 'rebalance drains wait for ever for a place in the budget',
  });
  const claim = (verb: string): Need => ({
    permission: { verb, group: 'karpenter.sh', resource: 'nodeclaims' },
    without: 'the agent drains Karpenter nodes itself',
  });
  return [
    core('get', 'nodes', undefined, { name: nodeName }),
    core('patch', 'nodes', undefined, { name: nodeName }),
    core('patch', 'nodes', 'no condition on the node', { subresource: 'status', name: nodeName }),
    core('list', 'pods'),
    core('create', 'pods', undefined, { subresource: 'eviction' }),
    core('delete', 'pods', 'what a budget blocks stays at the deadline'),
    core('list', 'namespaces', 'pods of terminating namespaces are evicted as well'),
    core('list', 'services', 'every drain waits as if a load balancer knew the node'),
    core('create', 'events', 'no Events', { namespace: 'default' }),
    ...['list', 'create', 'update'].map(lease),
    ...(isKarpenter ? ['patch', 'delete'].map(claim) : []),
  ];
}

/** Everything that must hold for the agent to work, each with what to do when it does not. Throws nothing. */
export async function diagnosis(
  metadata: InstanceMetadata,
  cluster: NodeCluster,
  nodeName: string,
  namespace: string,
  signal: AbortSignal,
  identifyBy: 'provider-id' | 'address' = 'provider-id',
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const add = (check: string, verdict: Finding['verdict'], detail: string) =>
    findings.push({ check, verdict, detail });
  const identity = await metadata.identity(signal).catch((error: unknown) => {
    add('metadata service', 'broken', messageOf(error));
    return undefined;
  });
  if (identity !== undefined) {
    add('metadata service', 'ok', `${identity.instanceId}, ${identity.instanceType} in ${identity.zone}`);
    const { problem } = await metadata.read('spot', signal);
    add('interruption notice', problem === undefined ? 'ok' : 'broken', problem?.advice ?? 'can be read');
  }
  const node = await cluster.node(signal).catch((error: unknown) => {
    add('API server', 'broken', messageOf(error));
    return undefined;
  });
  if (node === undefined) return findings;
  if (node === 'gone') {
    add(
      'node',
      'broken',
      `there is no Node ${nodeName}: give the name the kubelet registered under (spec.nodeName)`,
    );
    return findings;
  }
  add('node', 'ok', `${node.name} found by name`);
  if (identity !== undefined) {
    const hostname = identifyBy === 'address' ? await metadata.hostname?.(signal).catch(() => '') : undefined;
    const ipv6 = hostname === undefined ? '' : ((await metadata.ipv6?.(signal).catch(() => '')) ?? '');
    const address =
      hostname === undefined ? undefined : { privateIp: identity.privateIp ?? '', ipv6, hostname };
    add('instance', ...instanceVerdict(identity, node, address));
  }
  for (const { permission, without } of needs(nodeName, namespace, node.nodeClaim !== undefined)) {
    const { verb, resource, subresource } = permission;
    const check = `may ${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    try {
      const allowed = await cluster.may(permission, signal);
      add(
        check,
        allowed ? 'ok' : without === undefined ? 'broken' : 'degraded',
        allowed ? 'yes' : `no: ${without ?? 'the agent cannot drain'}`,
      );
    } catch (error) {
      add(check, 'degraded', messageOf(error));
    }
  }
  return findings;
}

function instanceVerdict(
  { instanceId }: InstanceIdentity,
  node: NodeView,
  instanceAddress: InstanceAddress | undefined,
): readonly [Finding['verdict'], string] {
  const why = foreignReason({ instanceId, instanceAddress }, node);
  if (why !== undefined) return ['broken', `${why}: the agent refuses to act on this Node`];
  return ['ok', `spec.providerID ${node.providerId} is this instance`];
}
