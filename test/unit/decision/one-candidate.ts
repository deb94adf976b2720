import type { Candidate } from '../../../src/decision/decision-context.ts';

/** One Spot node for pods that nobody has told of, in no pool; each test says what matters to it. */
export function oneCandidate(part: Partial<Candidate> = {}): Candidate {
  return {
    id: 'a',
    pools: [],
    capacityType: 'spot',
    onDemandShare: 0,
    operatingSystem: 'linux',
    labels: {},
    architecture: 'x86_64',
    nodeCount: 1,
    nodeSize: undefined,
    demand: undefined,
    coverage: 1,
    pods: [],
    ...part,
  };
}
