/**
 * Spot Advisor publishes bands 0..4: under 5, 5–10, 10–15, 15–20 and over 20 % of Spot capacity reclaimed in the trailing
 * month. A band stands for its middle; the open band stands for 0.25.
 */
const middles = [0.025, 0.075, 0.125, 0.175, 0.25] as const;

/** 0..1 for a band's code 0..4; undefined for any other number. */
export function interruptRateOfCode(code: number): number | undefined {
  return middles[code];
}

/** The band 0..4 that a monthly rate (0..1) falls into. */
export function codeOfInterruptRate(rate: number): number {
  return rate > 0.2 ? 4 : Math.max(0, Math.ceil(rate / 0.05) - 1);
}
