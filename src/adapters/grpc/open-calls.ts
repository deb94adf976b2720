import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';

/** Streams that stay open until a client leaves: nobody waits for their end. */
const endless = ['/grpc.health.v1.Health/Watch', '/grpc.reflection.'];

/** Counts the calls under way that come to an end by themselves. */
export class OpenCalls {
  #count = 0;
  readonly #waiting: (() => void)[] = [];

  get count(): number {
    return this.#count;
  }

  opened(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const path = headers[':path'] ?? '';
    if (endless.some((prefix) => path.startsWith(prefix))) return;
    this.#count += 1;
    stream.once('close', () => {
      this.#count -= 1;
      if (this.#count === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** Resolves when no call is under way. */
  ended(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
