import { expect } from 'chai';
import { evaluateInstance } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { Market } from './known-market.ts';
import { knownMarket, modelRisk, now, onDemandPool, recordRisk, spotPool } from './known-market.ts';

const own = spotPool('c5.large@ap-south-1a');
const market: Market = {
  prices: {
    'c5.large@ap-south-1a': { spotPerHour: 0.03, onDemandPerHour: 0.085 },
    'c5.large@ap-south-1b': { spotPerHour: 0.035, onDemandPerHour: 0.085 },
    'm5.large@ap-south-1c': { spotPerHour: 0.032, onDemandPerHour: 0.1 },
  },
  risk: {
    'c5.large@ap-south-1a': recordRisk(0.9, 0.2),
    'c5.large@ap-south-1b': recordRisk(0.1, 0.01),
    'm5.large@ap-south-1c': recordRisk(0.2, 0.02),
  },
};

function evaluate(
  question: Partial<Parameters<typeof evaluateInstance>[0]>,
  change: Market = {},
  policy = defaultPolicy,
) {
  return evaluateInstance(
    { pool: own, signal: 'NONE', ...question },
    knownMarket({ ...market, ...change }),
    policy,
    now,
  );
}

describe('a running instance', () => {
  it('evacuates on a termination notice, whatever the model says', () => {
    const decision = evaluate(
      { signal: 'TERMINATION', signalAtMs: now - 5 },
      { risk: { 'c5.large': recordRisk(0) } },
    );
    expect(decision).to.include({
      decision: 'EVACUATE',
      signal: 'TERMINATION',
      atMs: now - 5,
      crashProbability: 0,
    });
  });

  it('drains on a rebalance recommendation', () => {
    expect(evaluate({ signal: 'REBALANCE' })).to.include({
      decision: 'DRAIN',
      crashProbability: 0.9,
      atMs: now,
    });
  });

  it('stays below the gate', () => {
    const decision = evaluate({}, { risk: { 'c5.large@ap-south-1a': recordRisk(0.84) } });
    expect(decision).to.include({ decision: 'STAY', riskSource: 'fleet-hazard' });
    expect(decision.reason).to.equal(
      'probability of an interruption 0.84 (at even odds, within 12 h, by fleet-hazard) is below the gate of 0.85',
    );
  });

  it('stays without a number where nothing tells the risk, and says what is missing', () => {
    const decision = evaluate({}, { risk: {} });
    expect(decision).to.include({ decision: 'STAY', riskSource: 'none' });
    expect(decision).not.to.have.any.keys('crashProbability', 'expectedFrequency');
    expect(decision.reason).to.match(/^nothing tells the risk of this pool/);
    expect(decision.degradation).to.deep.equal({
      step: 'price-only',
      reasons: ['no model speaks for this pool', 'no Spot Advisor band of c5.large in ap-south-1 is known'],
    });
  });

  it('tells of when the facts are beside the model’s word', () => {
    const remarks = ['Risk is told as of 2024-01-31 21:12 UTC.'];
    const decision = evaluateInstance(
      { pool: own, signal: 'NONE' },
      { ...knownMarket({ ...market, risk: { 'c5.large': modelRisk(0.1) } }), remarks },
      defaultPolicy,
      now,
    );
    expect(decision.degradation).to.deep.equal({ step: 'model', reasons: remarks });
  });

  it('switches at the gate to the same type in another zone', () => {
    const risk = { ...market.risk, 'c5.large@ap-south-1a': recordRisk(0.85) };
    const decision = evaluate({}, { risk });
    expect(decision.decision).to.equal('SWITCH');
    expect(decision.proposed?.id).to.equal('c5.large@ap-south-1b');
    expect(decision.reason).to.contain('reaches the gate of 0.85');
  });

  it('switches to the best of the given alternatives, on-demand included', () => {
    const alternatives = [spotPool('m5.large@ap-south-1c'), onDemandPool('c5.large@ap-south-1a')];
    expect(evaluate({ alternatives }).proposed?.id).to.equal('m5.large@ap-south-1c');
    expect(evaluate({ alternatives: alternatives.slice(1) }).proposed?.id).to.equal(
      'c5.large@ap-south-1a/on-demand',
    );
  });

  it('stays at the gate when no better pool is known', () => {
    for (const change of [
      { prices: { 'c5.large@ap-south-1a': { spotPerHour: 0.03 } } },
      { risk: { 'c5.large': recordRisk(0.9) } },
      { risk: { 'c5.large': recordRisk(0.85) } },
      {
        signals: {
          'c5.large@ap-south-1b': { kind: 'REBALANCE', atMs: now, expiresAtMs: now + 1, heat: 0.5 },
        },
      },
      { cooldowns: { 'c5.large@ap-south-1b': { untilMs: now + 1, evidence: 'dry' } } },
      { bands: { 'c5.large@ap-south-1b': { interruptRate: 0.25, code: 4 } } },
    ] as const satisfies readonly Market[]) {
      const decision = evaluate({}, change);
      expect(decision.decision, JSON.stringify(change)).to.equal('STAY');
      expect(decision.reason).to.contain('no better pool');
    }
  });

  it('stays on on-demand capacity', () => {
    const decision = evaluate({ pool: onDemandPool('c5.large@ap-south-1a') });
    expect(decision).to.include({ decision: 'STAY', crashProbability: 0, riskSource: 'on-demand' });
  });

  it('stays when the gate is switched off', () => {
    const policy = { ...defaultPolicy, switches: { ...defaultPolicy.switches, safetyGate: false } };
    expect(evaluate({}, {}, policy).decision).to.equal('STAY');
  });

  it('switches when another node of its pool got a termination notice, though the model is calm', () => {
    const decision = evaluate(
      {},
      {
        risk: { 'c5.large': recordRisk(0.1) },
        signals: {
          'c5.large@ap-south-1a': { kind: 'TERMINATION', atMs: now, expiresAtMs: now + 1, heat: 1 },
        },
      },
    );
    expect(decision.decision).to.equal('SWITCH');
    expect(decision.proposed?.id).to.equal('c5.large@ap-south-1b');
  });

  it("does not switch to a pool that the fleet's record says is interrupted more often", () => {
    const endingPool: Market = {
      risk: { 'c5.large': recordRisk(0.1) },
      signals: {
        'c5.large@ap-south-1a': { kind: 'TERMINATION', atMs: now, expiresAtMs: now + 1, heat: 1 },
      },
    };
    const hazards = (own: number, other: number) => ({
      hazards: { 'c5.large@ap-south-1a': own, 'c5.large@ap-south-1b': other },
    });
    expect(evaluate({}, { ...endingPool, ...hazards(0.1, 0.2) }).decision).to.equal('STAY');
    expect(evaluate({}, { ...endingPool, ...hazards(0.2, 0.1) }).decision).to.equal('SWITCH');
  });

  it('goes up one size where that is cheaper for work of its size', () => {
    const change: Market = {
      prices: {
        ...market.prices,
        'c5.xlarge@ap-south-1a': { spotPerHour: 0.02, onDemandPerHour: 0.17 },
      },
      risk: { ...market.risk, 'c5.xlarge@ap-south-1a': recordRisk(0.05, 0.005) },
    };
    const { proposed } = evaluate({}, change);
    expect(proposed?.id).to.equal('c5.xlarge@ap-south-1a');
    expect(proposed?.wastePerHour).to.be.closeTo(0.01, 1e-12);
  });

  it('never leaves for a price forecast alone, which is named beside the evidence', () => {
    const decision = evaluate(
      {},
      { risk: { 'c5.large@ap-south-1a': modelRisk(0.99), 'c5.large@ap-south-1b': modelRisk(0.01) } },
    );
    expect(decision.decision).to.equal('STAY');
    expect(decision.reason).to.contain("the price model's 0.99 is a forecast of prices and moves nothing");
    expect(decision.crashProbability).to.equal(0.99);
  });

  it('leaves for what the fleet met, whatever a price model forecasts', () => {
    const decision = evaluate(
      {},
      {
        risk: { 'c5.large': modelRisk(0.01) },
        hazards: { 'c5.large@ap-south-1a': 0.01, 'c5.large@ap-south-1b': 0.0001 },
      },
    );
    expect(decision.decision).to.equal('SWITCH');
    expect(decision.reason).to.contain('by the fleet’s record');
  });

  it('never proposes a type with accelerators for work that runs without', () => {
    const change: Market = {
      prices: { ...market.prices, 'g4dn.xlarge@ap-south-1b': { spotPerHour: 0.001, onDemandPerHour: 0.5 } },
      risk: { ...market.risk, 'g4dn.xlarge@ap-south-1b': recordRisk(0.01) },
    };
    const alternatives = [spotPool('g4dn.xlarge@ap-south-1b'), spotPool('m5.large@ap-south-1c')];
    expect(evaluate({ alternatives }, change).proposed?.id).to.equal('m5.large@ap-south-1c');
    expect(evaluate({ alternatives: alternatives.slice(0, 1) }, change).decision).to.equal('STAY');
  });

  it('is judged over the horizon of the model’s card', () => {
    const hazards = { 'c5.large@ap-south-1a': 0.0007, 'c5.large@ap-south-1b': 0 };
    const reason = (horizonHours: number) => evaluate({}, { risk: {}, hazards, horizonHours }).reason;
    expect(reason(24)).to.contain('within 24 h');
    expect(reason(72)).to.contain('within 72 h');
  });

  it('finds other zones by zone id too', () => {
    const byId: Market = {
      prices: { 'c5.large@aps1-az1': { spotPerHour: 0.03 }, 'c5.large@aps1-az3': { spotPerHour: 0.04 } },
      risk: { 'c5.large@aps1-az1': recordRisk(0.95), 'c5.large@aps1-az3': recordRisk(0.3) },
    };
    expect(evaluate({ pool: spotPool('c5.large@aps1-az1') }, byId).proposed?.id).to.equal(
      'c5.large@aps1-az3',
    );
  });

  it('is left alone when everything is broken, and still obeys AWS', () => {
    const broken = new Proxy(knownMarket(market), {
      get() {
        throw new Error('gone');
      },
    });
    const ask = (signal: 'NONE' | 'REBALANCE' | 'TERMINATION') =>
      evaluateInstance({ pool: own, signal }, broken, defaultPolicy, now).decision;
    expect([ask('NONE'), ask('REBALANCE'), ask('TERMINATION')]).to.deep.equal(['STAY', 'DRAIN', 'EVACUATE']);
  });
});
