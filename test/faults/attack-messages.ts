/** What the drill and the process of an attack tell each other. */
export interface AttackOrder {
  readonly attack: AttackName;
  readonly port: number;
  readonly httpPort: number;
  readonly rootPem: string;
  readonly full: boolean;
}

export const attackNames = [
  'unfinished',
  'bodies',
  'bombs',
  'ids',
  'handshakes',
  'idle',
  'readers',
  'keep-alive',
  'rank',
] as const;

export type AttackName = (typeof attackNames)[number];

/** Sent when the attack stands; then it is held until it is told to end, and ends with the same once more. */
export interface AttackReport {
  /** What came of it, as its clients saw it. */
  readonly remark: string;
}
