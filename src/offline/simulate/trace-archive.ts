import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';

/** How many nodes one pool could hold at every tick. */
export interface PoolTrace {
  readonly zone: string;
  readonly available: readonly number[];
}

/** Pools of one kind that were watched together, tick by tick. */
export interface TraceSet {
  /** The folder and the kind of machine: `preemption/1-node/aws-04-19-2023 intel_64`. */
  readonly name: string;
  readonly machine: string;
  readonly tickMs: number;
  readonly pools: readonly PoolTrace[];
}

/** Half of the most nodes that one of the pools ever held, at least one: as many are kept running. */
export function targetOf({ pools }: TraceSet): number {
  const most = pools.map(({ available }) => available.reduce((high, one) => Math.max(high, one), 0));
  return Math.max(1, Math.floor(Math.max(...most) / 2));
}

const traceSchema = z.looseObject({
  metadata: z.looseObject({ gap_seconds: z.number().positive() }),
  data: z.array(z.number().min(0)).min(2),
});

/**
 * Reads the SkyPilot traces: a tar archive, gzip or plain, of `FOLDER/ZONE_MACHINE.json`. Pools of one folder, machine and
 * tick make a set; what is watched alone has no choice to make and is left out.
 * @throws UsageError when the file is no such archive.
 */
export async function traceArchive(path: string): Promise<readonly TraceSet[]> {
  const packed = await readFile(path).catch((error: unknown) => {
    throw new UsageError([`${path} cannot be read: ${messageOf(error)}`]);
  });
  const bytes = unpacked(packed, path);
  const sets = new Map<string, { machine: string; tickMs: number; pools: PoolTrace[] }>();
  for (const { name, content } of tarFiles(bytes, path)) {
    const [, zone, machine] = /^(.+?)_(.+)\.json$/.exec(basename(name)) ?? [];
    if (zone === undefined || machine === undefined) continue;
    const trace = traceSchema.safeParse(jsonOf(content));
    if (!trace.success) throw new UsageError([`${path}: ${name} is no trace`]);
    const tickMs = trace.data.metadata.gap_seconds * 1000;
    const key = `${dirname(name)} ${machine}`;
    const set = sets.get(key) ?? { machine, tickMs, pools: [] };
    if (set.tickMs === tickMs) set.pools.push({ zone, available: trace.data.data });
    sets.set(key, set);
  }
  const several = [...sets].filter(([, { pools }]) => pools.length > 1);
  if (several.length === 0)
    throw new UsageError([
      `${path} holds no traces of several pools: it must be a tar archive, gzip or plain, of FOLDER/ZONE_MACHINE.json`,
    ]);
  return several.map(([name, set]) => ({ name, ...set }));
}

/** Traces of a year of pools are some megabytes. */
const mostBytes = 256 << 20;

function unpacked(packed: Buffer, path: string): Buffer {
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return packed;
  try {
    return gunzipSync(packed, { maxOutputLength: mostBytes });
  } catch (error) {
    const why = messageOf(error);
    throw new UsageError([`${path} cannot be unpacked, it may be cut short: ${why}`]);
  }
}

function jsonOf(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The regular files of a tar archive: blocks of 512 bytes, a header with the name and the octal size before each file. */
function* tarFiles(
  bytes: Buffer,
  path: string,
): Generator<{ readonly name: string; readonly content: Buffer }> {
  for (let at = 0; at + 512 <= bytes.length;) {
    const text = (from: number, length: number): string =>
      bytes.toString('utf8', at + from, at + from + length).split('\0')[0] ?? '';
    const name = text(0, 100);
    const size = parseInt(text(124, 12).trim(), 8);
    if (name === '' || Number.isNaN(size)) return;
    const kind = text(156, 1);
    const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
    const content = bytes.subarray(at + 512, at + 512 + size);
    if (content.length < size) throw new UsageError([`${path} is cut short in ${name}`]);
    if (kind === '' || kind === '0') yield { name: prefix === '' ? name : `${prefix}/${name}`, content };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
