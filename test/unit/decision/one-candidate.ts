import type { Candidate, Ranked } from '../../../src/decision/decision-context.ts';

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

/** The same at the end of the pipeline: cold, priced at 0.03 USD an hour, told by its band. */
export function oneRanked(part: Partial<Ranked> = {}): Ranked {
  return {
    ...oneCandidate(),
    typeFacts: undefined,
    price: { perHour: 0.03, source: 'spot' },
    historicInterruptRate: undefined,
    objection: undefined,
    risk: { crashProbability: 0.4, expectedFrequency: 0.02, source: 'family-stress', step: 'model' },
    evidence: { perHour: 0.0001, withinHorizon: 0.001, gateProbability: 0.3, source: 'typical' },
    fleetHazard: undefined,
    wastePerHour: 0.003,
    wasteShare: 0.1,
    tco: 0.02,
    shareAtOnce: 0,
    yield: 50,
    affinity: undefined,
    spread: undefined,
    score: 50,
    scoreUnfiltered: 50,
    heat: 0,
    signal: undefined,
    ends: false,
    cooldown: undefined,
    waitsForOnDemand: false,
    wishOrder: 0,
    nodesThere: 0,
    readmitted: undefined,
    ...part,
  };
}
