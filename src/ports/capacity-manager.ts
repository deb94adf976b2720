/**
 * What EC2 Capacity Manager counted in one pool within one period: the account's own Spot instances, or those of every account of
 * the organization. What an answer did not speak of is undefined.
 */
export interface CapacityFigures {
  readonly region: string;
  /** A zone's id, the same in every account: `aps1-az1`. */
  readonly zoneId: string;
  readonly instanceType: string;
  /** Undefined where the answer is not by account. */
  readonly accountId?: string;
  /** When the period begins. */
  readonly atMs: number;
  /** Hours that Spot instances ran. */
  readonly usageHours?: number;
  readonly interruptions?: number;
  /** Spot instances that ran at any time within the period. */
  readonly instances?: number;
  /** Hours that interrupted instances had run. */
  readonly averageRunHours?: number;
  readonly shortestRunHours?: number;
  readonly longestRunHours?: number;
  /** vCPUs that were asked of Spot, and those of them that came; tries within five minutes count once. */
  readonly requestedVcpus?: number;
  readonly fulfilledVcpus?: number;
  /** Share of the requests that got their capacity, from wherever. In per cent, as published. */
  readonly requestFulfillmentPercent?: number;
  /** Share of what was asked of this very type and zone that came from it. In per cent, as published. */
  readonly poolFulfillmentPercent?: number;
}

/** How the record is to be opened. */
export interface CapacityWish {
  /** Where it may be enabled, the likeliest first; one at least. */
  readonly homeRegions: readonly string[];
  /** Enables it in the first of them where it is in none; it fills within hours. */
  readonly enable: boolean;
  /** When it is enabled: for every account of the organization. */
  readonly organization: boolean;
}

export type OpenedCapacity =
  | {
      readonly kind: 'open';
      /** Where it is enabled. One region of an account tells of all. */
      readonly homeRegion: string;
      /** It tells of every account of the organization. */
      readonly organization: boolean;
      /** When the first and the last hour begin that it tells of. */
      readonly earliestMs: number;
      readonly latestMs: number;
    }
  /** Nothing is there to be read: waiting or enabling helps, as the sentence says. */
  | { readonly kind: 'absent'; readonly sentence: string }
  /** AWS does not let us. */
  | { readonly kind: 'not-allowed'; readonly sentence: string };

export interface CapacityQuery {
  /** Where it is enabled. */
  readonly homeRegion: string;
  /** Whose pools are told of. */
  readonly region: string;
  /** A whole number of periods, 90 days at most. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly periodHours: 1 | 24;
  readonly byAccount: boolean;
  /** `use`: hours and interruptions; `fulfillment`: what was asked for and came. */
  readonly figures: 'use' | 'fulfillment';
}

/** EC2 Capacity Manager: what an account's own Spot instances met, counted by AWS. Both throw SourceUnavailable after their retries. */
export interface CapacityManager {
  /** Finds the region in which it is enabled, and enables it when asked to. */
  open(wish: CapacityWish, signal: AbortSignal): Promise<OpenedCapacity>;
  /** In pieces, in no order; a pool and period without instances may be missing. */
  figures(query: CapacityQuery, signal: AbortSignal): AsyncIterable<readonly CapacityFigures[]>;
}
