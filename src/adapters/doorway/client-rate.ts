/** A bucket that fills by `perSecond` up to `burst`. */
interface Bucket {
  tokens: number;
  atMs: number;
}

const mostBuckets = 10_000;

/** How often each client may come: `burst` times at once, `perSecond` times in the long run. */
export class ClientRate {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perMs = perSecond / 1_000;
  }

  /** True when the client may come now; it is then counted. */
  admits(client: string, nowMs: number): boolean {
    const bucket = this.#bucket(client, nowMs);
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (nowMs - bucket.atMs) * this.#perMs);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** The one that has not come for the longest time gives way: by then its bucket is full again, or it is one of too many. */
  #bucket(client: string, nowMs: number): Bucket {
    const known = this.#buckets.get(client);
    this.#buckets.delete(client);
    if (known === undefined && this.#buckets.size >= mostBuckets)
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    const bucket = known ?? { tokens: this.#burst, atMs: nowMs };
    this.#buckets.set(client, bucket);
    return bucket;
  }
}
