/** Why rows of a price history were left out. */
export const rowFaults = [
  'malformed',
  'malformed-time',
  'ambiguous-time',
  'malformed-price',
  'price-not-positive',
  'time-in-future',
  'time-before-spot',
  'malformed-type',
  'unknown-zone',
  'too-many-pools',
  'duplicate',
  'conflicting',
] as const;

export type RowFault = (typeof rowFaults)[number];

export interface FileReport {
  readonly path: string;
  readonly format: 'csv' | 'json' | 'parquet' | 'snapshots' | 'not-read';
  readonly rows: number;
  /** What was wrong with the file as a whole; what could be read of it is used. */
  readonly problem?: string;
}

/** What a reading of price history took and what it left out, and why. */
export interface HistoryReport {
  readonly files: readonly FileReport[];
  /** Rows read, good and bad. */
  readonly rows: number;
  /** Change points in the series. */
  readonly points: number;
  readonly pools: number;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  /** Rows that say what was known already: no fault. */
  readonly unchanged: number;
  /** Rows of other regions, types, products or times than were asked for: no fault. */
  readonly notAskedFor: number;
  readonly dropped: Readonly<Record<RowFault, number>>;
  /** Sentences for a person. */
  readonly notes: readonly string[];
}

const sentences: Readonly<Record<RowFault, string>> = {
  malformed: 'without the needed columns',
  'malformed-time': 'with a time that cannot be read',
  'ambiguous-time': 'with a date such as 1/2/2024, which may be of January or of February (write 2024-01-02)',
  'malformed-price': 'with a price that is no number',
  'price-not-positive': 'with a price of zero or less',
  'time-in-future': 'from the future (a clock is wrong)',
  'time-before-spot': 'from before Spot was sold (a clock is wrong)',
  'malformed-type': 'whose instance type is none',
  'unknown-zone': 'whose zone names no region, with no region given',
  'too-many-pools': 'of more pools than all of AWS has',
  duplicate: 'that stand there twice',
  conflicting: 'that give one pool another price at the same time (the later row is kept)',
};

/** The report in sentences, one a line. */
export function reportText(report: HistoryReport): string {
  const span =
    report.fromMs === undefined || report.toMs === undefined
      ? ''
      : `, ${new Date(report.fromMs).toISOString().slice(0, 16)}Z to ${new Date(report.toMs).toISOString().slice(0, 16)}Z`;
  const lines = [
    `${report.rows} rows in ${report.files.length} files: ${report.points} price changes of ${report.pools} pools${span}.`,
  ];
  for (const fault of rowFaults)
    if (report.dropped[fault] > 0) lines.push(`Dropped ${report.dropped[fault]} rows ${sentences[fault]}.`);
  for (const { path, problem } of report.files) if (problem !== undefined) lines.push(`${path}: ${problem}`);
  lines.push(...report.notes);
  return `${lines.join('\n')}\n`;
}

export function noFaults(): Record<RowFault, number> {
  const none: Partial<Record<RowFault, number>> = {};
  for (const fault of rowFaults) none[fault] = 0;
  return none as Record<RowFault, number>;
}
