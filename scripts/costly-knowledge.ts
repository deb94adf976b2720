import { groupFactsOf } from '../src/decision/group-rules.ts';
import type { Knowledge } from '../src/decision/knowledge.ts';
import { widePools } from './costly-requests.ts';

/** Something is known of every pool, so that requests pass through all layers, and groups may be wide. */
export const costlyKnowledge: Knowledge = {
  instanceType: (instanceType) => ({
    instanceType,
    vcpu: 2,
    memoryGib: 8,
    gpus: 0,
    architecture: 'x86_64',
    family: instanceType.slice(0, Math.max(0, instanceType.indexOf('.'))),
  }),
  advisorBand: () => ({ interruptRate: 0.075, code: 1 }),
  prices: () => ({ spotPerHour: 0.03, onDemandPerHour: 0.1 }),
  risk: () => ({ crashProbability: 0.2, expectedFrequency: 0.02, source: 'family-stress' }),
  signal: () => undefined,
  groupFacts: groupFactsOf([widePools]),
  cooldown: () => undefined,
  pricesAreStale: false,
};
