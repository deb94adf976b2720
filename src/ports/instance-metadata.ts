import type { Poll } from '../drain/episodes.ts';

/** Who this instance is, from its identity document. */
export interface InstanceIdentity {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly region: string;
  /** Of its primary network interface, where the service tells it. */
  readonly privateIp?: string;
}

export type MetadataSource = keyof Poll;

export type MetadataProblemKind =
  | 'token-refused'
  | 'token-garbled'
  | 'switched-off'
  | 'hop-limit'
  | 'throttled'
  | 'unreachable'
  | 'timeout'
  | 'garbled'
  | 'server-error';

/** Why something could not be read, with what to do about it. */
export interface MetadataProblem {
  readonly kind: MetadataProblemKind;
  readonly advice: string;
}

/** What one source says; its own key of the poll is `unread` when `problem` is set. */
export interface MetadataReading {
  readonly poll: Partial<Poll>;
  readonly problem: MetadataProblem | undefined;
}

/** The instance metadata service, version 2 only. */
export interface InstanceMetadata {
  /** @throws MetadataUnavailable with advice. */
  identity(signal: AbortSignal): Promise<InstanceIdentity>;
  /** Never throws on what the service does or does not do. */
  read(source: MetadataSource, signal: AbortSignal): Promise<MetadataReading>;
  /** The private DNS name. @throws MetadataUnavailable with advice. */
  hostname?(signal: AbortSignal): Promise<string>;
  /** Its first IPv6 address; empty: it has none. @throws MetadataUnavailable with advice. */
  ipv6?(signal: AbortSignal): Promise<string>;
  /** The time by the service's own clock, reckoned from the last answer that told it; undefined: none did. */
  awsNowMs?(): number | undefined;
}
