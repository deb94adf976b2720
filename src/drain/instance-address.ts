/** What the metadata service says of this instance's own network interface. */
export interface InstanceAddress {
  readonly privateIp: string;
  /** The private DNS name. */
  readonly hostname: string;
}
