import { chanceFrom } from '../src/learning/chance.ts';

export interface Matrix {
  readonly columns: readonly Float32Array[];
  readonly labels: Uint8Array;
}

/** A target of about one in ten with interactions, steps, rounded columns, and missing values where asked for. */
export function matrix(rows: number, width: number, missingShare: number, seed: number): Matrix {
  const chance = chanceFrom(seed);
  const columns = Array.from({ length: width }, (_, column) =>
    Float32Array.from({ length: rows }, () => {
      const value = chance() + chance() - 1;
      if (chance() < missingShare) return Number.NaN;
      return column % 3 === 2 ? Math.round(8 * value) : value;
    }),
  );
  const at = (column: number, row: number): number => columns[column]![row]! || 0;
  const labels = Uint8Array.from({ length: rows }, (_, row) => {
    const odds =
      -3.2 +
      6 * at(0, row) * at(1, row) +
      0.3 * at(2, row) +
      (at(3, row) > 0.4 ? 2 : 0) +
      Math.sin(6 * at(4, row));
    return chance() < 1 / (1 + Math.exp(-odds)) ? 1 : 0;
  });
  return { columns, labels };
}
