import { CsvScanner, fieldText } from '../../formats/csv-scanner.ts';
import type { ChunkReader } from './price-csv.ts';
import { timeOfText } from '../../formats/price-text.ts';

/** True for the first bytes of a list of snapshot times. */
export function namesSnapshots(head: Uint8Array): boolean {
  return /^"?snapshot_(utc|time)"?\s*(,|$)/im.test(Buffer.from(head).toString('latin1', 0, 64));
}

/** The times at which all pools were looked at: the first column, in order, each once. */
export function snapshotTimes(times: Set<number>): ChunkReader {
  let rows = 0;
  let unreadable = 0;
  const scanner = new CsvScanner((row) => {
    rows += 1;
    if (rows === 1) return;
    const atMs = timeOfText(fieldText(row, 0));
    if (Number.isNaN(atMs)) unreadable += 1;
    else times.add(atMs);
  });
  return {
    push: (chunk) => scanner.push(chunk),
    end: () => {
      scanner.end();
      return unreadable > 0 ? `${unreadable} snapshot times cannot be read` : undefined;
    },
    rows: () => Math.max(0, rows - 1),
  };
}
