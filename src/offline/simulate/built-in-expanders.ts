import type { Expander, SimulatedOption, Situation } from './scale-up-situation.ts';

/** Takes any option, each as likely as the others. */
export function randomExpander(): Expander {
  return { name: 'random', choose: ({ options, chance }) => oneOf(options, chance) };
}

/** Takes what leaves the least idle: (C·n − Σcpu)/(C·n) + (M·n − Σmem)/(M·n), smallest first. */
export function leastWasteExpander(): Expander {
  return {
    name: 'least-waste',
    choose: (situation) =>
      lowest(situation, ({ facts, nodeCount, cpuMilli, memoryMib }) => {
        const allCpu = facts.vcpu * 1000 * nodeCount;
        const allMemory = facts.memoryGib * 1024 * nodeCount;
        return (allCpu - cpuMilli) / allCpu + (allMemory - memoryMib) / allMemory;
      }),
  };
}

/** What a core and a GiB cost an hour on demand: what c5.large (2, 4 GiB) and r5.large (2, 16 GiB) cost in us-east-1 says both. */
const corePerHour = 0.0357;
const gibPerHour = 0.0034;

/**
 * The `price` expander with AWS's Spot prices given to it, which the original lacks: u′·(N·n + S)/(P + S), smallest first.
 * u prefers nodes near a size that grows with the cluster and fades as n grows: u′ = (u − 1)(1 − tanh((n − 1)/15)) + 1.
 */
export function priceExpander(): Expander {
  const smallPod = 0.5 * corePerHour + (500 / 1024) * gibPerHour;
  return {
    name: 'price',
    choose: (situation) => {
      const preferred = preferredCores(situation.clusterNodes);
      return lowest(situation, ({ facts, nodeCount, cpuMilli, memoryMib, pricePerHour }) => {
        const unfit = Math.max(preferred / facts.vcpu, facts.vcpu / preferred);
        const faded = facts.gpus > 0 ? 1000 : (unfit - 1) * (1 - Math.tanh((nodeCount - 1) / 15)) + 1;
        const podsPerHour = (cpuMilli / 1000) * corePerHour + (memoryMib / 1024) * gibPerHour;
        return (faded * (pricePerHour * nodeCount + smallPod)) / (podsPerHour + smallPod);
      });
    },
  };
}

function preferredCores(nodes: number): number {
  if (nodes <= 2) return 1;
  if (nodes <= 6) return 2;
  if (nodes <= 20) return 4;
  if (nodes <= 60) return 8;
  return nodes <= 200 ? 16 : 32;
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
