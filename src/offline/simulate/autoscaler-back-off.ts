const minuteMs = 60_000;

/** How the autoscaler leaves a group alone after a failed scale-up: 5 minutes, doubling up to 30, forgotten after 3 hours. */
export class AutoscalerBackOff {
  readonly #failures = new Map<number, { untilMs: number; lengthMs: number; atMs: number }>();

  /** Until when the group is not offered; in the past, or −Infinity, where it is. */
  untilMs(place: number): number {
    return this.#failures.get(place)?.untilMs ?? -Infinity;
  }

  failed(place: number, atMs: number): void {
    const before = this.#failures.get(place);
    const isRepeated = before !== undefined && atMs - before.atMs < 180 * minuteMs;
    const lengthMs = isRepeated ? Math.min(30 * minuteMs, before.lengthMs * 2) : 5 * minuteMs;
    this.#failures.set(place, { untilMs: atMs + lengthMs, lengthMs, atMs });
  }
}
