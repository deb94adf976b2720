/** Lets questions in as fast as they may come, for each client and in total. */
export interface Admission {
  /** The question is in, and `left` must be called when it is answered; or it must be asked again later. */
  readonly enter: (client: string) => Admitted | TurnedAway;
}

export interface Admitted {
  readonly isIn: true;
  readonly left: () => void;
}

export interface TurnedAway {
  readonly isIn: false;
  readonly retryAfterMs: number;
  /** What there is too much of, for the one who asks. */
  readonly why: string;
}
