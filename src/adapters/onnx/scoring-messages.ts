/** What the scoring thread is started with: ONNX files by name. */
export interface WorkerModel {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly columns: number;
}

export interface ScoringTask {
  readonly id: number;
  readonly file: string;
  readonly matrix: Float32Array;
}

export type ScoringReply =
  { readonly id: number; readonly scores: Float32Array } | { readonly id: number; readonly failure: string };
