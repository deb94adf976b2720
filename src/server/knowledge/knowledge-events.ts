/** What knowledge is refreshed from. */
export type KnowledgeSource =
  | 'static_intelligence'
  | 'spot_prices'
  | 'zones'
  | 'instance_types'
  | 'node_groups'
  | 'account_record'
  | 'model'
  | 'risk_table';

/**
 * `refused`: it was read and has mistakes. `failed`: it could not be read. Either way what was known stays in use.
 * `recovered`: it was read without fault again, changed or not.
 */
export type RefreshOutcome = 'changed' | 'refused' | 'failed' | 'recovered';

export interface Refresh {
  readonly source: KnowledgeSource;
  readonly outcome: RefreshOutcome;
  /** What happened, for people. */
  readonly sentence: string;
  /** Attempts that went wrong in a row, this one included; 0 when all is well. A log may be content with the first. */
  readonly failures: number;
}

/** Knowledge has grown old, or is fresh again. */
export interface Ageing {
  readonly source: 'spot_prices' | 'static_intelligence';
  readonly isOld: boolean;
  /** For people. */
  readonly sentence: string;
}

/** Told of everything that is worth a metric or a log line; nothing is told of a source that is unchanged. */
export interface KnowledgeEvents {
  readonly onRefresh?: (refresh: Refresh) => void;
  readonly onAgeing?: (ageing: Ageing) => void;
  /** A region's pools were scored. */
  readonly onScored?: (model: string, pools: number, durationMs: number) => void;
}
