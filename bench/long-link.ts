import { timing } from './go-peer.ts';
import type { Bench, Measurement } from './measurement.ts';
import { requestFlags, requestSizes } from './requests.ts';
import type { Row } from './row.ts';

/** One way takes 1 ms: what the HTTP/2 windows are worth. */
export const longLink: readonly Measurement[] = requestSizes
  .filter(({ name }) => name === '21 MB' || name === '85 MB')
  .map((size) => ({
    name: `1 ms link ${size.name}`,
    slow: false,
    rows: async ({ ours, peer, quick }: Bench): Promise<readonly Row[]> => {
      const links = await Promise.all(
        [ours.address, peer.typed, peer.bytes].map((to) => peer.longLink(to, '1ms')),
      );
      try {
        const [toOurs, toTyped, toBytes] = links.map(({ address }) => address);
        const calls = String(Math.ceil(size.calls / (quick ? 5 : 2)));
        const timings = await peer.call({ ours: toOurs ?? '', typed: toTyped ?? '', bytes: toBytes ?? '' }, [
          ...requestFlags(size),
          ...['--calls', calls, '--pause', '20ms'],
        ]);
        const [own, typed, bytes] = [
          timing(timings, 'ours'),
          timing(timings, 'typed'),
          timing(timings, 'bytes'),
        ];
        return [
          {
            name: `1 ms link ${size.name} p50`,
            ours: own.p50Ms,
            peer: typed.p50Ms,
            unit: 'ms',
            target: { words: '≤ Go', met: own.p50Ms <= typed.p50Ms },
          },
          {
            name: `1 ms link ${size.name} p50, Go that decodes nothing`,
            ours: own.p50Ms,
            peer: bytes.p50Ms,
            unit: 'ms',
            target: undefined,
          },
        ];
      } finally {
        await Promise.all(links.map((link) => link.stop()));
      }
    },
  }));
