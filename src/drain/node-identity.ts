import type { InstanceAddress } from './instance-address.ts';
import type { NodeView } from './observed.ts';

interface Instance {
  readonly instanceId: string;
  /** Given: a Node whose providerID names no instance is known by its address instead. */
  readonly instanceAddress?: InstanceAddress | undefined;
}

/**
 * The EC2 instance that a providerID names: the last part of `aws:///ZONE/i-…`, with or without a slash behind it, or a
 * bare `i-…`; undefined for none, and for forms such as `k3s://NAME`.
 */
export function instanceIn(providerId: string): string | undefined {
  const last = /^(?:aws:\/\/(?:\/[^/]*)*\/)?(i-[^/]+)\/*$/.exec(providerId)?.[1];
  return last;
}

/** Why a Node is not this instance's; undefined: it is. */
export function foreignReason({ instanceId, instanceAddress }: Instance, node: NodeView): string | undefined {
  if (instanceId === '') return 'this instance does not know its own id';
  const named = instanceIn(node.providerId);
  if (named !== undefined)
    return named === instanceId ? undefined : `its spec.providerID names ${named}, and this is ${instanceId}`;
  const without = `its spec.providerID "${node.providerId}" names no EC2 instance`;
  if (instanceAddress === undefined)
    return `${without}; with identify_by: address it is known by its private address and name instead`;
  const { privateIp, ipv6 = '', hostname } = instanceAddress;
  const own = [privateIp, ipv6].filter((one) => one !== '');
  const addresses = node.addresses ?? [];
  const isAt = addresses.some(
    ({ type, address }) => type === 'InternalIP' && own.some((one) => isSameAddress(one, address)),
  );
  if (!isAt)
    return `${without}, and none of its addresses is ${own.join(' or ') || 'known to this instance'}`;
  const names = [
    node.name,
    ...addresses.filter(({ type }) => type !== 'InternalIP').map(({ address }) => address),
  ];
  const short = hostname.split('.')[0] ?? '';
  const isCalled = hostname !== '' && names.some((name) => name === hostname || name === short);
  return isCalled ? undefined : `${without}, and it is not called ${hostname || 'as this instance is'}`;
}

function isSameAddress(one: string, other: string): boolean {
  return one === other || (one.includes(':') && other.includes(':') && shortest(one) === shortest(other));
}

/** IPv6 has many ways to write one address, and the metadata service and a kubelet need not choose the same. */
function shortest(address: string): string {
  const url = `http://[${address}]`;
  return URL.canParse(url) ? new URL(url).hostname : address;
}
