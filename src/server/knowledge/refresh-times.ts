/** How often each source is asked and how long one refresh may take; milliseconds. */
export interface RefreshTimes {
  readonly staticFileMs: number;
  readonly fileTimeoutMs: number;
  readonly marketMs: number;
  /** A first reading of a large region is hundreds of pages. */
  readonly marketTimeoutMs: number;
  readonly regionFactsMs: number;
  readonly groupsMs: number;
  /** AWS adds an hour at a time. */
  readonly accountRecordMs: number;
  readonly callTimeoutMs: number;
  /** How often it is looked whether pools must be scored anew. */
  readonly riskCheckMs: number;
  readonly riskTimeoutMs: number;
  /** The first pause after a failure; later ones grow, to half a minute for what is read often, else to `greatestPauseMs`. */
  readonly firstPauseMs: number;
  readonly greatestPauseMs: number;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

export const usualTimes: RefreshTimes = {
  staticFileMs: 5 * secondMs,
  fileTimeoutMs: 10 * secondMs,
  marketMs: 5 * minuteMs,
  marketTimeoutMs: 10 * minuteMs,
  regionFactsMs: 6 * hourMs,
  groupsMs: 5 * minuteMs,
  accountRecordMs: 15 * minuteMs,
  callTimeoutMs: 2 * minuteMs,
  riskCheckMs: 250,
  riskTimeoutMs: minuteMs,
  firstPauseMs: secondMs,
  greatestPauseMs: 5 * minuteMs,
};
