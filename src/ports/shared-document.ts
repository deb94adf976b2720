export interface SharedDocumentState {
  /** Undefined: it does not exist. */
  readonly version: string | undefined;
  /** Empty where it does not exist or holds nothing. */
  readonly text: string;
}

/** A small document that several processes read, watch and write over each other's words only knowingly. */
export interface SharedDocument {
  /** For people. */
  readonly place: string;
  /** @throws ClusterUnavailable when it cannot be had; status 403 where the right is missing. */
  read(signal: AbortSignal): Promise<SharedDocumentState>;
  /**
   * Tells each state after `version` until the watch ends, which it does now and then; then it is read and followed anew.
   * @throws ClusterUnavailable when the watch breaks off or is refused.
   */
  follow(version: string, onChange: (state: SharedDocumentState) => void, signal: AbortSignal): Promise<void>;
  /** Makes an empty one where none is; what is there already stays as it is. */
  make(signal: AbortSignal): Promise<void>;
  /** Writes over the version that was read; `conflict` when it is another by now, or gone. */
  write(text: string, version: string, signal: AbortSignal): Promise<'written' | 'conflict'>;
}
