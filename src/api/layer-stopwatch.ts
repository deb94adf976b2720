import type { LayerName, Observe } from '../decision/layers.ts';
import type { Clock } from '../ports/clock.ts';
import type { Timing } from './messages.ts';

export interface LayerStopwatch {
  /** Handed to the pipeline, which has no clock of its own. */
  readonly observe: Observe;
  /** A part that is no layer, such as reading the message. */
  readonly add: (part: string, durationMs: number) => void;
  /** In the order in which the parts ended. */
  readonly timings: () => readonly Timing[];
}

export function layerStopwatch(clock: Clock): LayerStopwatch {
  const begunMs = new Map<LayerName, number>();
  const timings: Timing[] = [];
  return {
    observe: (layer, phase) => {
      const now = clock.monotonicMs();
      if (phase === 'begin') begunMs.set(layer, now);
      else if (phase === 'end') timings.push({ part: layer, duration_ms: now - (begunMs.get(layer) ?? now) });
    },
    add: (part, durationMs) => timings.push({ part, duration_ms: durationMs }),
    timings: () => timings,
  };
}
