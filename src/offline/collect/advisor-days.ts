import { gunzipSync, gzipSync } from 'node:zlib';
import type { ObjectStore } from '../../ports/object-store.ts';

/** No document of the Spot Advisor has a tenth of it. */
const mostBytes = 64 << 20;

/**
 * Where the Spot Advisor's document of a day (UTC) is kept. Each day takes the place of last year's: a year is kept, and nothing
 * has to be deleted.
 */
export function advisorDayKey(atMs: number): string {
  return `advisor/day=${new Date(atMs).toISOString().slice(5, 10)}.json.gz`;
}

/**
 * Keeps the day's first document, as published, with `collected_at` beside what is in it: bands change, and what they were is
 * published nowhere.
 * @returns false where the day's is there already
 */
export async function keepAdvisorDay(
  store: ObjectStore,
  text: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const key = advisorDayKey(nowMs);
  const reading = await store.read(key, undefined, signal);
  if (reading.kind === 'changed' && nowMs - collectedAtMs(reading.bytes) < 86_400_000) return false;
  const document: unknown = JSON.parse(text);
  if (typeof document !== 'object' || document === null) return false;
  const dated = JSON.stringify({ collected_at: new Date(nowMs).toISOString(), ...document });
  await store.put(key, gzipSync(dated, { level: 9 }), signal);
  return true;
}

/** −Infinity for bytes that are no such document: they are replaced. */
function collectedAtMs(bytes: Uint8Array): number {
  try {
    const document: unknown = JSON.parse(gunzipSync(bytes, { maxOutputLength: mostBytes }).toString('utf8'));
    const isDated = typeof document === 'object' && document !== null && 'collected_at' in document;
    const atMs = isDated ? Date.parse(String(document.collected_at)) : NaN;
    return Number.isNaN(atMs) ? -Infinity : atMs;
  } catch {
    return -Infinity;
  }
}
