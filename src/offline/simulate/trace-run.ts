import type { InstanceTypeFacts } from '../../decision/knowledge.ts';
import type { Policy } from '../../decision/policy.ts';
import { AutoscalerBackOff } from './autoscaler-back-off.ts';
import { longestLasting } from './foresight.ts';
import { allocatable, type SimulatedOption, type WaitingPod } from './scale-up-situation.ts';
import type { SimulatedGroup } from './simulated-group.ts';
import type { TraceSet } from './trace-archive.ts';
import { tracedFleet } from './traced-fleet.ts';

export interface TraceOutcome {
  readonly interruptions: number;
  readonly usefulNodeHours: number;
  readonly wantedNodeHours: number;
  readonly failedLaunches: number;
  /** In units of the mean price of the pools for an hour. */
  readonly cost: number;
}

/** What the machines of the traces are; only their size in relation to the pods matters here. */
function machineFacts(machine: string): InstanceTypeFacts {
  const known: Readonly<Record<string, readonly [string, number, number]>> = {
    intel_64: ['r5.16xlarge', 64, 512],
    v100_1: ['p3.2xlarge', 8, 61],
    v100_8: ['p3.16xlarge', 64, 488],
  };
  const [instanceType, vcpu, memoryGib] = known[machine] ?? [
    `traced.${machine.replaceAll('_', '-')}`,
    16,
    64,
  ];
  return {
    instanceType,
    vcpu,
    memoryGib,
    gpus: 0,
    architecture: 'x86_64',
    family: instanceType.split('.')[0] ?? '',
  };
}

/**
 * Keeps `target` nodes running through a set of traces from `fromTick` on. A pool that holds fewer nodes than run in it
 * interrupts the rest; a launch that finds no room fails and the autoscaler leaves that group alone for a while; one attempt
 * a tick. `prices[pool]` are relative and stay as they are, as Spot prices did while capacity came and went.
 */
export function traceRun(
  set: TraceSet,
  plan: {
    readonly target: number;
    readonly fromTick: number;
    readonly prices: readonly number[];
    /** Of our pipeline; `foresight` takes the pool that really lasts longest. */
    readonly policy: Policy | 'foresight';
    /** Takes the fleet's record as the risk model too. */
    readonly fleetHazard: boolean;
  },
  chance: () => number,
): TraceOutcome {
  const facts = machineFacts(set.machine);
  const usable = allocatable(facts);
  const pod = { cpuMilli: 0.8 * usable.cpuMilli, memoryMib: 0.8 * usable.memoryMib };
  const { policy } = plan;
  const ours = policy === 'foresight' ? undefined : tracedFleet(policy, facts, plan.fleetHazard);
  const groups = set.pools.map(({ zone }): SimulatedGroup => ({
    id: zone,
    instanceType: facts.instanceType,
    zone,
    capacityType: 'spot',
    priority: undefined,
  }));
  const running = set.pools.map(() => 0);
  const waiting: WaitingPod[] = [];
  let nextPod = 0;
  const backOff = new AutoscalerBackOff();
  const ticks = Math.min(...set.pools.map(({ available }) => available.length));
  const count = { interruptions: 0, useful: 0, wanted: 0, failed: 0, cost: 0 };
  for (let tick = plan.fromTick; tick < ticks; tick += 1) {
    const nowMs = tick * set.tickMs;
    set.pools.forEach(({ available }, place) => {
      const left = Math.min(running[place] ?? 0, Math.floor(available[tick] ?? 0));
      const lost = (running[place] ?? 0) - left;
      const group = groups[place];
      if (lost === 0 || group === undefined) return;
      running[place] = left;
      count.interruptions += lost;
      ours?.interrupted(group, lost, nowMs);
    });
    const missing = plan.target - sum(running);
    if (missing > 0) {
      // A pod that is evicted comes back as another one; those that go on waiting are the same.
      while (waiting.length < missing) waiting.push({ ...pod, id: (nextPod += 1) });
      const options = groups.flatMap((group, place): SimulatedOption[] =>
        backOff.untilMs(place) > nowMs
          ? []
          : [
              {
                group,
                facts,
                nodeCount: missing,
                pods: [...waiting.keys()],
                cpuMilli: missing * pod.cpuMilli,
                memoryMib: missing * pod.memoryMib,
                pricePerHour: plan.prices[place] ?? 1,
              },
            ],
      );
      if (options.length > 0) {
        const offered = options.map(({ group }) => groups.indexOf(group));
        const place =
          ours === undefined
            ? (longestLasting(set.pools, offered, { tick, running, missing }) ?? offered[0] ?? 0)
            : groups.indexOf(
                ours.expander.choose({
                  nowMs,
                  options,
                  waiting,
                  clusterNodes: sum(running),
                  fleet: groups.flatMap((group, at) =>
                    (running[at] ?? 0) > 0 ? [{ group, facts, nodes: running[at] ?? 0 }] : [],
                  ),
                  chance,
                }).group,
              );
        const room = Math.floor(set.pools[place]?.available[tick] ?? 0) - (running[place] ?? 0);
        const started = Math.max(0, Math.min(room, missing));
        running[place] = (running[place] ?? 0) + started;
        const group = groups[place];
        if (started > 0 && group !== undefined) ours?.expander.onLaunch?.(group, nowMs);
        waiting.splice(0, started);
        if (started < missing) {
          count.failed += 1;
          backOff.failed(place, nowMs);
        }
      }
    }
    const hours = set.tickMs / 3_600_000;
    count.wanted += plan.target * hours;
    running.forEach((nodes, place) => {
      const group = groups[place];
      if (nodes > 0 && group !== undefined) ours?.ran(group, nodes * hours, nowMs);
      count.useful += nodes * hours;
      count.cost += nodes * hours * (plan.prices[place] ?? 1);
    });
  }
  return {
    interruptions: count.interruptions,
    usefulNodeHours: count.useful,
    wantedNodeHours: count.wanted,
    failedLaunches: count.failed,
    cost: count.cost,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
