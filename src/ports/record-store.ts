/** Where recordings are kept: a flat set of named byte strings. Every method may fail with the store's own error. */
export interface RecordStore {
  /** Oldest name first. */
  list(): Promise<readonly RecordEntry[]>;
  /** Complete or not at all: a reader never sees half a recording. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Removing what is not there is no failure. */
  remove(name: string): Promise<void>;
}

export interface RecordEntry {
  readonly name: string;
  readonly bytes: number;
}
