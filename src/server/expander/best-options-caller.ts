/** Who asked. */
export interface BestOptionsCaller {
  /** For the history: whose decisions these are. */
  readonly name: string;
  /** What it asks tells of capacity: which pods wait, and which groups it may use. */
  readonly isBelieved: boolean;
}
