import { Buffer } from 'node:buffer';
import type { PointGatherer } from './pool-points.ts';
import type { ChunkReader } from './price-csv.ts';
import { timeOfText } from '../../formats/price-text.ts';

const opening = 0x7b;
const closing = 0x7d;
const quote = 0x22;
const backslash = 0x5c;
const longestRow = 1 << 16;

/**
 * Reads price changes from JSON: what `aws ec2 describe-spot-price-history` prints, one such document after another, an
 * array of its rows, or one row a line. Only the innermost objects are looked at, each parsed alone, so that a file of any
 * size streams and the rows before a broken end are used.
 */
export function priceJson(gatherer: PointGatherer): ChunkReader {
  let rest: Buffer = Buffer.alloc(0);
  let rows = 0;
  let problem: string | undefined;

  function scan(bytes: Buffer): number {
    let open = -1;
    let inText = false;
    let used = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (inText) {
        if (byte === backslash) at += 1;
        else if (byte === quote) inText = false;
      } else if (byte === quote) inText = true;
      else if (byte === opening) {
        open = at;
        used = at;
      } else if (byte === closing) {
        if (open >= 0) take(bytes.toString('utf8', open, at + 1));
        open = -1;
        used = at + 1;
      }
    }
    // Between rows nothing needs to be kept, but a text that is cut must be seen whole.
    return open >= 0 || inText ? used : bytes.length;
  }

  function take(text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      rows += 1;
      gatherer.drop('malformed');
      return;
    }
    const row = rowOf(value);
    if (row === undefined) return;
    rows += 1;
    gatherer.add(
      gatherer.poolOf(row.region, row.zone, row.type, row.product),
      timeOfText(row.time),
      row.price,
    );
  }

  return {
    push(chunk) {
      const bytes = Buffer.concat([rest, chunk]);
      rest = Buffer.from(bytes.subarray(scan(bytes)));
      if (rest.length > longestRow) {
        problem ??= 'parts of the file are no JSON rows';
        rest = Buffer.alloc(0);
      }
    },
    end: () => {
      if (problem !== undefined) return problem;
      const isCut = rest.some((byte) => byte === opening);
      if (isCut) return `the file ends within a row; the ${rows} rows before it are used`;
      return rows === 0 ? 'the file holds no rows of SpotPriceHistory' : undefined;
    },
    rows: () => rows,
  };
}

interface JsonRow {
  readonly region: string;
  readonly zone: string;
  readonly type: string;
  readonly product: string;
  readonly time: string;
  readonly price: number;
}

/** Undefined for objects that are something else, such as the response's metadata. */
function rowOf(value: unknown): JsonRow | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const text = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
  const price = fields['SpotPrice'];
  if (price === undefined || fields['InstanceType'] === undefined) return undefined;
  return {
    region: text('Region'),
    zone: text('AvailabilityZone') || text('AvailabilityZoneId'),
    type: text('InstanceType'),
    product: text('ProductDescription'),
    time: text('Timestamp'),
    // A missing price is a mistake here, never an absent pool: −1 is dropped and counted as no price.
    price: typeof price === 'number' ? price : price === '' ? -1 : Number(price ?? -1),
  };
}
