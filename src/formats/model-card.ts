/**
 * How a model's raw score becomes a probability: a table of [score, probability], both 0..1, scores strictly ascending,
 * probabilities never falling. Between two points the probability is linear in the score, outside it is that of the
 * nearest point. `method` tells how the table was fitted; it is read in the same way for both.
 */
export interface CalibrationTable {
  readonly method: 'isotonic' | 'platt';
  readonly points: readonly (readonly [score: number, probability: number])[];
}

/** What turns one ONNX file's score into the two numbers of an assessment. */
export interface ScoreScale {
  /** Hex SHA-256 of the ONNX file. */
  readonly sha256: string;
  readonly calibration: CalibrationTable;
  /** 0..1 exclusive, the share of unstable rows in the training span: the prior that even odds replace. */
  readonly priorRate: number;
  readonly thresholds: {
    /** 0..1, the calibrated probability at which F1 is largest on the calibration slice. */
    readonly f1: number;
    /** 0..1, the safety gate on the even-odds scale that the card was reported with. */
    readonly gate: number;
  };
}

/** A model of one family; `file` stands beside the card. */
export interface FamilyScale extends ScoreScale {
  readonly file: string;
}

/**
 * What stands beside an ONNX model, as `NAME.card.json` beside `NAME.onnx`. A model is served only when every field fits.
 * The ONNX graph takes one float32 tensor [rows, features] and gives one float32 tensor [rows, 1] of scores, 0..1.
 */
export interface ModelCard extends ScoreScale {
  readonly name: string;
  readonly version: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Columns of the input, in order. */
  readonly features: readonly string[];
  /** The target looks this far ahead, in hours. */
  readonly horizonHours: number;
  /** The target: the highest price of the horizon is at least (1 + spikeThreshold) × the price now. */
  readonly spikeThreshold: number;
  readonly dataSpan: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly regions: readonly string[];
  };
  /** Measured before publishing; for people, never read by a decision. */
  readonly metrics: Readonly<Record<string, unknown>>;
  /** USD per hour: pools cheaper than this are not scored, because one tick of their price is a spike. */
  readonly minPricePerHour?: number;
  /** Models of their own for single families (`c5`), with the same features; all other pools take the card's own model. */
  readonly families?: Readonly<Record<string, FamilyScale>>;
}
