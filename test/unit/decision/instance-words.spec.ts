import { expect } from 'chai';
import { instanceDecision } from '../../../src/decision/instance-decision.ts';
import type { Knowledge } from '../../../src/decision/knowledge.ts';
import { evaluateInstance } from '../../../src/decision/pipeline.ts';
import { defaultPolicy, type Policy } from '../../../src/decision/policy.ts';
import type { InstanceQuestion, PoolQuestion } from '../../../src/decision/questions.ts';
import {
  gib,
  knownMarket,
  modelRisk,
  now,
  onDemandPool,
  recordRisk,
  spotPool,
  type Market,
} from './known-market.ts';

const own = spotPool('c5.large@ap-south-1a');
const priced = { spotPerHour: 0.03, onDemandPerHour: 0.085 };
const switchedOff = (part: Partial<Policy['switches']>): Policy => ({
  ...defaultPolicy,
  switches: { ...defaultPolicy.switches, ...part },
});

function evaluate(question: Partial<InstanceQuestion>, market: Market, policy = defaultPolicy) {
  return evaluateInstance({ pool: own, signal: 'NONE', ...question }, knownMarket(market), policy, now);
}

describe('what is said of a running instance', () => {
  it('is what AWS said, in the words of each signal', () => {
    expect(evaluate({ signal: 'TERMINATION' }, {})).to.include({
      ...{ decision: 'EVACUATE', signal: 'TERMINATION', atMs: now },
      reason: 'AWS will take this instance within two minutes: pods must leave at once',
    });
    expect(evaluate({ signal: 'REBALANCE' }, {})).to.include({
      ...{ decision: 'DRAIN', signal: 'REBALANCE', atMs: now },
      reason: 'AWS recommends a rebalance: the risk is elevated, pods leave as their budgets allow',
    });
  });

  it('is that nothing tells the risk, after what a price model forecasts', () => {
    const alone =
      'nothing tells the risk of this pool and AWS has given no signal, so the instance is left alone';
    expect(evaluate({}, {}).reason).to.equal(alone);
    expect(evaluate({}, { risk: { 'c5.large': modelRisk(0.6) } }).reason).to.equal(
      `the price model's 0.60 is a forecast of prices and moves nothing; ${alone}`,
    );
  });

  it('is the evidence by its name, beside the forecast', () => {
    const band = { bands: { 'c5.large': { interruptRate: 0.1, code: 1 } } };
    const at = (by: string) =>
      `probability of an interruption 0.50 (at even odds, within 12 h, ${by}) is below the gate of 0.85`;
    expect(evaluate({}, band).reason).to.equal(at('by its band'));
    expect(evaluate({}, { ...band, risk: { 'c5.large': modelRisk(0.6) } }).reason).to.equal(
      `the price model's 0.60 is a forecast of prices and moves nothing; ${at('by its band')}`,
    );
    const typical = -Math.log(0.9) / 730;
    expect(evaluate({}, { hazards: { 'c5.large': typical } }).reason).to.equal(at('by the fleet’s record'));
    expect(evaluate({}, { risk: { 'c5.large': recordRisk(0.5) } }).reason).to.equal(at('by fleet-hazard'));
  });

  it('of on-demand is that it is not reclaimed, whatever its pool felt', () => {
    const signals = {
      'c5.large': { kind: 'TERMINATION', atMs: now, expiresAtMs: now + 1, heat: 1 },
    } as const;
    expect(evaluate({ pool: onDemandPool('c5.large@ap-south-1a') }, { signals })).to.include({
      ...{ decision: 'STAY', reason: 'on-demand instances are not reclaimed' },
    });
  });

  it('is why it would leave, and that there is nowhere better', () => {
    const ending = {
      signals: { 'c5.large': { kind: 'TERMINATION', atMs: now, expiresAtMs: now + 1, heat: 1 } },
    } as const;
    expect(evaluate({}, ending).reason).to.equal(
      'another node of this pool got a termination notice, but no better pool is known',
    );
    expect(evaluate({}, ending, switchedOff({ hotPools: false })).decision).to.equal('STAY');
    expect(evaluate({}, ending, switchedOff({ hotPools: false })).reason).to.match(/left alone$/);
    const rebalance = {
      signals: { 'c5.large': { ...ending.signals['c5.large'], kind: 'REBALANCE' } },
    } as const;
    expect(evaluate({}, rebalance).reason).to.match(/left alone$/);
  });

  it('is what is missing where no model speaks: stale prices, a mock, a band', () => {
    const reasons = (market: Market, question: Partial<InstanceQuestion> = {}) =>
      evaluate(question, market).degradation.reasons;
    const noBand = 'no Spot Advisor band of c5.large in ap-south-1 is known';
    expect(reasons({ pricesAreStale: true })).to.deep.equal([
      'Spot prices are stale and so is what a model makes of them',
      noBand,
    ]);
    expect(reasons({ bands: { 'c5.large': { interruptRate: 0.1, code: 1 } } })).to.deep.equal([
      'no model speaks for this pool',
    ]);
    expect(reasons({}, { pool: { ...own, region: '' } })).to.deep.equal([
      'no model speaks for this pool',
      'no Spot Advisor band of c5.large is known',
    ]);
    const mock = { ...modelRisk(0.5), source: 'mock' } as const;
    expect(reasons({ risk: { 'c5.large': mock } })[0]).to.match(/^the risk model is mock: /);
  });

  it('is told with look-ups that failed, and with what the knowledge remarks', () => {
    const knowledge: Knowledge = {
      ...knownMarket({}),
      signal: () => {
        throw new Error('gone');
      },
      advisorBand: () => {
        throw new Error('lost');
      },
      remarks: ['bands of May'],
    };
    const { degradation } = evaluateInstance({ pool: own, signal: 'NONE' }, knowledge, defaultPolicy, now);
    expect(degradation.step).to.equal('price-only');
    expect(degradation.reasons).to.include('the look-up of advisor bands failed 1 times: lost');
    expect(degradation.reasons.at(-1)).to.equal('bands of May');
  });

  it('is why it could not be judged, and that it is left alone', () => {
    const broken = new Proxy(knownMarket({}), {
      get() {
        throw new Error('gone');
      },
    });
    const decision = evaluateInstance({ pool: own, signal: 'NONE' }, broken, defaultPolicy, now);
    expect(decision).to.deep.equal({
      ...{ signal: 'NONE', atMs: now, decision: 'STAY', riskSource: 'none' },
      reason: 'the instance could not be judged (gone), so it is left alone',
      degradation: { step: 'all-ids', reasons: ['gone'] },
    });
  });
});

