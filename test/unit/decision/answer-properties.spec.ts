import { expect } from 'chai';
import fc from 'fast-check';
import { evaluateInstance, decideScaleUp, rankPools } from '../../../src/decision/pipeline.ts';
import { layers } from '../../../src/decision/layers.ts';
import type { LayerName } from '../../../src/decision/layers.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { ScaleUpDecision } from '../../../src/decision/decision.ts';
import { knownMarket, now, pod, scaleUp, spotPool } from './known-market.ts';
import { anyKnowledge, anyPolicy, anyRequest, hostileNumber } from './market-arbitraries.ts';

const runs = { numRuns: 1000 };

/** Every number that leaves a decision is one that a person and a program can use. */
function allNumbersAreSound(decision: Pick<ScaleUpDecision, 'ranked'>): void {
  for (const candidate of decision.ranked) {
    expect(candidate.tco, 'tco').to.be.within(0, Number.MAX_VALUE);
    expect(candidate.yield, 'yield').to.be.within(-Number.MAX_VALUE, 100);
    expect(candidate.shareAtOnce, 'share at once').to.be.within(0, 1);
    expect(candidate.crashProbability).to.be.within(0, 1);
    expect(candidate.expectedFrequency).to.be.within(0, 1);
    expect(candidate.heat).to.be.within(0, 1);
    expect(candidate.wastePerHour).to.be.within(0, Number.MAX_VALUE);
    expect(candidate.score).to.satisfy(Number.isFinite);
    expect(candidate.sentence).not.to.match(/NaN|undefined|Infinity/);
  }
}

