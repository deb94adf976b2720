import type { ImdsFault } from '../../peers/fake-imds.ts';

/** What an instance's metadata service shall say; what is left out stays as it is. */
export interface MetadataSettings {
  readonly instanceId?: string;
  readonly instanceType?: string;
  readonly zone?: string;
  readonly spot?: { readonly action: string; readonly time: string } | null;
  readonly rebalance?: { readonly noticeTime: string } | null;
  readonly groupState?: string;
  readonly scheduled?: readonly Readonly<Record<string, string>>[];
  /** Fault by path part. */
  readonly faults?: Readonly<Record<string, ImdsFault>>;
}

export interface ServicePort {
  readonly address: string;
  readonly port: number;
  readonly targets: readonly { readonly host: string; readonly port: number }[];
}

export type FabricMessage =
  | { readonly kind: 'metadata'; readonly address: string; readonly settings: MetadataSettings }
  | { readonly kind: 'no-metadata'; readonly address: string }
  | { readonly kind: 'services'; readonly ports: readonly ServicePort[] };

export type FabricAnswer = { readonly kind: 'ready' } | { readonly kind: 'done'; readonly id: number };
