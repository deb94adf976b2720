import { timing } from './go-peer.ts';
import type { Bench, Measurement } from './measurement.ts';
import { requestFlags, requestSizes, type RequestSize } from './requests.ts';
import type { Row } from './row.ts';

/** Whole calls over TLS, from the first byte to the answer. */
export const largeRequests: readonly Measurement[] = [
  ...requestSizes.map((size) => ({
    name: `request ${size.name}`,
    slow: !size.quick,
    rows: (bench: Bench) => rowsOf(bench, size),
  })),
  { name: 'request 85 MB, no pod twice', slow: true, rows: distinctRows },
];

async function rowsOf({ ours, peer, quick }: Bench, size: RequestSize): Promise<readonly Row[]> {
  const timings = await peer.call({ ours: ours.address, typed: peer.typed, bytes: peer.bytes }, [
    ...requestFlags(size),
    ...['--calls', String(quick ? Math.ceil(size.calls / 4) : size.calls), '--pause', '20ms'],
  ]);
  const [own, typed, bytes] = [timing(timings, 'ours'), timing(timings, 'typed'), timing(timings, 'bytes')];
  const name = `request ${size.name}`;
  return [
    {
      name: `${name} p50`,
      ours: own.p50Ms,
      peer: typed.p50Ms,
      unit: 'ms',
      target: { words: '≤ Go', met: own.p50Ms <= typed.p50Ms },
    },
    { name: `${name} p99`, ours: own.p99Ms, peer: typed.p99Ms, unit: 'ms', target: undefined },
    {
      name: `${name} p50, Go that decodes nothing`,
      ours: own.p50Ms,
      peer: bytes.p50Ms,
      unit: 'ms',
      target: undefined,
    },
  ];
}

/** The worst case of a reader that decodes each distinct pod once. */
async function distinctRows({ ours, peer }: Bench): Promise<readonly Row[]> {
  const timings = await peer.call({ ours: ours.address, typed: peer.typed }, [
    ...requestFlags({ options: 200, pods: 100 }),
    ...['--distinct', '--calls', '8', '--pause', '20ms'],
  ]);
  const [own, typed] = [timing(timings, 'ours'), timing(timings, 'typed')];
  return [
    {
      name: 'request 85 MB, no pod twice, p50',
      ours: own.p50Ms,
      peer: typed.p50Ms,
      unit: 'ms',
      target: { words: '≤ Go', met: own.p50Ms <= typed.p50Ms },
    },
  ];
}
