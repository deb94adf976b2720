import { expect } from 'chai';
import type { Pool } from '../../../../src/decision/pool.ts';
import { poolRisk } from '../../../../src/server/knowledge/pool-risk.ts';

const pools = Array.from({ length: 101 }, (_, index): Pool => ({
  instanceType: `t${index}`,
  zone: 'ap-south-1a',
  region: 'ap-south-1',
  capacityType: 'spot',
}));
const numberOf = ({ instanceType }: Pool) => Number(instanceType.slice(1));

describe('the risk of a region', () => {
  it('is told by quantiles over the assessed pools, in whatever order they come', () => {
    const knowledge = {
      risk: (pool: Pool) =>
        numberOf(pool) === 100
          ? undefined
          : {
              crashProbability: (99 - numberOf(pool) + 1) / 100,
              expectedFrequency: 0,
              source: 'family-stress' as const,
            },
    };
    expect(poolRisk(pools, knowledge, 0.85)).to.deep.equal({
      priced: 101,
      assessed: 100,
      aboveGate: 15,
      crashProbability: { '0.5': 0.5, '0.9': 0.9, '0.99': 0.99, '1': 1 },
    });
  });

  it('has no quantiles where nothing is assessed', () => {
    const risk = poolRisk(pools, { risk: () => undefined }, 0.85);
    expect(risk).to.deep.equal({ priced: 101, assessed: 0, aboveGate: 0, crashProbability: undefined });
  });
});
