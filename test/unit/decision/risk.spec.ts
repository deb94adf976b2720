import { expect } from 'chai';
import { advisorPrior, unknownRisk } from '../../../src/decision/advisor-prior.ts';
import type { Candidate, Known, RiskStep } from '../../../src/decision/decision-context.ts';
import { defaultPolicy, type Policy } from '../../../src/decision/policy.ts';
import { riskOf, withRisk } from '../../../src/decision/risk.ts';
import { knownMarket, modelRisk, spotPool, type Market } from './known-market.ts';
import { oneCandidate } from './one-candidate.ts';

const policy: Policy = { ...defaultPolicy, riskHorizonHours: 10, worstPoolWeight: 0.5 };
const m5 = spotPool('m5.large@a');
const c5 = spotPool('c5.large@a');
const market: Market = {
  risk: { 'm5.large': modelRisk(0.4, 0.02) },
  bands: { 'm5.large': { interruptRate: 0.2, code: 3 }, 'c5.large': { interruptRate: 0.05, code: 1 } },
};
const known = (part: Partial<Candidate> = {}): Known => ({
  ...oneCandidate({ pools: [m5], ...part }),
  ...{ typeFacts: undefined, price: undefined, historicInterruptRate: undefined, objection: undefined },
});
const risk = (
  part: Partial<Candidate> = {},
  from: RiskStep = 'model',
  own = policy,
  facts: Market = market,
) => riskOf(known(part), knownMarket(facts), own, from);

const prior = (rate: number) => ({ ...advisorPrior(rate, 10), step: 'advisor-prior' });
const unknown = { ...unknownRisk(10), step: 'price-only' };

describe('the risk of a candidate', () => {
  it('is the model’s word', () => {
    expect(risk()).to.deep.equal({ ...modelRisk(0.4, 0.02), step: 'model' });
  });

  it('is a prior from the band where the model says nothing of the pool', () => {
    expect(risk({ pools: [c5] })).to.deep.equal(prior(0.05));
  });

  it('is a prior from the band from that step downwards, and where prices are stale', () => {
    expect(risk({}, 'advisor-prior')).to.deep.equal(prior(0.2));
    expect(risk({}, 'model', policy, { ...market, pricesAreStale: true })).to.deep.equal(prior(0.2));
  });

  it('is unknown on the step below, of pools that nothing tells of, and of no pools', () => {
    expect(risk({}, 'price-only')).to.deep.equal(unknown);
    expect(risk({ pools: [spotPool('x9.large@a')] })).to.deep.equal(unknown);
    expect(risk({ pools: [] })).to.deep.equal(unknown);
  });

  it('is unknown for Windows, and without the risk model', () => {
    expect(risk({ operatingSystem: 'windows' })).to.deep.equal(unknown);
    const off = { ...policy, switches: { ...policy.switches, riskModel: false } };
    expect(risk({}, 'model', off)).to.deep.equal(unknown);
  });

  it('is none of on-demand', () => {
    expect(risk({ capacityType: 'on-demand' })).to.deep.equal({
      ...{ crashProbability: 0, expectedFrequency: 0, source: 'on-demand', step: 'model' },
    });
  });

  it('of several pools is the mean drawn to the worst, told by the lowest step among them', () => {
    const two = { ...market, risk: { 'm5.large': modelRisk(0.4, 0.02), 'c5.large': modelRisk(0.2, 0.04) } };
    const both = risk({ pools: [m5, c5] }, 'model', policy, two);
    expect(both.crashProbability).to.be.closeTo(0.35, 1e-12);
    expect(both.expectedFrequency).to.be.closeTo(0.035, 1e-12);
    for (const pools of [
      [m5, c5],
      [c5, m5],
    ]) {
      const { source, step } = risk({ pools });
      expect({ source, step }).to.deep.equal({ source: 'advisor-prior', step: 'advisor-prior' });
    }
    expect(risk({ pools: [m5, spotPool('x9.large@a'), c5] }).source).to.equal('none');
  });

  it('of a mixed group is that of its Spot share', () => {
    const half = risk({ onDemandShare: 0.5 });
    expect([half.crashProbability, half.expectedFrequency]).to.deep.equal([0.2, 0.01]);
  });

  it('is told as no model’s where a mock or a prior stands in for it', () => {
    const from = (source: 'mock' | 'advisor-prior') =>
      risk({}, 'model', policy, { risk: { 'm5.large': { ...modelRisk(0.4, 0.02), source } } });
    expect([from('mock').step, from('mock').source]).to.deep.equal(['price-only', 'mock']);
    expect(from('advisor-prior').step).to.equal('advisor-prior');
  });
});

describe("the fleet's own hazard of a candidate", () => {
  const hazards = { 'm5.large': 0.01, 'c5.large': 0.03 };
  const hazard = (part: Partial<Candidate>, facts: Market = { hazards }, own = policy) =>
    withRisk({ candidates: [known(part)], drops: [] }, knownMarket(facts), own, 'model').candidates[0]
      ?.fleetHazard;

  it('is the mean of its pools drawn to the worst, of its Spot share', () => {
    expect(hazard({})).to.equal(0.01);
    expect(hazard({ pools: [m5, c5] })).to.be.closeTo(0.025, 1e-12);
    expect(hazard({ pools: [m5, c5], onDemandShare: 0.5 })).to.be.closeTo(0.0125, 1e-12);
  });

  it('is none of on-demand, and unknown where nothing is recorded, watched or asked', () => {
    expect(hazard({ capacityType: 'on-demand' })).to.equal(0);
    expect(hazard({ pools: [spotPool('x9.large@a')] })).to.equal(undefined);
    expect(hazard({}, {})).to.equal(undefined);
    const off = { ...policy, switches: { ...policy.switches, hotPools: false } };
    expect(hazard({}, { hazards }, off)).to.equal(undefined);
  });
});

describe('the layer of risk', () => {
  const drop = { id: 'b', layer: 'static', reason: 'too-small', sentence: 's', facts: {} } as never;
  const layer = (from: RiskStep) =>
    withRisk({ candidates: [known()], drops: [drop] }, knownMarket(market), policy, from);

  it('keeps what it was given, and adds risk and evidence', () => {
    const { candidates, drops } = layer('model');
    expect(drops).to.deep.equal([drop]);
    expect(candidates).to.have.length(1);
    expect(candidates[0]).to.include({ id: 'a', capacityType: 'spot' });
    expect(candidates[0]?.risk.source).to.equal('family-stress');
    expect(candidates[0]?.evidence.source).to.equal('band');
  });

  it('looks at no band on the last step', () => {
    expect(layer('advisor-prior').candidates[0]?.evidence.source).to.equal('band');
    expect(layer('price-only').candidates[0]?.evidence.source).to.equal('typical');
  });
});
