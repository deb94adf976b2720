import { timing } from './go-peer.ts';
import type { Bench, Measurement } from './measurement.ts';
import type { Row } from './row.ts';

/** What real clients put on the wire for a small scale-up, in fields 2 and 4. */
const requests = [
  { name: 'small call, 5 KB', file: 'best_options_request.ca-1.24-1.34.1.bin' },
  { name: 'small call, 9 groups and 20 pods', file: 'real_request.ca-1.34.1.bin' },
] as const;

export const smallCalls: readonly Measurement[] = requests.flatMap(({ name, file }) => {
  const request = ['--file', new URL(`../test/fixtures/${file}`, import.meta.url).pathname];
  return [
    { name, rows: (bench: Bench) => latency(bench, name, request) },
    {
      name: `${name}, 8 at a time`,
      rows: (bench: Bench) => throughput(bench, `${name}, 8 at a time`, request),
    },
  ];
});

async function latency(
  { ours, peer, quick }: Bench,
  name: string,
  request: readonly string[],
): Promise<readonly Row[]> {
  const timings = await peer.call({ ours: ours.address, typed: peer.typed }, [
    ...request,
    ...['--warm', quick ? '500' : '2000', '--calls', quick ? '1000' : '4000'],
  ]);
  const [own, typed] = [timing(timings, 'ours'), timing(timings, 'typed')];
  return [
    {
      name: `${name} p50`,
      ours: own.p50Ms,
      peer: typed.p50Ms,
      unit: 'ms',
      target: { words: '≤ 1.1 × Go', met: own.p50Ms <= 1.1 * typed.p50Ms },
    },
    { name: `${name} p99`, ours: own.p99Ms, peer: typed.p99Ms, unit: 'ms', target: undefined },
  ];
}

async function throughput(
  { ours, peer, quick }: Bench,
  name: string,
  request: readonly string[],
): Promise<readonly Row[]> {
  const timings = await peer.call({ ours: ours.address, typed: peer.typed }, [
    ...request,
    ...['--warm', '500', '--concurrency', '8', '--seconds', '1', '--calls', quick ? '2' : '5'],
  ]);
  const [own, typed] = [timing(timings, 'ours'), timing(timings, 'typed')];
  return [{ name, ours: own.perSecond, peer: typed.perSecond, unit: 'calls/s', target: undefined }];
}
