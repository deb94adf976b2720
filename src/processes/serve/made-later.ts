/**
 * A part that another one asks while it runs and that is made after it. Asking before it is there is a fault of the
 * composition, told by name.
 */
export class MadeLater<Part> {
  readonly #name: string;
  #part: Part | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** @throws Error when the part is asked for before it is there. */
  get part(): Part {
    if (this.#part === undefined) throw new Error(`${this.#name} is asked before it is there`);
    return this.#part;
  }

  set part(part: Part) {
    this.#part = part;
  }

  /** Undefined until it is there. */
  get partIfThere(): Part | undefined {
    return this.#part;
  }
}
