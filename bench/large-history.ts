/** `node bench/large-history.ts --gigabytes 10`: a price history of that size, read as every command reads it. See README.md here. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { reportText } from '../src/offline/history/history-report.ts';
import { loadHistory } from '../src/offline/history/load-history.ts';
import { openLocation } from '../src/processes/offline/open-location.ts';
import { chanceFrom } from '../src/learning/chance.ts';
import { ownPeakMegabytes } from './background.ts';

interface Options {
  readonly gigabytes: string;
  readonly folder: string;
  readonly read?: string;
}

const { gigabytes, folder, read } = new Command('node bench/large-history.ts')
  .option('--gigabytes <number>', 'size of the file', '10')
  .option('--folder <folder>', 'where it is made, and removed afterwards', tmpdir())
  .option('--read <file>', 'read this file and leave it')
  .parse()
  .opts<Options>();

const header = 'timestamp_utc,region,availability_zone,instance_type,product,price_usd\n';
const timeLength = '2024-01-01T00:00:00.000Z'.length;

/**
 * 1,432 pools looked at again and again over ninety days; at each look one in fifty has a new price. The rows of one look stand in
 * one buffer, in which times and prices are overwritten.
 */
async function written(file: string, bytes: number): Promise<void> {
  const chance = chanceFrom(1);
  const pools = 1_432;
  const lines = Array.from(
    { length: pools },
    (_, pool) =>
      `${' '.repeat(timeLength)},us-east-1,use1-az${1 + (pool % 6)},c${1000 + Math.floor(pool / 6)}a.large,Linux/UNIX,0.${1000 + (pool % 9000)}\n`,
  );
  const look = Buffer.from(lines.join(''));
  const starts = lines.map(
    (
      (at) => (line: string) =>
        (at += line.length) - line.length
    )(0),
  );
  const looks = Math.ceil(bytes / look.length);
  const fromMs = Date.UTC(2024, 0, 1);
  const handle = await open(file, 'w');
  try {
    await handle.write(header);
    for (let turn = 0; turn < looks; turn += 1) {
      const time = new Date(fromMs + Math.floor((turn / looks) * 90 * 86_400_000)).toISOString();
      for (const [pool, start] of starts.entries()) {
        look.write(time, start, 'latin1');
        if (chance() < 0.02)
          look.write(
            String(1000 + Math.floor(9000 * chance())),
            start + (lines[pool]?.length ?? 0) - 5,
            'latin1',
          );
      }
      await handle.writeFile(look);
    }
  } finally {
    await handle.close();
  }
}

async function readBack(file: string): Promise<void> {
  const started = performance.now();
  const history = await loadHistory(
    file,
    openLocation,
    { onProgress: console.log },
    new AbortController().signal,
  );
  const seconds = (performance.now() - started) / 1000;
  const points = history.series.reduce((sum, { atMs }) => sum + atMs.length, 0);
  const peakMb = ownPeakMegabytes();
  process.stdout.write(reportText(history.report));
  console.log(
    `${history.report.rows} rows, ${points} price changes of ${history.series.length} pools kept; ${seconds.toFixed(1)} s, peak memory ${peakMb.toFixed(0)} MB`,
  );
}

async function main(): Promise<void> {
  if (read !== undefined) return readBack(read);
  const bytes = Number(gigabytes) * 1e9;
  const { bavail, bsize } = statfsSync(folder);
  if (!(bytes > 0)) throw new RangeError(`--gigabytes must be a number above 0, not ${gigabytes}`);
  if (bavail * bsize < bytes * 1.2)
    throw new RangeError(`${folder} has no room for ${gigabytes} GB: name another --folder`);
  const place = mkdtempSync(join(folder, 'large-history-'));
  try {
    const file = join(place, 'history.csv');
    console.log(`writing ${gigabytes} GB of price history …`);
    await written(file, bytes);
    // In a process of its own: the peak is then that of reading alone.
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--read', file], { stdio: 'inherit' });
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

await main();
