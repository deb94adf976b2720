import { leastWasteValue, priceValue } from '../../decision/built-in-expanders.ts';
import type { Expander, SimulatedOption, Situation } from './scale-up-situation.ts';

/** Takes any option, each as likely as the others. */
export function randomExpander(): Expander {
  return { name: 'random', choose: ({ options, chance }) => oneOf(options, chance) };
}

/** Takes what leaves the least idle. */
export function leastWasteExpander(): Expander {
  return { name: 'least-waste', choose: (situation) => lowest(situation, leastWasteValue) };
}

/** The `price` expander with AWS's Spot prices given to it, which the original lacks. */
export function priceExpander(): Expander {
  return {
    name: 'price',
    choose: (situation) => lowest(situation, (option) => priceValue(option, situation.clusterNodes)),
  };
}

/** Takes the highest priority. */
export function priorityExpander(priorityOf: (groupId: string) => number): Expander {
  return {
    name: 'priority',
    choose: (situation) => lowest(situation, ({ group }) => -priorityOf(group.id)),
  };
}

/** Takes what now costs the least for a core that the pods ask for. */
export function cheapestNowExpander(): Expander {
  return {
    name: 'cheapest-now',
    choose: (situation) =>
      lowest(situation, ({ pricePerHour, nodeCount, cpuMilli }) => (pricePerHour * nodeCount) / cpuMilli),
  };
}

/** The option of the lowest value; equal ones are drawn from, as the autoscaler does after its last filter. */
function lowest(
  { options, chance }: Situation,
  valueOf: (option: SimulatedOption) => number,
): SimulatedOption {
  let least = Infinity;
  let best: SimulatedOption[] = [];
  for (const option of options) {
    const value = valueOf(option);
    if (value < least) {
      least = value;
      best = [option];
    } else if (value === least) best.push(option);
  }
  return oneOf(best.length > 0 ? best : options, chance);
}

function oneOf(options: readonly SimulatedOption[], chance: () => number): SimulatedOption {
  const one = options[Math.floor(chance() * options.length)];
  if (one === undefined) throw new RangeError('an expander is asked about at least one option');
  return one;
}
