import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

export interface PriceListPeer {
  readonly url: string;
  /** Bytes that the peer has handed to its socket. */
  readonly sent: () => number;
  readonly close: () => void;
}

const columns = [
  'SKU',
  'TermType',
  'PriceDescription',
  'Unit',
  'PricePerUnit',
  'Currency',
  'Instance Type',
  'Operating System',
  'Tenancy',
  'CapacityStatus',
  'Pre Installed S/W',
  ...Array.from({ length: 70 }, (_, index) => `Column ${index}`),
];
const quoted = (fields: readonly string[]): string => `${fields.map((field) => `"${field}"`).join(',')}\n`;

/** Of many rows one is the price of a plain Linux node, as in AWS's own list. */
function row(index: number): string {
  const isPlain = index % 40 === 0;
  const type = `m${((index / 40) % 500) | 0}x.large`;
  const price = (0.01 + (((index / 40) % 500) | 0) / 1000).toFixed(10);
  return quoted([
    `SKU${index}`,
    isPlain ? 'OnDemand' : 'Reserved',
    `$${price} per "" On Demand Linux, ${type} Instance Hour`,
    'Hrs',
    price,
    'USD',
    type,
    'Linux',
    'Shared',
    'Used',
    'NA',
    ...Array.from({ length: 70 }, (_, column) => (column % 3 === 0 ? '' : `value ${column}`)),
  ]);
}

/** On-demand prices that {@link priceListPeer} publishes: 500 of them. */
export const madeTypes = 500;
export const lastMadePrice = { type: 'm499x.large', pricePerHour: 0.509 };

/** Publishes a list of `bytes` in the shape of AWS's bulk price list, made as it is sent and never slower than it is taken. */
export async function priceListPeer(bytes: number): Promise<PriceListPeer> {
  const body = Buffer.from(Array.from({ length: 40 * madeTypes }, (_, index) => row(index)).join(''));
  const head = Buffer.from(
    `${quoted(['FormatVersion', 'v1.0'])}${quoted(['Publication Date', '2026-01-01T00:00:00Z'])}${quoted(columns)}`,
  );
  const piece = 1 << 16;
  let sent = 0;
  function* pieces(): Generator<Buffer> {
    sent = 0;
    yield head;
    while (sent < bytes) {
      const at = sent % body.length;
      const part = body.subarray(at, Math.min(at + piece, body.length));
      sent += part.length;
      yield part;
    }
    yield Buffer.from('\n');
  }
  const server = createServer((_, response) => {
    // A reader that stops early breaks the pipe: that is its right.
    pipeline(pieces(), response).catch(() => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/{region}/index.csv`,
    sent: () => sent,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
