import { expect } from 'chai';
import { atEvenOdds, hazardPerHour, typicalHazardPerHour } from '../../../src/decision/advisor-prior.ts';
import type { Candidate, CandidateRisk } from '../../../src/decision/decision-context.ts';
import { interruptionEvidence } from '../../../src/decision/interruption-evidence.ts';
import { defaultPolicy, type Policy } from '../../../src/decision/policy.ts';
import { knownMarket, modelRisk, spotPool, type Market } from './known-market.ts';
import { oneCandidate } from './one-candidate.ts';

const policy: Policy = { ...defaultPolicy, riskHorizonHours: 10, worstPoolWeight: 0.5 };
const band = (interruptRate: number) => ({ interruptRate, code: 1 });
const forecast: CandidateRisk = { ...modelRisk(0.8, 0.2), step: 'model' };
const record: CandidateRisk = { ...modelRisk(0.7, 0.5), source: 'fleet-hazard', step: 'model' };

function evidence(
  market: Market,
  part: Partial<Candidate> = { pools: [spotPool('m5.large@a')] },
  more: { risk?: CandidateRisk; policy?: Policy; bands?: 'bands' | 'no-bands' } = {},
) {
  const { risk = forecast, policy: own = policy, bands = 'bands' } = more;
  return interruptionEvidence(oneCandidate(part), risk, knownMarket(market), own, bands);
}

const within = (perHour: number) => 1 - Math.exp(-perHour * 10);
/** What the gate sees of a hazard, beside the typical pool's. */
const gate = (perHour: number) => atEvenOdds(within(perHour), within(typicalHazardPerHour));

function expectEvidence(
  found: ReturnType<typeof evidence>,
  perHour: number,
  source: string,
  gateProbability = gate(perHour),
): void {
  expect(found.source).to.equal(source);
  expect(found.perHour).to.be.closeTo(perHour, 1e-12);
  expect(found.withinHorizon).to.be.closeTo(within(perHour), 1e-12);
  expect(found.gateProbability).to.be.closeTo(gateProbability, 1e-12);
}

describe('evidence of interruptions', () => {
  const bands = { bands: { 'm5.large': band(0.2) } };

  it('is the fleet’s own record before all else', () => {
    expectEvidence(evidence({ ...bands, hazards: { 'm5.large': 0.01 } }), 0.01, 'fleet');
  });

  it('is a model of interruptions before the band: half of the nodes in ten hours', () => {
    expectEvidence(evidence(bands, undefined, { risk: record }), Math.LN2 / 10, 'model', 0.7);
  });

  it('of a model that is sure of it stays a number: 999 of 1,000 within the horizon, of an hour at least', () => {
    const sure = { ...record, expectedFrequency: 1 };
    expectEvidence(evidence({}, undefined, { risk: sure }), Math.log(1000) / 10, 'model', 0.7);
    const short = { ...policy, riskHorizonHours: 0.5 };
    expect(evidence({}, undefined, { risk: record, policy: short }).perHour).to.be.closeTo(Math.LN2, 1e-12);
  });

  it('is the band where no fleet is watched; a price forecast is none', () => {
    expectEvidence(evidence(bands), hazardPerHour(0.2), 'band');
  });

  it('is the typical pool where nothing is known', () => {
    expectEvidence(evidence({}), typicalHazardPerHour, 'typical', 0.5);
    expectEvidence(evidence({}, { pools: [] }), typicalHazardPerHour, 'typical', 0.5);
  });

  it('is no band where bands are broken, for Windows, and without the risk model', () => {
    const pools = [spotPool('m5.large@a')];
    const withoutModel = { ...policy, switches: { ...policy.switches, riskModel: false } };
    expect(evidence(bands, { pools }, { bands: 'no-bands' }).source).to.equal('typical');
    expect(evidence(bands, { pools, operatingSystem: 'windows' }).source).to.equal('typical');
    expect(evidence(bands, { pools }, { policy: withoutModel }).source).to.equal('typical');
  });

  it('is no record where live knowledge is switched off', () => {
    const off = { ...policy, switches: { ...policy.switches, hotPools: false } };
    expectEvidence(
      evidence({ ...bands, hazards: { 'm5.large': 0.01 } }, undefined, { policy: off }),
      hazardPerHour(0.2),
      'band',
    );
  });

  it('of several pools is the mean drawn to the worst; the gate sees the worst', () => {
    const market = { hazards: { 'm5.large': 0.01, 'c5.large': 0.03 } };
    const pools = [spotPool('m5.large@a'), spotPool('c5.large@a')];
    // Half of the mean, 0.02, and half of the worst.
    expectEvidence(evidence(market, { pools }), 0.025, 'fleet', gate(0.03));
  });

  it('of a mixed group is that of its Spot share', () => {
    expectEvidence(
      evidence({ hazards: { 'm5.large': 0.01 } }, { pools: [spotPool('m5.large@a')], onDemandShare: 0.75 }),
      0.0025,
      'fleet',
      gate(0.01),
    );
  });

  it('is nothing for on-demand', () => {
    expect(evidence(bands, { pools: [spotPool('m5.large@a')], capacityType: 'on-demand' })).to.deep.equal({
      ...{ perHour: 0, withinHorizon: 0, gateProbability: 0, source: 'on-demand' },
    });
  });

  it('looks no time ahead where the horizon is below none', () => {
    const past = { ...policy, riskHorizonHours: -1 };
    expect(evidence({}, undefined, { policy: past }).withinHorizon).to.equal(0);
  });
});
