import { parquetWriteBuffer } from 'hyparquet-writer';
import type { ParquetBytes } from '../../ports/parquet-history.ts';

/**
 * Snappy, the one codec that every reader has built in. Prices are doubles: the nearest double to AWS's decimal text, which
 * prints as that text again. Times are UTC milliseconds.
 */
export const parquetBytes: ParquetBytes = (part) =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        {
          name: 'timestamp',
          data: part.atMs.map((at) => BigInt(at)),
        },
        { name: 'availability_zone', data: [...part.zone] },
        { name: 'instance_type', data: [...part.instanceType] },
        { name: 'product', data: [...part.product] },
        { name: 'price_usd', data: [...part.pricePerHour] },
      ],
      schema: [
        { name: 'root', num_children: 5 },
        {
          name: 'timestamp',
          type: 'INT64',
          repetition_type: 'REQUIRED',
          logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
        },
        {
          name: 'availability_zone',
          type: 'BYTE_ARRAY',
          converted_type: 'UTF8',
          repetition_type: 'REQUIRED',
        },
        { name: 'instance_type', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
        { name: 'product', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
        { name: 'price_usd', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
      ],
      codec: 'SNAPPY',
      rowGroupSize: 100_000,
      createdBy: 'spot-expander',
    }),
  );
