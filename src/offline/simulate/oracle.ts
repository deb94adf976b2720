import { hoursToInterruption } from './node-fate.ts';
import type { Expander } from './scale-up-situation.ts';
import type { SimulationSettings } from './simulation-settings.ts';

const hourMs = 3_600_000;
const aheadMs = 24 * hourMs;

/**
 * What nobody can know: takes the option whose nodes really cost the least over the next 24 hours, coming interruptions at
 * their price included, for a core that the pods ask for. Greedy: it does not plan scale-ups to come.
 */
export function oracleExpander(settings: SimulationSettings, disturbancePrice: number): Expander {
  const places = new Map(settings.groups.map(({ group }, place) => [group.id, place]));
  const launched = new Map<number, number>();
  return {
    name: 'oracle',
    choose({ nowMs, options }) {
      let best = options[0];
      let least = Infinity;
      for (const option of options) {
        const place = places.get(option.group.id) ?? 0;
        const one = settings.groups[place];
        if (one === undefined) continue;
        const untilMs = Math.min(settings.toMs, nowMs + aheadMs);
        let cost = one.book.costBetween(nowMs, untilMs) * option.nodeCount;
        for (let node = 0; node < option.nodeCount; node += 1) {
          const ordinal = (launched.get(place) ?? 0) + node;
          const hours = hoursToInterruption(settings.seed, place, ordinal, one.hazardPerHour);
          if (nowMs + hours * hourMs < untilMs) cost += disturbancePrice;
        }
        if (cost / option.cpuMilli < least) {
          least = cost / option.cpuMilli;
          best = option;
        }
      }
      if (best === undefined) throw new RangeError('an expander is asked about at least one option');
      const place = places.get(best.group.id) ?? 0;
      launched.set(place, (launched.get(place) ?? 0) + best.nodeCount);
      return best;
    },
  };
}
