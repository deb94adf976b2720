import { pauseMs, type Pace } from '../patience/pace.ts';

/** A conflict or two, and what a new decision writes, are nobody's fight. */
const freeWrites = 3;
const fightPace: Pace = { firstPauseMs: 500, greatestPauseMs: 10_000, jitter: 0.2 };
/** After so long without a write whatever was fought over is at peace. */
const quietMs = 60_000;

/**
 * How soon the Node may be written again. Somebody may take back what the agent writes, again and again: another controller,
 * a webhook that strips annotations, a person with a loop. The agent writes anew, and ever more slowly.
 */
export class WritePace {
  private writes = 0;
  private lastMs = -Infinity;
  private dueMs = -Infinity;

  /** Milliseconds until the next write; 0: now. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.dueMs - nowMs);
  }

  /** Whether it is a fight by now. */
  get isSlowed(): boolean {
    return this.writes > freeWrites;
  }

  /** A write has been sent, whatever became of it. */
  wrote(nowMs: number, chance: number): void {
    if (nowMs - this.lastMs >= quietMs) this.writes = 0;
    this.lastMs = nowMs;
    this.writes += 1;
    this.dueMs =
      this.writes < freeWrites ? -Infinity : nowMs + pauseMs(fightPace, this.writes - freeWrites + 1, chance);
  }

  /** What is written now is something new. */
  forget(): void {
    this.writes = 0;
    this.dueMs = -Infinity;
  }
}
