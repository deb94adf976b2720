/** What is known of how often nodes are taken back. A price model speaks of prices and is not asked. */
export interface InterruptionEvidence {
  /** Interruptions of one node an hour, an on-demand share's calm included; 0 for on-demand. */
  readonly perHour: number;
  /** 0..1 within the horizon, from `perHour`. */
  readonly withinHorizon: number;
  /** 0..1 on the gate's scale, at even prior odds, of the worst of its pools: what the gate judges by. */
  readonly gateProbability: number;
  readonly source: 'fleet' | 'band' | 'model' | 'typical' | 'on-demand';
}
