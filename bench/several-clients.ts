import { peakMegabytes } from './background.ts';
import { timing, type Timing } from './go-peer.ts';
import type { Bench, Measurement } from './measurement.ts';
import { requestFlags } from './requests.ts';
import type { Row } from './row.ts';

const clients = 4;
const seconds = 60;
const name = `${clients} clients, 21 MB, ${seconds} s`;

/**
 * Several autoscalers, each on a connection of its own with always one call in flight, for a minute: what a server that never
 * rests answers in, and what it grows to.
 */
export const severalClients: readonly Measurement[] = [{ name, slow: true, rows: rowsOf }];

async function rowsOf({ freshPair }: Bench): Promise<readonly Row[]> {
  if (freshPair === undefined) return [];
  const { ours, peer, stop } = await freshPair();
  try {
    const targets = { ours: ours.address, typed: peer.typed };
    const timings = await peer.call(targets, [
      ...requestFlags({ options: 50, pods: 100 }),
      ...['--warm', '3', '--clients', String(clients), '--concurrency', String(clients)],
      ...['--seconds', String(seconds), '--calls', '1'],
    ]);
    const [own, typed] = [timing(timings, 'ours'), timing(timings, 'typed')];
    const row = (what: string, unit: Row['unit'], of: (side: Timing) => number): Row => ({
      name: `${name}, ${what}`,
      ours: of(own),
      peer: of(typed),
      unit,
      target: undefined,
    });
    const peak = ours.pid === undefined ? undefined : peakMegabytes(ours.pid);
    const memory: readonly Row[] =
      peak === undefined
        ? []
        : [
            {
              name: `${name}, peak memory`,
              ours: peak,
              peer: peakMegabytes(peer.typedPid),
              unit: 'MB',
              target: undefined,
            },
          ];
    return [
      row('p50', 'ms', (side) => side.p50Ms),
      row('p99', 'ms', (side) => side.p99Ms),
      row('calls', 'calls/s', (side) => side.perSecond),
      ...memory,
    ];
  } finally {
    await stop();
  }
}
