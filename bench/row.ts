/** One line of the result: ours against the peer, in the same run. */
export interface Row {
  readonly name: string;
  readonly ours: number;
  /** Undefined where there is nothing to compare with. */
  readonly peer: number | undefined;
  readonly unit: 'ms' | 's' | 'calls/s' | 'MB' | 'AUC' | '% of a core' | 'writes';
  /** What is to be reached, in words, and whether it was. */
  readonly target: { readonly words: string; readonly met: boolean } | undefined;
}

/** Ours by the peer's: below 1 is faster or smaller, except for calls/s. */
export function ratioOf({ ours, peer }: Row): number | undefined {
  return peer === undefined || peer === 0 ? undefined : ours / peer;
}

/** The line of the JSON file. */
export function rowJson(row: Row): string {
  const ratio = ratioOf(row);
  return JSON.stringify({
    name: row.name,
    ours: rounded(row.ours),
    peer: row.peer === undefined ? null : rounded(row.peer),
    ratio: ratio === undefined ? null : rounded(ratio),
    unit: row.unit,
  });
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
