/** Node-hours and interruptions of one pool within [since, until), older evidence weighing less, as of `atMs`. */
export interface EvidenceSpan {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly hours: number;
  readonly interruptions: number;
  readonly atMs: number;
}

/** A stretch of time, its end left out. */
export interface Stretch {
  readonly sinceMs: number;
  readonly untilMs: number;
}

const hourMs = 3_600_000;
const weekMs = 168 * hourMs;
/** So much is known by the hour, what is older by the week. */
const hourlyMs = 72 * hourMs;
/** Beyond it a span weighs less than an eighth. */
const keptWeeks = 26;

/** When a pool's evidence was met: hours first, weeks once they are older. Spans never overlap. */
export class EvidenceSpans {
  readonly #halfLifeMs: number;
  readonly #spans = new Map<number, EvidenceSpan>();
  /** Hours before it are folded into weeks. */
  #hourlySinceMs = -Infinity;

  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs;
  }

  /** Oldest first. */
  get all(): readonly EvidenceSpan[] {
    return [...this.#spans.values()].sort((one, other) => one.sinceMs - other.sinceMs);
  }

  add(atMs: number, hours: number, interruptions: number): void {
    const sinceMs = Math.floor(atMs / hourMs) * hourMs;
    this.put({ sinceMs, untilMs: sinceMs + hourMs, hours, interruptions, atMs });
  }

  /** A span that was kept, or one hour. */
  put(span: EvidenceSpan): void {
    this.#merge(span);
    if (span.untilMs - hourlyMs <= this.#hourlySinceMs) return;
    this.#hourlySinceMs = span.untilMs - hourlyMs;
    for (const [key, old] of [...this.#spans])
      if (old.sinceMs < this.#hourlySinceMs && key === hourKey(old)) {
        this.#spans.delete(key);
        this.#merge(old);
      }
    const oldestMs = this.#hourlySinceMs - keptWeeks * weekMs;
    for (const [key, old] of this.#spans) if (old.untilMs < oldestMs) this.#spans.delete(key);
  }

  /**
   * The longest part of a stretch whose edges cut no span, and what was met outside of it, as of `nowMs`: where one side of an edge
   * is told by others, no hour is counted by both.
   */
  outside(
    stretch: Stretch,
    nowMs: number,
  ): { readonly hours: number; readonly interruptions: number; readonly within: Stretch } {
    let { sinceMs, untilMs } = stretch;
    for (const span of this.#spans.values()) {
      if (span.sinceMs < sinceMs && sinceMs < span.untilMs) sinceMs = span.untilMs;
      if (span.sinceMs < untilMs && untilMs < span.untilMs) untilMs = span.sinceMs;
    }
    const isEmpty = sinceMs >= untilMs;
    let hours = 0;
    let interruptions = 0;
    for (const span of this.#spans.values()) {
      if (!isEmpty && span.sinceMs >= sinceMs && span.untilMs <= untilMs) continue;
      const weight = this.#weight(span.atMs, nowMs);
      hours += span.hours * weight;
      interruptions += span.interruptions * weight;
    }
    return {
      hours,
      interruptions,
      within: isEmpty ? { sinceMs: stretch.sinceMs, untilMs: stretch.sinceMs } : { sinceMs, untilMs },
    };
  }

  #merge(span: EvidenceSpan): void {
    const isHour = span.untilMs - span.sinceMs <= hourMs && span.sinceMs >= this.#hourlySinceMs;
    const key = isHour ? hourKey(span) : weekKey(span);
    const known = this.#spans.get(key);
    this.#spans.set(key, known === undefined ? span : this.#sum(known, span));
  }

  #sum(one: EvidenceSpan, other: EvidenceSpan): EvidenceSpan {
    const atMs = Math.max(one.atMs, other.atMs);
    const [ones, others] = [this.#weight(one.atMs, atMs), this.#weight(other.atMs, atMs)];
    return {
      sinceMs: Math.min(one.sinceMs, other.sinceMs),
      untilMs: Math.max(one.untilMs, other.untilMs),
      hours: one.hours * ones + other.hours * others,
      interruptions: one.interruptions * ones + other.interruptions * others,
      atMs,
    };
  }

  #weight(atMs: number, nowMs: number): number {
    return 0.5 ** (Math.max(0, nowMs - atMs) / this.#halfLifeMs);
  }
}

const hourKey = ({ sinceMs }: Stretch): number => sinceMs / hourMs;
/** Below zero, so that no hour has the same. */
const weekKey = ({ sinceMs }: Stretch): number => -1 - Math.floor(sinceMs / weekMs);
