/** Of so many turns one is for those that nobody knows yet, if anybody is known to want the others. */
const strangersTurn = 4;

export interface Taken<Item> {
  readonly item: Item;
  readonly isKnown: boolean;
}

/**
 * What waits for its turn: known clients first, though never alone, and among them in rounds over clients, so that who brings
 * much waits for himself.
 */
export class FairQueue<Item> {
  readonly #known = new Map<string, Item[]>();
  readonly #strangers = new Map<string, Item[]>();
  #size = 0;
  #turn = 0;

  get size(): number {
    return this.#size;
  }

  put(client: string, isKnown: boolean, item: Item): void {
    const among = isKnown ? this.#known : this.#strangers;
    const items = among.get(client);
    if (items === undefined) among.set(client, [item]);
    else items.push(item);
    this.#size += 1;
  }

  /** The next; undefined when nothing waits that may be taken now. */
  take(withStrangers = true): Taken<Item> | undefined {
    this.#turn += 1;
    if (!withStrangers) return this.#takenOf(this.#known, true);
    if (this.#turn % strangersTurn === 0)
      return this.#takenOf(this.#strangers, false) ?? this.#takenOf(this.#known, true);
    return this.#takenOf(this.#known, true) ?? this.#takenOf(this.#strangers, false);
  }

  /** Gives up the newest of the client that has most waiting: strangers' before those of known ones. */
  giveUp(): Item | undefined {
    const among = this.#strangers.size > 0 ? this.#strangers : this.#known;
    let most: string | undefined;
    for (const [client, items] of among)
      if (items.length > (among.get(most ?? '')?.length ?? 0)) most = client;
    const items = among.get(most ?? '');
    const item = items?.pop();
    if (item === undefined) return undefined;
    if (items?.length === 0) among.delete(most ?? '');
    this.#size -= 1;
    return item;
  }

  #takenOf(among: Map<string, Item[]>, isKnown: boolean): Taken<Item> | undefined {
    for (const [client, items] of among) {
      const item = items.shift();
      // To the end of the round.
      among.delete(client);
      if (item === undefined) continue;
      if (items.length > 0) among.set(client, items);
      this.#size -= 1;
      return { item, isKnown };
    }
    return undefined;
  }
}
