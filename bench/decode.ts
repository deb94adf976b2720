import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nativeSameBytes } from '../src/adapters/grpc/native-same-bytes.ts';
import { readBestOptions } from '../src/wire/best-options-reader.ts';
import { timing } from './go-peer.ts';
import type { Bench, Measurement } from './measurement.ts';
import { elapsed, quantile } from './quantile.ts';
import { requestFlags, requestSizes } from './requests.ts';
import type { Row } from './row.ts';
import { typedRequest } from './typed-request.ts';

/** From bytes in memory to what a decision needs, without a network. */
export const decodeAlone: readonly Measurement[] = requestSizes.map((size) => ({
  name: `decode ${size.name}`,
  slow: !size.quick,
  rows: async ({ peer, directory, quick }: Bench): Promise<readonly Row[]> => {
    const file = join(directory, 'request.bin');
    await peer.writeRequest(file, requestFlags(size));
    const rounds = quick ? 5 : 10;
    const go = timing(await peer.decode(file, rounds), 'typed');
    const message = readFileSync(file);
    rmSync(file);
    const own = elapsed(rounds, () => readBestOptions(message, nativeSameBytes));
    const rows: Row[] = [
      {
        name: `decode ${size.name}, Go`,
        ours: quantile(own, 0.5),
        peer: go.p50Ms,
        unit: 'ms',
        target: undefined,
      },
    ];
    if (size.quick) {
      const typed = elapsed(3, () => typedRequest(message));
      rows.push({
        name: `decode ${size.name}, proto-loader`,
        ours: quantile(own, 0.5),
        peer: quantile(typed, 0.5),
        unit: 'ms',
        target: undefined,
      });
    }
    return rows;
  },
}));
