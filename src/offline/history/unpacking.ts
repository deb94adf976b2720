import { createGunzip, createZstdDecompress } from 'node:zlib';

export type Packing = 'gzip' | 'zstd';

/** Where the bytes of an object go once they are unpacked. */
export interface ByteSink {
  readonly onBytes: (bytes: Uint8Array) => void;
  /** A file within a packed one begins; what comes next is its. */
  readonly onPart: (name: string) => void;
}

export interface Unpacking {
  /** Resolves when more may be written. */
  readonly write: (chunk: Uint8Array) => Promise<'open' | 'broken'>;
  /** Resolves, when all is unpacked, to what was wrong. */
  readonly end: () => Promise<string | undefined>;
}

/**
 * Whether what is unpacked has grown out of all proportion. Price rows that hardly differ pack some sixty times; beyond this a file is
 * made to keep its reader busy for ever.
 */
export class Growth {
  #packed = 0;
  #unpacked = 0;

  took(packedBytes: number): void {
    this.#packed += packedBytes;
  }

  gave(unpackedBytes: number): void {
    this.#unpacked += unpackedBytes;
  }

  get isBeyondMeasure(): boolean {
    return this.#unpacked > 1 << 29 && this.#unpacked > 250 * this.#packed;
  }
}

export const beyondMeasure =
  'it unpacks to more than 250 times its size, which no price history does; what came until then is used';

/** Bytes are handed on as they come out: an iterator over the stream would lose what it holds when the end is broken. */
export function unpacking(packing: Packing, onBytes: (bytes: Uint8Array) => void): Unpacking {
  const stream =
    packing === 'gzip' ? createGunzip({ chunkSize: 1 << 18 }) : createZstdDecompress({ chunkSize: 1 << 18 });
  const over = Promise.withResolvers<string | undefined>();
  const growth = new Growth();
  let broken = false;
  let fault: unknown;
  stream.on('data', (bytes: Uint8Array) => {
    growth.gave(bytes.length);
    if (growth.isBeyondMeasure) {
      broken = true;
      over.resolve(beyondMeasure);
      stream.destroy();
      return;
    }
    try {
      onBytes(bytes);
    } catch (error) {
      fault = error;
      stream.destroy();
    }
  });
  stream.on('end', () => over.resolve(undefined));
  stream.on('close', () => over.resolve(undefined));
  stream.on('error', (error: NodeJS.ErrnoException) => {
    broken = true;
    over.resolve(
      error.code === 'Z_BUF_ERROR' || error.code === 'ZSTD_error_srcSize_wrong'
        ? `the ${packing} file is cut off; what was there is used`
        : `the ${packing} file is damaged (${error.message}); what came before is used`,
    );
  });
  return {
    async write(chunk) {
      growth.took(chunk.length);
      if (!broken && !stream.destroyed && !stream.write(chunk)) {
        const drained = Promise.withResolvers<undefined>();
        stream.once('drain', drained.resolve);
        await Promise.race([drained.promise, over.promise]);
        stream.off('drain', drained.resolve);
      }
      return broken || stream.destroyed ? 'broken' : 'open';
    },
    async end() {
      stream.end();
      const problem = await over.promise;
      if (fault instanceof Error) throw fault;
      return problem;
    },
  };
}
