/** What of the history's bounds somebody takes. */
export interface Load {
  readonly decisions: number;
  readonly candidates: number;
  readonly bytes: number;
}

interface Kept extends Load {
  readonly id: string;
}

/** What one caller has asked in one kind of question, oldest first. */
class Share {
  readonly ids = new Map<string, Kept>();
  load: Load = { decisions: 0, candidates: 0, bytes: 0 };
}

/**
 * Whose decision is forgotten when there is room for no more: the oldest of the caller that takes most, in the kind of question that
 * takes most. So a flood of one kind, or from one caller, forgets its own and leaves the others what they have, down to an equal
 * share.
 */
export class DecisionShares {
  readonly #bounds: Load;
  readonly #kinds = new Map<string, Map<string, Share>>();

  /** @param bounds how much a whole history takes: what is measured in them, is measured in parts of it */
  constructor(bounds: Load) {
    this.#bounds = bounds;
  }

  add(kind: string, caller: string, kept: Kept): void {
    const callers = this.#kinds.get(kind) ?? new Map<string, Share>();
    const share = callers.get(caller) ?? new Share();
    share.ids.set(kept.id, kept);
    share.load = sum(share.load, kept, 1);
    callers.set(caller, share);
    this.#kinds.set(kind, callers);
  }

  /** Takes the decision that is to be forgotten out; undefined when there is none. */
  forgotten(): string | undefined {
    const kind = this.#most([...this.#kinds], ([, callers]) =>
      [...callers.values()].reduce((all, { load }) => sum(all, load, 1), nothing),
    );
    const found = kind === undefined ? undefined : this.#most([...kind[1]], ([, { load }]) => load);
    const oldest = found?.[1].ids.values().next().value;
    if (kind === undefined || found === undefined || oldest === undefined) return undefined;
    const [caller, share] = found;
    share.ids.delete(oldest.id);
    share.load = sum(share.load, oldest, -1);
    if (share.ids.size === 0) kind[1].delete(caller);
    if (kind[1].size === 0) this.#kinds.delete(kind[0]);
    return oldest.id;
  }

  #most<One>(all: readonly One[], loadOf: (one: One) => Load): One | undefined {
    let most: { readonly one: One; readonly part: number } | undefined;
    for (const one of all) {
      const part = this.#partOf(loadOf(one));
      if (most === undefined || part > most.part) most = { one, part };
    }
    return most?.one;
  }

  /** The part of the history by the bound that it is nearest to. */
  #partOf({ decisions, candidates, bytes }: Load): number {
    const bounds = this.#bounds;
    return Math.max(decisions / bounds.decisions, candidates / bounds.candidates, bytes / bounds.bytes);
  }
}

const nothing: Load = { decisions: 0, candidates: 0, bytes: 0 };

function sum(one: Load, other: Load, sign: 1 | -1): Load {
  return {
    decisions: one.decisions + sign * other.decisions,
    candidates: one.candidates + sign * other.candidates,
    bytes: one.bytes + sign * other.bytes,
  };
}
