import { peakMegabytes } from './background.ts';
import { timing } from './go-peer.ts';
import type { Bench, Measurement } from './measurement.ts';
import { requestFlags, requestSizes, type RequestSize } from './requests.ts';
import type { Row } from './row.ts';

/** The kernel's high-water mark of servers that have served nothing but five requests of one size. */
export const memory: readonly Measurement[] = requestSizes.map((size) => ({
  name: `memory ${size.name}`,
  slow: !size.quick,
  rows: (bench: Bench) => rowsOf(bench, size),
}));

async function rowsOf({ freshPair }: Bench, size: RequestSize): Promise<readonly Row[]> {
  if (freshPair === undefined) return [];
  const { ours, peer, stop } = await freshPair();
  try {
    const targets = { ours: ours.address, typed: peer.typed };
    const timings = await peer.call(targets, [...requestFlags(size), '--warm', '0', '--calls', '5']);
    const limit = (2.5 * timing(timings, 'ours').bytes) / 1e6 + 150;
    const peak = ours.pid === undefined ? undefined : peakMegabytes(ours.pid);
    if (peak === undefined) return [];
    return [
      {
        name: `memory ${size.name}`,
        ours: peak,
        peer: peakMegabytes(peer.typedPid),
        unit: 'MB',
        target: { words: `≤ ${limit.toFixed(0)} MB`, met: peak <= limit },
      },
    ];
  } finally {
    await stop();
  }
}
