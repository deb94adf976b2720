import type { RunOutcome } from '../../../../src/offline/simulate/run-outcome.ts';

/** A run of one useful vCPU-hour in which nothing happened but what is said. */
export function runOutcome(expander: string, differences: Partial<RunOutcome> = {}): RunOutcome {
  return {
    expander,
    nodesCost: 1,
    usefulVcpuHours: 1,
    nodeHours: 1,
    launches: 1,
    interruptions: 0,
    disturbedPods: 0,
    disturbanceCost: 0,
    lostVcpuHours: 0,
    largestLoss: 0,
    largeLosses: 0,
    largestPoolAtOnce: 0.5,
    spikesMet: 0,
    failedLaunches: 0,
    waitedPodHours: 0,
    podStarts: 1,
    unplaceable: 0,
    decisions: 1,
    hoursByPool: new Map(),
    ...differences,
  };
}
