import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { PoolKey } from '../../decision/pool.ts';
import type { FleetJournal, JournalEntry } from '../../ports/fleet-journal.ts';
import { removeUnfinished, writeFileAtomically } from './atomic-write.ts';

/**
 * JSON lines. An append is flushed to the disk before it counts, a replacement is a rename: kill −9 at any moment
 * leaves the old content, the new one, or the old one with a torn last line, which the next reader leaves out.
 */
export function journalFile(path: string, maxBytes: number): FleetJournal {
  let bytes = 0;
  let endsInLine = true;

  async function appended(text: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'a', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  return {
    isFull: () => bytes > maxBytes,
    async read() {
      await removeUnfinished(dirname(path), (name) => name === basename(path));
      const size = await sizeOf(path);
      if (size > mostTimesBound * maxBytes) {
        // The next write replaces it.
        bytes = size;
        throw new Error(
          `${path} has ${size} bytes, ${mostTimesBound} times ${maxBytes} at most are read: it is written anew`,
        );
      }
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        if (isMissing(error)) return '';
        throw error;
      });
      bytes = Buffer.byteLength(text);
      endsInLine = text === '' || text.endsWith('\n');
      return text
        .split('\n')
        .map(entry)
        .filter((one) => one !== undefined);
    },
    async append(entries) {
      if (entries.length === 0) return;
      const text = `${endsInLine ? '' : '\n'}${linesOf(entries)}`;
      // A full disk may take a part of it.
      endsInLine = false;
      await appended(text);
      endsInLine = true;
      bytes += Buffer.byteLength(text);
    },
    async replace(entries) {
      const text = linesOf(entries);
      await writeFileAtomically(path, text, { mode: 0o600 });
      endsInLine = true;
      bytes = (await stat(path)).size;
    },
  };
}

/** A journal is replaced once it is past its bound; one that is far past it was not written here. */
const mostTimesBound = 8;

/** Longer than any entry. */
const longestLine = 1_024;

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function linesOf(entries: readonly JournalEntry[]): string {
  return entries.map((one) => `${JSON.stringify(one)}\n`).join('');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function entry(line: string): JournalEntry | undefined {
  if (line.length > longestLine) return undefined;
  let fields: Readonly<Record<string, unknown>>;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return undefined;
    fields = { ...value };
  } catch {
    return undefined;
  }
  const { kind, id, signal } = fields;
  const atMs = amount(fields['atMs']);
  const hours = amount(fields['hours']);
  if (atMs === undefined) return undefined;
  if (kind === 'counted' && typeof id === 'string') return { kind, id, atMs };
  const pool = poolKeyOf(fields['pool']);
  if (pool === undefined) return undefined;
  if (kind === 'notice' && typeof id === 'string' && (signal === 'REBALANCE' || signal === 'TERMINATION'))
    return { kind, pool, signal, id, atMs };
  if (kind === 'hours' && hours !== undefined) return { kind, pool, hours, atMs };
  if (kind === 'shortage') return { kind, pool, atMs };
  const interruptions = amount(fields['interruptions']);
  const [sinceMs, untilMs] = [amount(fields['sinceMs']), amount(fields['untilMs'])];
  if (kind === 'span') {
    if (hours === undefined || interruptions === undefined || sinceMs === undefined || untilMs === undefined)
      return undefined;
    return sinceMs < untilMs ? { kind, pool, sinceMs, untilMs, hours, interruptions, atMs } : undefined;
  }
  const rebalances = amount(fields['rebalances']);
  const shortages = amount(fields['shortages']);
  const interruptedAtMs = amount(fields['interruptedAtMs']);
  const emptyAtMs = amount(fields['emptyAtMs']);
  if (kind === 'total' && hours !== undefined && interruptions !== undefined && rebalances !== undefined)
    return {
      kind,
      pool,
      hours,
      interruptions,
      rebalances,
      ...(shortages !== undefined && { shortages }),
      ...(interruptedAtMs !== undefined && { interruptedAtMs }),
      ...(emptyAtMs !== undefined && { emptyAtMs }),
      atMs,
    };
  return undefined;
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function poolKeyOf(value: unknown): PoolKey | undefined {
  if (typeof value !== 'string') return undefined;
  const at = value.indexOf('@');
  return at <= 0 || at === value.length - 1 ? undefined : `${value.slice(0, at)}@${value.slice(at + 1)}`;
}
