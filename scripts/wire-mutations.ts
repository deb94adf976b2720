import { readFileSync } from 'node:fs';
import { MalformedRequest } from '../src/errors/malformed-request.ts';
import { bestOptionsResponse } from '../src/wire/best-options-answer.ts';
import { readBestOptions } from '../src/wire/best-options-reader.ts';
import { joined, node, nodeEntry, option, pod, varint } from './wire-bytes.ts';

/** Chance that can be repeated: the same seed gives the same messages. */
export type Random = (below: number) => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) % below) >>> 0;
  };
}

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../test/fixtures/${name}`, import.meta.url));

/** Small requests in every wire form, and one that has every field the reader knows. */
export const smallRequests: readonly Uint8Array[] = [
  ...['ca-1.24-1.34.1', 'ca-1.34.2-1.34.5', 'ca-1.35plus'].map((form) =>
    fixture(`best_options_request.${form}.bin`),
  ),
  joined(
    ...['a', 'b', 'c'].map((id) =>
      option({
        id,
        count: 3,
        raw: [
          pod({
            name: 'p',
            containers: [{ requests: { cpu: '500m', memory: '1Gi', 'nvidia.com/gpu': '1' } }],
          }),
          pod({
            initContainers: [{ requests: { cpu: '1e3' }, runsOn: true }],
            overhead: { cpu: '10m' },
            podLevel: { cpu: '1', memory: '1Ki' },
          }),
        ],
        embedded: [pod({ name: 'q' })],
      }),
    ),
    nodeEntry(2, 'a', node({ labels: { zone: 'a' }, capacity: { cpu: '2', memory: '8Gi' } })),
    nodeEntry(
      3,
      'b',
      node({ labels: { zone: 'b' }, allocatable: { cpu: '1930m' }, providerId: 'aws:///a/i-1' }),
    ),
  ),
];

/** Requests as real autoscalers sent them, a few hundred kilobytes each. */
export const realRequests: readonly Uint8Array[] = ['1.34.1', '1.34.5', '1.35.2'].map((release) =>
  fixture(`real_request.ca-${release}.bin`),
);

/** One of `requests` with one to eight things done to it. */
export function mutant(requests: readonly Uint8Array[], random: Random): Uint8Array {
  const pick = (): Uint8Array => requests[random(requests.length)] ?? new Uint8Array();
  let bytes = Uint8Array.from(pick());
  for (let left = 1 + random(8); left > 0 && bytes.length > 0; left -= 1) {
    bytes = Uint8Array.from(mutated(bytes, pick(), random));
  }
  return bytes;
}

const hostileVarints = [
  varint(0),
  varint(0x7f),
  varint(2n ** 31n - 1n),
  varint(2n ** 32n),
  varint(2n ** 63n),
  varint(-1),
  new Uint8Array(10).fill(0x80),
  new Uint8Array(11).fill(0xff),
  Uint8Array.of(0x81, 0x80, 0x80, 0x80, 0x00),
];

function mutated(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const at = random(bytes.length);
  const length = random(Math.min(64, bytes.length - at)) + 1;
  const [before, here, after] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + length),
    bytes.subarray(at + length),
  ];
  switch (random(9)) {
    case 0:
      return joined(before, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random(8))), bytes.subarray(at + 1));
    case 1:
      return joined(before, Uint8Array.of(random(256)), bytes.subarray(at + 1));
    case 2:
      return before;
    case 3:
      return joined(before, after);
    case 4:
      return joined(before, here, here, here, after);
    case 5:
      return joined(before, hostileVarints[random(hostileVarints.length)] ?? here, bytes.subarray(at + 1));
    case 6:
      return joined(
        before,
        Uint8Array.from({ length }, () => random(256)),
        after,
      );
    case 7:
      return joined(before, other.subarray(random(other.length)));
    default:
      return joined(bytes, other);
  }
}

/**
 * What is wrong with how `bytes` are read; undefined when the reading is legal or refused as it should be.
 * Legal: ids are unique and not empty, counts and amounts are in range, every index names a pod, and an answer can be made.
 */
export function faultOf(bytes: Uint8Array): string | undefined {
  let request;
  try {
    request = readBestOptions(bytes);
  } catch (error) {
    return error instanceof MalformedRequest ? undefined : `threw ${String(error)}`;
  }
  const { options, pods, nodes } = request;
  const ids = options.map(({ nodeGroupId }) => nodeGroupId);
  if (new Set(ids).size !== ids.length) return 'an id twice';
  if (ids.includes('')) return 'an option without id';
  if (ids.some((id) => !id.isWellFormed())) return 'an id that cannot be answered';
  for (const { nodeCount, pods: held } of options) {
    if (!Number.isInteger(nodeCount) || nodeCount < 1 || nodeCount > 0x7fff_ffff)
      return `node count ${nodeCount}`;
    for (let at = 0; at < held.length; at += 1)
      if ((held[at] ?? -1) >= pods.length) return 'an index without pod';
  }
  const amounts = [
    ...pods.map(({ requests }) => requests),
    ...[...nodes.values()].flatMap((one) => [one.allocatable, one.capacity]),
  ];
  for (const amount of amounts) {
    for (const value of Object.values(amount)) {
      if (!Number.isSafeInteger(value) || value < 0) return `an amount of ${String(value)}`;
    }
  }
  const answered = readBestOptions(bestOptionsResponse(ids)).options.map(({ nodeGroupId }) => nodeGroupId);
  return answered.join('\n') === ids.join('\n') ? undefined : 'an answer that names other ids';
}
