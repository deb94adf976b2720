import type { GoPeer } from './go-peer.ts';
import type { OurServer } from './our-server.ts';
import type { Row } from './row.ts';

/** What a measurement may use; the servers run for the whole bench, side by side. */
export interface Bench {
  readonly quick: boolean;
  readonly ours: OurServer;
  readonly peer: GoPeer;
  /** Where requests are written for programs that read them. */
  readonly directory: string;
}

/** Rows that come out of one experiment. */
export interface Measurement {
  readonly name: string;
  /** Left out with `--quick`. */
  readonly slow?: boolean;
  readonly rows: (bench: Bench) => Promise<readonly Row[]>;
}
