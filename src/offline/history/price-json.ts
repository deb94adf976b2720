import { Buffer } from 'node:buffer';
import type { PointGatherer } from './pool-points.ts';
import { columnOf, type Column } from './price-columns.ts';
import type { ChunkReader } from './price-csv.ts';
import { timeOfNumber, timeOfText } from '../../formats/price-text.ts';

const opening = 0x7b;
const closing = 0x7d;
const quote = 0x22;
const backslash = 0x5c;
const longestRow = 1 << 16;
/** A row's values may be objects themselves; deeper than this nothing is a row. */
const deepest = 64;

/** An object that has begun and not yet ended. */
interface Open {
  /** Where it begins in the bytes that are held; −1 once it is known to be no row: it holds rows, or is too long. */
  at: number;
}

/**
 * Reads price changes from JSON: what `aws ec2 describe-spot-price-history` and its cousins print, one such document after another, an
 * array of its rows, or one row a line. Names of fields may be in any case, with or without underscores; a value may be an object that
 * holds it as `Value`. Each row is parsed alone, so that a file of any size streams and the rows before a broken end are used.
 */
export function priceJson(gatherer: PointGatherer): ChunkReader {
  let held: Buffer = Buffer.alloc(0);
  let inText = false;
  let isEscaped = false;
  let rows = 0;
  let tooDeep = 0;
  let problem: string | undefined;
  const open: Open[] = [];

  function scan(from: number): void {
    for (let at = from; at < held.length; at += 1) {
      const byte = held[at];
      if (inText) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) inText = false;
      } else if (byte === quote) inText = true;
      else if (byte === opening) {
        if (open.length < deepest) open.push({ at });
        else tooDeep += 1;
      } else if (byte === closing) {
        if (tooDeep > 0) tooDeep -= 1;
        else close(at + 1);
      }
    }
  }

  function close(end: number): void {
    const closed = open.pop();
    if (closed === undefined || closed.at < 0) return;
    // What a row is made of, {"Value": …}, is no row itself; what holds rows is none either.
    if (take(held.toString('utf8', closed.at, end))) for (const around of open) around.at = -1;
  }

  /** True when the object was a row, good or bad. */
  function take(text: string): boolean {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      rows += 1;
      gatherer.drop('malformed');
      return true;
    }
    const row = rowOf(value);
    if (row === undefined) return false;
    rows += 1;
    const pool = gatherer.poolOf(textOf(row.region), textOf(row.zone), textOf(row.type), textOf(row.product));
    gatherer.add(pool, timeOf(row.time), priceOf(row.price), textOf(row.time));
    return true;
  }

  /** Lets go of what can be no part of a row any more. */
  function release(): void {
    for (;;) {
      const first = open.find(({ at }) => at >= 0);
      const from = first?.at ?? held.length;
      if (first !== undefined && held.length - from > longestRow) {
        problem ??= 'parts of the file are no JSON rows';
        first.at = -1;
        continue;
      }
      held = Buffer.from(held.subarray(from));
      for (const one of open) if (one.at >= 0) one.at -= from;
      return;
    }
  }

  return {
    push(chunk) {
      const from = held.length;
      held = Buffer.concat([held, chunk]);
      scan(from);
      release();
    },
    end: () => {
      if (problem !== undefined) return problem;
      if (open.some(({ at }) => at >= 0))
        return `the file ends within a row; the ${rows} rows before it are used`;
      return rows === 0 ? 'the file holds no rows of SpotPriceHistory' : undefined;
    },
    rows: () => rows,
  };
}

/** What stands in a row, by what it is; undefined for objects that are something else, such as the response's metadata. */
function rowOf(value: unknown): Partial<Record<Column, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const found: Partial<Record<Column, unknown>> = {};
  const ranks: Partial<Record<Column, number>> = {};
  for (const [name, held] of Object.entries(value)) {
    const column = columnOf(name);
    if (column === undefined || column.rank >= (ranks[column.column] ?? Infinity)) continue;
    ranks[column.column] = column.rank;
    found[column.column] = valueWithin(held);
  }
  return 'price' in found && 'type' in found ? found : undefined;
}

/** PowerShell writes constants and times as objects that hold them. */
function valueWithin(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('Value' in value) return value.Value;
  return 'value' in value ? value.value : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function timeOf(value: unknown): number {
  return typeof value === 'number' ? timeOfNumber(value) : timeOfText(textOf(value));
}

/** A missing price is a mistake here, never an absent pool: −1 is dropped and counted as no price. */
function priceOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return value === '' || value === undefined || value === null ? -1 : Number(value);
}
