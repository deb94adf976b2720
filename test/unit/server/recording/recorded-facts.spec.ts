import { expect } from 'chai';
import type { Knowledge } from '../../../../src/decision/knowledge.ts';
import type { Pool } from '../../../../src/decision/pool.ts';
import {
  recordedFacts,
  recordedKnowledge,
  tracedKnowledge,
} from '../../../../src/server/recording/recorded-facts.ts';

const spot: Pool = {
  instanceType: 'c5.large',
  zone: 'ap-south-1a',
  region: 'ap-south-1',
  capacityType: 'spot',
};
const onDemand: Pool = { ...spot, capacityType: 'on-demand' };

const source: Knowledge = {
  instanceType: (instanceType) =>
    instanceType === 'c5.large'
      ? { instanceType, vcpu: 2, memoryGib: 4, gpus: 0, architecture: 'x86_64', family: 'c5' }
      : undefined,
  advisorBand: () => ({ interruptRate: 0.075, code: 1 }),
  prices: (pool) => (pool.capacityType === 'spot' ? { spotPerHour: 0.031 } : { onDemandPerHour: 0.085 }),
  risk: () => ({ crashProbability: 0.4, expectedFrequency: 0.01, source: 'family-stress' }),
  signal: () => ({ kind: 'REBALANCE', atMs: 1, expiresAtMs: 2, heat: 0.5 }),
  hazard: (pool) => (pool.capacityType === 'spot' ? 0.002 : undefined),
  groupFacts: () => ({
    instanceTypes: ['c5.large'],
    zones: ['ap-south-1a'],
    capacityType: 'spot',
    onDemandShare: 0,
    source: 'configuration',
  }),
  cooldown: () => ({ untilMs: 9, evidence: 'chosen and did not come' }),
  pricesAreStale: true,
};

const everyAnswer = (knowledge: Knowledge, pool: Pool) => ({
  type: knowledge.instanceType(pool.instanceType),
  band: knowledge.advisorBand(pool),
  prices: knowledge.prices(pool),
  risk: knowledge.risk(pool),
  signal: knowledge.signal(pool),
  hazard: knowledge.hazard?.(pool),
  group: knowledge.groupFacts('group', {}),
  cooldown: knowledge.cooldown(pool),
  stale: knowledge.pricesAreStale,
});

describe('recorded facts', () => {
  it('answer every question as the knowledge did, after a way through JSON', () => {
    const traced = tracedKnowledge(source);
    const then = [spot, onDemand].map((pool) => everyAnswer(traced.knowledge, pool));
    const facts = recordedFacts.parse(JSON.parse(JSON.stringify(traced.facts())));
    const now = [spot, onDemand].map((pool) => everyAnswer(recordedKnowledge(facts), pool));
    expect(now).to.deep.equal(then);
    expect(now[0]?.prices).not.to.deep.equal(now[1]?.prices);
  });

  it('tell what was asked and not known from what was never asked', () => {
    const traced = tracedKnowledge(source);
    traced.knowledge.instanceType('x9.huge');
    expect(traced.facts().instance_types).to.deep.equal({ 'x9.huge': null });
    expect(recordedKnowledge(traced.facts()).instanceType('x9.huge')).to.equal(undefined);
    expect(recordedKnowledge(traced.facts()).instanceType('c5.large')).to.equal(undefined);
  });

  it('of a time before hazards were looked up are read, and no fleet was watched then', () => {
    const { hazard, ...unwatched } = source;
    const traced = tracedKnowledge(unwatched);
    everyAnswer(traced.knowledge, spot);
    const { hazards, ...older } = traced.facts();
    expect([hazard?.(spot), hazards]).to.deep.equal([0.002, {}]);
    expect(recordedKnowledge(recordedFacts.parse(older)).hazard).to.equal(undefined);
  });

  it('refuse a probability outside 0..1', () => {
    const traced = tracedKnowledge(source);
    traced.knowledge.risk(spot);
    const facts = {
      ...traced.facts(),
      risks: { a: { crashProbability: 2, expectedFrequency: 0, source: 'mock' } },
    };
    expect(recordedFacts.safeParse(facts).success).to.equal(false);
  });
});
