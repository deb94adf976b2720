import { BlockList, isIP } from 'node:net';

/** What is known of a call before its message is read. */
export interface Caller {
  /** `address:port`. */
  readonly peer: string;
  /** The host that the caller dialled, as the call's `:authority` says it. */
  readonly authority: string;
}

/**
 * Whether a caller is one of those that an operator named: by its address, by its network, or by a host name that nobody else was
 * told. The cluster-autoscaler has no certificate and sends no header of ours, but it dials the host of --grpc-expander-url.
 */
export function isNamedBy(names: readonly string[]): (caller: Caller) => boolean {
  const addresses = new BlockList();
  const hosts = new Set<string>();
  for (const name of names) {
    const [address = '', prefix] = name.split('/');
    const family = familyOf(address);
    if (family === undefined) hosts.add(name.toLowerCase());
    else if (prefix === undefined) addresses.addAddress(address, family);
    else addresses.addSubnet(address, Number(prefix), family);
  }
  return ({ peer, authority }) => {
    if (hosts.has(withoutPort(authority).toLowerCase())) return true;
    const address = withoutPort(peer).replace(/^::ffff:(?=\d+\.)/i, '');
    const family = familyOf(address);
    return family !== undefined && addresses.check(address, family);
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
}

function withoutPort(text: string): string {
  return text.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}
