import type { ModelCard } from '../formats/model-card.ts';

/** A model file that fits its card, loaded and tried. */
export interface ScoringModel {
  readonly card: ModelCard;
  /**
   * One raw score (0..1) per row, in order. `matrix` holds rows × `card.features.length` float32 values and may be handed
   * to another thread: the caller does not use it again.
   * @param family a key of `card.families`; undefined takes the card's own model.
   * @throws when the model cannot be run or the signal ends the wait.
   */
  score(family: string | undefined, matrix: Float32Array, signal: AbortSignal): Promise<Float32Array>;
  /** Lets what is being scored end first. */
  close(): Promise<void>;
}

/** The bytes of a model as published: the card's text and every ONNX file that it names. */
export interface ModelFiles {
  readonly card: ModelCard;
  /** The card's own model. */
  readonly onnx: Uint8Array;
  /** By family. */
  readonly families: ReadonlyMap<string, Uint8Array>;
}

/** @throws DocumentRefused with a sentence when anything does not fit. */
export type OpenScoringModel = (files: ModelFiles, signal: AbortSignal) => Promise<ScoringModel>;
