/** `node bench/large-price-list.ts --megabytes 320`: AWS's price list in that size, read over HTTP as `collect` reads it. See README.md here. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { publicDocuments } from '../src/adapters/advisor-feed/advisor-feed.ts';
import { priceListReader } from '../src/offline/collect/price-list.ts';
import { priceListPeer } from '../test/peers/price-list-peer.ts';
import { ownPeakMegabytes } from './background.ts';

const { megabytes, read } = new Command('node bench/large-price-list.ts')
  .option('--megabytes <number>', 'size of the list', '320')
  .option('--read <url>', 'read this one')
  .parse()
  .opts<{ readonly megabytes: string; readonly read?: string }>();

async function readList(url: string): Promise<void> {
  const before = ownPeakMegabytes();
  const started = performance.now();
  const reader = priceListReader('us-east-1');
  let bytes = 0;
  for await (const piece of publicDocuments().stream(url, new AbortController().signal)) {
    reader.push(piece);
    bytes += piece.length;
  }
  const prices = reader.prices().size;
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${(bytes / 1e6).toFixed(0)} MB, ${prices} prices; ${seconds.toFixed(1)} s, peak memory ${ownPeakMegabytes().toFixed(0)} MB, ${before.toFixed(0)} MB of it before`,
  );
}

async function main(): Promise<void> {
  if (read !== undefined) return readList(read);
  const size = Number(megabytes) * 1e6;
  if (!(size > 0)) throw new RangeError(`--megabytes must be a number above 0, not ${megabytes}`);
  const peer = await priceListPeer(size);
  try {
    // In a process of its own: the peak is then that of reading alone.
    const place = [fileURLToPath(import.meta.url), '--read', peer.url.replace('{region}', 'us-east-1')];
    const [code] = (await once(spawn(process.execPath, place, { stdio: 'inherit' }), 'exit')) as [number];
    process.exitCode = code;
  } finally {
    peer.close();
  }
}

await main();
