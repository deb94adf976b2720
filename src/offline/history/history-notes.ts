import type { PriceSeries } from '../../learning/price-series.ts';
import { spanOf } from './history-span.ts';
import { isZoneId } from '../../decision/zone-region.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Features look seven days back. */
const shortestMs = 7 * dayMs;
/** In a whole region some price changes every hour; snapshots lie 14 h apart at most. */
const silenceMs = 24 * hourMs;

/** What a person should know of a history before relying on it, one sentence each. */
export function historyNotes(
  series: readonly PriceSeries[],
  snapshotTimesMs: Float64Array,
): readonly string[] {
  if (series.length === 0) return ['Not one usable price was found.'];
  const notes: string[] = [];
  for (const [region, pools] of Map.groupBy(series, (one) => one.region)) {
    const hours = hoursWithChanges(pools);
    const [first, last] = [hours.at(0) ?? 0, hours.at(-1) ?? 0];
    const spanMs = (last - first) * hourMs;
    if (spanMs < shortestMs)
      notes.push(
        `${region}: the history spans ${(spanMs / dayMs).toFixed(1)} days; features look seven days back, so nothing can be learnt from or said of these pools yet.`,
      );
    // Prices in force when the span begins are older than it: what lay between them was not asked for, or never collected.
    const watched = hours.filter((hour) => hour >= Math.floor(spanOf(pools).fromMs / hourMs));
    notes.push(...gapNotes(region, watched, pools.length, snapshotTimesMs));
    const ids = pools.filter(({ zone }) => isZoneId(zone)).length;
    if (ids > 0 && ids < pools.length)
      notes.push(
        `${region}: ${ids} pools are under zone ids and ${pools.length - ids} under zone names; without this account's mapping of names to ids they count as different pools.`,
      );
  }
  return notes;
}

/** Hours since the epoch in which any price changed, ascending. */
function hoursWithChanges(pools: readonly PriceSeries[]): readonly number[] {
  const hours = new Set<number>();
  let last = -1;
  for (const { atMs } of pools)
    for (const at of atMs) {
      const hour = Math.floor(at / hourMs);
      if (hour !== last) hours.add(hour);
      last = hour;
    }
  return [...hours].sort((a, b) => a - b);
}

function gapNotes(
  region: string,
  hours: readonly number[],
  pools: number,
  snapshotTimesMs: Float64Array,
): readonly string[] {
  // A handful of pools may rest for days without anything missing.
  if (pools < 20) return [];
  const looked = new Set(Array.from(snapshotTimesMs, (at) => Math.floor(at / hourMs)));
  const seen = [...new Set([...hours, ...looked])].sort((a, b) => a - b);
  let count = 0;
  let longest = 0;
  let longestAt = 0;
  for (const [index, hour] of seen.entries()) {
    const pause = hour - (seen[index - 1] ?? hour);
    if (pause * hourMs <= silenceMs) continue;
    count += 1;
    if (pause > longest) [longest, longestAt] = [pause, hour - pause];
  }
  if (count === 0) return [];
  const since = new Date(longestAt * hourMs).toISOString().slice(0, 16);
  return [
    `${region}: ${count} ${count === 1 ? 'gap' : 'gaps'} of more than a day without any change, the longest ${(longest / 24).toFixed(1)} days from ${since}Z; prices are carried over them.`,
  ];
}
