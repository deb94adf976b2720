/** One ONNX file to load and to run on rows of zeros. */
export interface TrialTask {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly columns: number;
  readonly rows: number;
}

export interface TrialFault {
  readonly kind: 'refused';
  readonly file: string;
  readonly mistakes: readonly string[];
}

export type TrialResult = { readonly kind: 'runs'; readonly file: string; readonly ms: number } | TrialFault;

export type TrialReply = { readonly kind: 'ready' } | TrialResult;