describe('where an instance that leaves could go', () => {
  const risky: Market = {
    types: { 'c5.large': [2, 4], 'c5.xlarge': [4, 8], 'c5.2xlarge': [8, 16], 'c5.4xlarge': [16, 32] },
    hazards: { 'c5.large@ap-south-1a': 1 },
  };
  /** The pools that are asked about, with the demand of the first. */
  function asked(question: Partial<InstanceQuestion>, market: Market, policy = defaultPolicy) {
    let questions: readonly PoolQuestion[] = [];
    instanceDecision(
      { pool: own, signal: 'NONE', ...question },
      knownMarket({ ...risky, ...market }),
      policy,
      now,
      (pools) => {
        questions = pools;
        return {
          ranked: [],
          drops: [],
          degradation: { step: 'model', reasons: [] },
          reason: '',
          remarks: [],
        };
      },
    );
    return {
      pools: questions.map(({ pool }) => `${pool.instanceType}@${pool.zone}`),
      demands: [...new Set(questions.map(({ demand }) => JSON.stringify(demand)))],
    };
  }

  const everywhere = (...zones: readonly string[]) => ({
    prices: Object.fromEntries(zones.map((zone) => [`c5.large@${zone}`, priced])),
  });

  it('is every other zone of its region that has a price, by name', () => {
    const zones = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((letter) => `ap-south-1${letter}`);
    expect(asked({}, everywhere(...zones)).pools).to.deep.equal(
      zones.slice(0, 6).map((zone) => `c5.large@${zone}`),
    );
    expect(asked({}, everywhere('ap-south-1c')).pools).to.deep.equal([
      'c5.large@ap-south-1a',
      'c5.large@ap-south-1c',
    ]);
  });

  it('is every other zone by id, up to six', () => {
    const zones = [1, 2, 3, 4, 5, 6, 7].map((place) => `aps1-az${place}`);
    expect(
      asked({ pool: spotPool('c5.large@aps1-az2') }, { ...everywhere(...zones), hazards: { 'c5.large': 1 } })
        .pools,
    ).to.deep.equal(
      ['aps1-az2', 'aps1-az1', 'aps1-az3', 'aps1-az4', 'aps1-az5', 'aps1-az6'].map(
        (zone) => `c5.large@${zone}`,
      ),
    );
  });

  it('is no zone where its own is named otherwise', () => {
    for (const zone of ['ap-south-1', 'us-west-2-lax-1a', 'zone', 'xap-south-1ab', 'aps1-az1b', '1aps1-az1'])
      expect(
        asked(
          { pool: spotPool(`c5.large@${zone}`) },
          { hazards: { 'c5.large': 1 }, prices: { 'c5.large': priced } },
        ).pools,
        zone,
      ).to.deep.equal([`c5.large@${zone}`]);
  });

  it('is what is given instead of the zones, and larger types of its pool, each for work of its size', () => {
    const larger = {
      prices: { 'c5.large': priced, 'c5.xlarge': priced, 'c5.2xlarge': priced, 'c5.4xlarge': priced },
    };
    const given = { alternatives: [spotPool('m5.large@ap-south-1b')] };
    const { pools, demands } = asked(given, larger);
    expect(pools).to.deep.equal([
      ...['c5.large@ap-south-1a', 'm5.large@ap-south-1b', 'c5.xlarge@ap-south-1a', 'c5.2xlarge@ap-south-1a'],
    ]);
    expect(demands).to.deep.equal([JSON.stringify({ cpuMilli: 2000, memoryBytes: 4 * gib, gpus: 0 })]);
    expect(asked(given, larger, switchedOff({ rightSizing: false })).pools).to.have.length(2);
    expect(asked({ alternatives: [] }, { ...larger, types: {} }).demands).to.deep.equal([undefined]);
  });
});
