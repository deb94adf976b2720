const mostKnown = 1_000;
const knownMs = 3_600_000;

/** Clients that have read an answer to a good call, for an hour; the one that came least lately gives way. */
export class KnownClients {
  readonly #seenMs = new Map<string, number>();

  sawRead(client: string, nowMs: number): void {
    this.#seenMs.delete(client);
    this.#seenMs.set(client, nowMs);
    if (this.#seenMs.size <= mostKnown) return;
    for (const oldest of this.#seenMs.keys()) {
      this.#seenMs.delete(oldest);
      return;
    }
  }

  isKnown(client: string, nowMs: number): boolean {
    const seenMs = this.#seenMs.get(client);
    return seenMs !== undefined && nowMs - seenMs < knownMs;
  }
}