describe('every answer, whatever the request and however broken the knowledge', () => {
  it('names only ids of the request, each once, and never none', () => {
    fc.assert(
      fc.property(anyRequest, anyKnowledge, anyPolicy, (request, knowledge, policy) => {
        const { answer } = decideScaleUp(request, knowledge, policy, now);
        const asked = new Set(request.options.map(({ nodeGroupId }) => nodeGroupId));
        expect(new Set(answer).size).to.equal(answer.length);
        expect(answer.every((id) => asked.has(id))).to.equal(true);
        expect(answer.length > 0).to.equal(asked.size > 0);
      }),
      runs,
    );
  });

  it('keeps the sum of candidates and drops', () => {
    fc.assert(
      fc.property(anyRequest, anyKnowledge, anyPolicy, (request, knowledge, policy) => {
        const { ranked, drops } = decideScaleUp(request, knowledge, policy, now);
        const accounted = [...ranked, ...drops].map(({ id }) => id).sort();
        expect(accounted).to.deep.equal(request.options.map(({ nodeGroupId }) => nodeGroupId).sort());
      }),
      runs,
    );
  });

  it('holds sound numbers and readable sentences only', () => {
    fc.assert(
      fc.property(anyRequest, anyKnowledge, anyPolicy, (request, knowledge, policy) => {
        const decision = decideScaleUp(request, knowledge, policy, now);
        allNumbersAreSound(decision);
        for (const drop of decision.drops) expect(drop.sentence).not.to.match(/NaN|undefined|Infinity|^$/);
        expect(decision.reason).not.to.match(/NaN|undefined|Infinity|^$/);
        expect(decision.degradation.step === 'model').to.equal(decision.degradation.reasons.length === 0);
      }),
      runs,
    );
  });

  it('is the same for the same arguments, in whatever order the options come', () => {
    fc.assert(
      fc.property(anyRequest, anyKnowledge, anyPolicy, (request, knowledge, policy) => {
        const distinct = [...new Map(request.options.map((option) => [option.nodeGroupId, option])).values()];
        const one = decideScaleUp({ ...request, options: distinct }, knowledge, policy, now);
        const other = decideScaleUp({ ...request, options: distinct.toReversed() }, knowledge, policy, now);
        expect(other.ranked.map(({ id }) => id)).to.deep.equal(one.ranked.map(({ id }) => id));
        expect([...other.answer].sort()).to.deep.equal([...one.answer].sort());
      }),
      { numRuns: 500 },
    );
  });

  it('is empty for a policy of block only when a layer has rejected every candidate', () => {
    fc.assert(
      fc.property(anyRequest, anyKnowledge, anyPolicy, (request, knowledge, policy) => {
        const blocking = { ...policy, onAllRejected: 'block' } as const;
        const { answer, ranked, drops } = decideScaleUp(request, knowledge, blocking, now);
        if (answer.length > 0 || request.options.length === 0) return;
        expect(ranked).to.have.length(0);
        expect(drops.map(({ reason }) => reason)).to.not.include.oneOf([
          'no-price',
          'no-size',
          'internal-fault',
        ]);
      }),
      runs,
    );
  });

  it('is given for a single instance and a manual list too', () => {
    const anyPool = fc.record({
      instanceType: fc.constantFrom('c5.large', 'g4dn.xlarge', 'x', ''),
      zone: fc.constantFrom('ap-south-1a', 'aps1-az1', ''),
      region: fc.constantFrom('ap-south-1', ''),
      capacityType: fc.constantFrom('spot', 'on-demand', 'unknown'),
    } as const);
    const demand = fc.record({ cpuMilli: hostileNumber, memoryBytes: hostileNumber, gpus: hostileNumber });
    const questions = fc.array(
      fc.record({ pool: anyPool, demand, nodeCount: hostileNumber }, { requiredKeys: ['pool'] }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(questions, anyPool, anyKnowledge, anyPolicy, (asked, pool, knowledge, policy) => {
        const ranking = rankPools(asked, knowledge, policy, now);
        allNumbersAreSound(ranking);
        const own = ranking.ranked.filter(({ admittedFor }) => admittedFor === undefined);
        expect(own.length + ranking.drops.length).to.equal(asked.length);
        for (const signal of ['NONE', 'REBALANCE', 'TERMINATION'] as const) {
          const { decision } = evaluateInstance({ pool, signal }, knowledge, policy, now);
          const allowed = { NONE: ['STAY', 'SWITCH'], REBALANCE: ['DRAIN'], TERMINATION: ['EVACUATE'] };
          expect(allowed[signal]).to.include(decision);
        }
      }),
      { numRuns: 800 },
    );
  });
});

describe('the ladder', () => {
  const request = scaleUp(
    {
      a: { type: 'c5.large', zone: 'ap-south-1a', capacityType: 'SPOT', nodeCount: 1, pods: [0] },
      b: { type: 'm5.large', zone: 'ap-south-1b', capacityType: 'SPOT', nodeCount: 1, pods: [0] },
    },
    [pod(1500, 3)],
  );
  const market = {
    prices: {
      'c5.large': { spotPerHour: 0.03, onDemandPerHour: 0.085 },
      'm5.large': { spotPerHour: 0.04, onDemandPerHour: 0.101 },
    },
    bands: { 'c5.large': { interruptRate: 0.075, code: 1 }, 'm5.large': { interruptRate: 0.025, code: 0 } },
    risk: {
      'c5.large': { crashProbability: 0.2, expectedFrequency: 0.01, source: 'family-stress' },
      'm5.large': { crashProbability: 0.1, expectedFrequency: 0.005, source: 'family-stress' },
    },
  } as const;

  it('stands on the model while the model speaks', () => {
    const { degradation } = decideScaleUp(request, knownMarket(market), defaultPolicy, now);
    expect(degradation).to.deep.equal({ step: 'model', reasons: [] });
  });

  it('steps down to the band when the model is away, and says so', () => {
    const { degradation, answer } = decideScaleUp(
      request,
      knownMarket({ ...market, risk: {} }),
      defaultPolicy,
      now,
    );
    expect(degradation.step).to.equal('advisor-prior');
    expect(degradation.reasons).to.deep.equal([
      "a and 1 more: no model's word, the Spot Advisor's band counts",
    ]);
    expect(answer).to.deep.equal(['a']);
  });

  it('steps down to the band when prices are stale, whatever the model made of them', () => {
    const { degradation, ranked } = decideScaleUp(
      request,
      knownMarket({ ...market, pricesAreStale: true }),
      defaultPolicy,
      now,
    );
    expect(degradation.step).to.equal('advisor-prior');
    expect(degradation.reasons[0]).to.equal('Spot prices are stale and are not used');
    expect(ranked.map(({ priceSource }) => priceSource)).to.deep.equal(['assumed', 'assumed']);
    expect(ranked[0]?.pricePerHour).to.be.closeTo(0.085 * 0.4, 1e-12);
  });

  it('steps down to the price when no band is known either', () => {
    const { degradation, answer } = decideScaleUp(
      request,
      knownMarket({ prices: market.prices }),
      defaultPolicy,
      now,
    );
    expect(degradation.step).to.equal('price-only');
    expect(answer).to.deep.equal(['a']);
  });

  it('ends at all ids when there is no price', () => {
    const { degradation, answer, reason } = decideScaleUp(request, knownMarket({}), defaultPolicy, now);
    expect(degradation.step).to.equal('all-ids');
    expect(answer).to.deep.equal(['a', 'b']);
    expect(reason).to.contain('left open');
  });

  it('steps down for a look-up that throws, with its words', () => {
    const knowledge = {
      ...knownMarket(market),
      risk: () => {
        throw new Error('the table is gone');
      },
    };
    const { degradation } = decideScaleUp(request, knowledge, defaultPolicy, now);
    expect(degradation.step).to.equal('advisor-prior');
    expect(degradation.reasons.at(-1)).to.equal('the look-up of risk failed 2 times: the table is gone');
  });

  for (const faulty of layers)
    it(`answers legally when layer ${faulty} itself breaks for good`, () => {
      const decision = decideScaleUp(request, knownMarket(market), defaultPolicy, now, (layer, phase) => {
        if (layer === faulty && phase === 'begin') throw new Error('broken');
      });
      expect(decision.degradation.step).to.equal('all-ids');
      expect(decision.degradation.reasons[0]).to.equal(`step model failed in layer ${faulty}: broken`);
      expect(decision.answer).to.deep.equal(['a', 'b']);
      expect(decision.drops).to.have.length(2);
    });

  it('takes the next step when a layer breaks once', () => {
    let broken = false;
    const decision = decideScaleUp(request, knownMarket(market), defaultPolicy, now, (layer) => {
      if (layer !== 'risk' || broken) return;
      broken = true;
      throw new Error('a hiccup');
    });
    expect(decision.degradation.step).to.equal('advisor-prior');
    expect(decision.degradation.reasons[0]).to.contain('a hiccup');
    expect(decision.answer).to.deep.equal(['a']);
  });

  it('tells the observer of every layer, in order, begun and ended', () => {
    const seen: string[] = [];
    decideScaleUp(request, knownMarket(market), defaultPolicy, now, (layer: LayerName, phase) =>
      seen.push(`${layer} ${phase}`),
    );
    expect(seen).to.deep.equal(layers.flatMap((layer) => [`${layer} begin`, `${layer} end`]));
  });

  it('names a step for an on-demand winner by what its rivals rest on', () => {
    const { degradation } = decideScaleUp(
      scaleUp(
        {
          od: { type: 'm5.large', zone: 'ap-south-1a', capacityType: 'ON_DEMAND', nodeCount: 1, pods: [0] },
          spot: { type: 'c5.large', zone: 'ap-south-1a', capacityType: 'SPOT', nodeCount: 9, pods: [0] },
        },
        [pod(1500, 3)],
      ),
      knownMarket({ prices: market.prices }),
      defaultPolicy,
      now,
    );
    expect(degradation.step).to.equal('price-only');
  });

  it('says why not to switch when nothing is known', () => {
    const decision = evaluateInstance(
      { pool: spotPool('c5.large@ap-south-1a'), signal: 'NONE' },
      knownMarket({}),
      defaultPolicy,
      now,
    );
    expect(decision.decision).to.equal('STAY');
    expect(decision.degradation.step).to.equal('price-only');
  });
});
