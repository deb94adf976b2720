import type { Stage } from './stage.ts';
import type { WorldShape } from './world.ts';

/** One thing that fails while scale-ups are asked for all the time. */
export interface Drill {
  /** For `--drill`. */
  readonly name: string;
  /** What fails, for the table. */
  readonly title: string;
  /** `heavy` keeps a core busy: only one of these runs at a time. */
  readonly load: 'light' | 'heavy';
  /** Why it cannot be run here and how that can be changed; undefined when it can. */
  readonly missing?: () => string | undefined | Promise<string | undefined>;
  /** Only with `--full`. */
  readonly onlyFull?: boolean;
  /** Only when it is named, since it takes half an hour. */
  readonly onlyAlone?: boolean;
  readonly shape?: (full: boolean) => WorldShape | Promise<WorldShape>;
  readonly bounds?: Partial<DrillBounds>;
  readonly run: (stage: Stage) => Promise<void>;
}

export interface DrillBounds {
  /** Every answer comes within this time, as the client measures it. */
  readonly slowestMs: number;
  /** Resident memory at the end, after a rest and a collection, above what it was before the fault. */
  readonly grownMb: number;
  readonly callsPerSecond: number;
}

/**
 * The autoscaler gives up after 5 s; the server's own budget, 2 s, is checked where it is measured, in the server's
 * `spot_answers_over_budget_total`. Between 2 s and 5 s lies what a busy machine adds to the client's side.
 */
export const usualBounds: DrillBounds = { slowestMs: 5_000, grownMb: 32, callsPerSecond: 10 };

/** One fault of a drill, as it went. */
export interface FaultFigures {
  readonly what: string;
  readonly calls: number;
  readonly failed: number;
  readonly slowestMs: number;
  /** What the answers rested on meanwhile. */
  readonly step: string;
  /** From the fault to its last sign in metrics and log. */
  readonly noticedMs: number | undefined;
  /** From its end to the last sign that all is well. */
  readonly recoveredMs: number | undefined;
}

/** One attack, as the caller felt it; milliseconds and MB. */
export interface AttackFigures {
  readonly what: string;
  readonly p99Ms: { readonly before: number; readonly during: number; readonly after: number };
  readonly calls: number;
  readonly failed: number;
  readonly mostResidentMb: number;
  /** To the control group; undefined without one. */
  readonly mostChargedMb: number | undefined;
  /** What came of it, as the attackers saw it. */
  readonly seen: string;
}

export interface DrillResult {
  readonly drill: Drill;
  readonly faults: readonly FaultFigures[];
  readonly attacks: readonly AttackFigures[];
  readonly calls: number;
  readonly failed: number;
  readonly slowestMs: number;
  readonly rssBeforeMb: number;
  readonly rssAfterMb: number;
  /** For people, beside the table. */
  readonly remarks: readonly string[];
  /** Empty: passed. */
  readonly problems: readonly string[];
}
