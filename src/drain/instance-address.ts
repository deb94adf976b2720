/** What the metadata service says of this instance's own network interface. */
export interface InstanceAddress {
  /** IPv4; empty: none. */
  readonly privateIp: string;
  /** Its first IPv6 address; left out or empty: none. */
  readonly ipv6?: string;
  /** The private DNS name. */
  readonly hostname: string;
}
