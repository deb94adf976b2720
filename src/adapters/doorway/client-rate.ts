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

  #bucket(client: string, nowMs: number): Bucket {
    const known = this.#buckets.get(client);
    if (known !== undefined) return known;
    if (this.#buckets.size >= mostBuckets) this.#forgetFull(nowMs);
    const bucket = { tokens: this.#burst, atMs: nowMs };
    this.#buckets.set(client, bucket);
    return bucket;
  }

  /** A bucket that is full again tells nothing; where all are in use, the oldest gives way. */
  #forgetFull(nowMs: number): void {
    for (const [client, { tokens, atMs }] of this.#buckets)
      if (tokens + (nowMs - atMs) * this.#perMs >= this.#burst) this.#buckets.delete(client);
    for (const client of this.#buckets.keys()) {
      if (this.#buckets.size < mostBuckets) return;
      this.#buckets.delete(client);
    }
  }
}
