/** How many of something each client has open. */
export class ClientCounts {
  readonly #open = new Map<string, number>();

  of(client: string): number {
    return this.#open.get(client) ?? 0;
  }

  opened(client: string): void {
    this.#open.set(client, this.of(client) + 1);
  }

  closed(client: string): void {
    const left = this.of(client) - 1;
    if (left <= 0) this.#open.delete(client);
    else this.#open.set(client, left);
  }
}
