import type { GoPeer } from './go-peer.ts';
import type { OurServer } from './our-server.ts';
import type { Row } from './row.ts';

/** What a measurement may use; the servers run for the whole bench, side by side. */
export interface Bench {
  readonly quick: boolean;
  readonly ours: OurServer;
  readonly peer: GoPeer;
  /** A pair of servers of their own, nothing asked yet; undefined when our server was started elsewhere. */
  readonly freshPair: (() => Promise<FreshPair>) | undefined;
  /** Where requests are written for programs that read them. */
  readonly directory: string;
}

export interface FreshPair {
  readonly ours: OurServer;
  readonly peer: GoPeer;
  readonly stop: () => Promise<void>;
}

/** Rows that come out of one experiment. */
export interface Measurement {
  readonly name: string;
  /** Left out with `--quick`. */
  readonly slow?: boolean;
  readonly rows: (bench: Bench) => Promise<readonly Row[]>;
}
