import type { LabelRequirement } from './scale-up-request.ts';

/** The number of a value; {@link absent} where the label is not there. */
export type ValueId = number;
export const absent: ValueId = 0;

interface ValuesOfKey {
  readonly place: number;
  readonly ids: Map<string, ValueId>;
  /** By id, the value as a whole number; NaN, and so never greater or less, for what is none. */
  readonly wholes: number[];
}

const unknownKey: ValuesOfKey = { place: -1, ids: new Map(), wholes: [] };

/** One requirement held against a label's value. */
export interface Judge {
  /** Place of the label's key. */
  readonly place: number;
  readonly key: string;
  readonly holds: (value: ValueId) => boolean;
}

/**
 * Label values as numbers: each text is read once, so that requirements are held against nodes by comparing numbers, however
 * many there are of both and however long their texts.
 */
export class LabelValues {
  readonly #byKey = new Map<string, ValuesOfKey>();

  /** @param keys the labels that requirements speak of; all others are as good as absent */
  constructor(keys: Iterable<string>) {
    for (const key of keys)
      if (!this.#byKey.has(key))
        this.#byKey.set(key, { place: this.#byKey.size, ids: new Map(), wholes: [Number.NaN] });
  }

  keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  get keyCount(): number {
    return this.#byKey.size;
  }

  /** Place of the key and number of the value; undefined for a key that no requirement speaks of. */
  valueOf(key: string, value: string): { readonly place: number; readonly id: ValueId } | undefined {
    const known = this.#byKey.get(key);
    if (known === undefined) return undefined;
    let id = known.ids.get(value);
    if (id === undefined) {
      id = known.wholes.push(whole(value)) - 1;
      known.ids.set(value, id);
    }
    return { place: known.place, id };
  }

  /**
   * The requirement as the scheduler reads it: NotIn is met by an absent label, Gt and Lt compare whole numbers. To be asked for
   * once all values of all nodes are known.
   */
  judgeOf({ key, operator, values }: LabelRequirement): Judge {
    const { place, ids, wholes } = this.#byKey.get(key) ?? unknownKey;
    const listed = (): readonly ValueId[] => {
      const found: ValueId[] = [];
      for (const value of values) {
        const id = ids.get(value);
        if (id !== undefined) found.push(id);
      }
      return found;
    };
    const holds = (): Judge['holds'] => {
      switch (operator) {
        case 'In':
          return isOneOf(listed());
        case 'NotIn': {
          const isListed = isOneOf(listed());
          return (value) => !isListed(value);
        }
        case 'Exists':
          return (value) => value !== absent;
        case 'DoesNotExist':
          return (value) => value === absent;
        case 'Gt': {
          const bound = whole(values[0]);
          return (value) => (wholes[value] ?? Number.NaN) > bound;
        }
        case 'Lt': {
          const bound = whole(values[0]);
          return (value) => (wholes[value] ?? Number.NaN) < bound;
        }
      }
    };
    return { place, key, holds: holds() };
  }
}

function isOneOf(ids: readonly ValueId[]): Judge['holds'] {
  const [only] = ids;
  if (only === undefined) return () => false;
  if (ids.length === 1) return (value) => value === only;
  const all = new Set(ids);
  return (value) => all.has(value);
}

function whole(text: string | undefined): number {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
}
