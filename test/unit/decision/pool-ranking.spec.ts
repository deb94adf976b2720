import { expect } from 'chai';
import { rankGroups, rankPools } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { Market } from './known-market.ts';
import { gib, knownMarket, modelRisk, now, onDemandPool, recordRisk, spotPool } from './known-market.ts';

const a = 'ap-south-1a';
const market: Market = {
  prices: {
    'c5.large': { spotPerHour: 0.036, onDemandPerHour: 0.085 },
    'c5.xlarge': { spotPerHour: 0.06, onDemandPerHour: 0.17 },
    'c5.2xlarge': { spotPerHour: 0.15, onDemandPerHour: 0.34 },
    'm5.large': { spotPerHour: 0.04, onDemandPerHour: 0.101 },
    'r5.large': { spotPerHour: 0.31, onDemandPerHour: 0.29 },
  },
  risk: Object.fromEntries(
    ['c5.large', 'c5.xlarge', 'c5.2xlarge', 'm5.large', 'r5.large'].map((type) => [
      type,
      modelRisk(0.1, 0.01),
    ]),
  ),
};
const demand = (vcpu: number, memoryGib: number, gpus = 0) => ({
  cpuMilli: vcpu * 1000,
  memoryBytes: memoryGib * gib,
  gpus,
});

/** Interruptions an hour of a pool of which no band is known: 10 % a month. */
const typicalHazard = -Math.log(0.9) / 730;
/** On-demand price of a unit, the middle of c5.large, c5.xlarge, c5.2xlarge, m5.large and r5.large. */
const perUnit = 0.085 / 2.4;
/** An interruption of work of so many units, counted as a pod each: two dollars a pod and an hour done again. */
const interrupted = (units: number) => typicalHazard * units * (2 + perUnit);
/** The price model forecasts a rise of 3 % with probability 0.01. */
const forecast = 1 + 0.03 * 0.01;
const calm = -Math.expm1(-typicalHazard * 12);

describe('a list of pools', () => {
  it('is ranked with everything that a place rests on', () => {
    const { ranked, degradation, reason } = rankPools(
      [{ pool: spotPool(`c5.large@${a}`) }, { pool: spotPool(`m5.large@${a}`) }],
      knownMarket(market),
      defaultPolicy,
      now,
    );
    expect(ranked.map(({ id }) => id)).to.deep.equal([`m5.large@${a}`, `c5.large@${a}`]);
    expect(ranked[0]).to.deep.include({
      instanceType: 'm5.large',
      zone: a,
      capacityType: 'spot',
      nodeCount: 1,
      vcpu: 2,
      memoryGib: 8,
      pricePerHour: 0.04,
      spotPerHour: 0.04,
      onDemandPerHour: 0.101,
      wastePerHour: 0,
      crashProbability: 0.1,
      expectedFrequency: 0.01,
      riskSource: 'family-stress',
      heat: 0,
    });
    expect(ranked[0]?.tco).to.be.closeTo((0.04 * forecast + interrupted(2.8)) / 2.8, 1e-12);
    expect(degradation.step).to.equal('model');
    expect(reason).to.match(/^m5\.large@ap-south-1a ranks first of 2 with yield \d/);
  });

  it('of one pool that a filter objects to has it all the same, and says so; block leaves it out', () => {
    const { ranked, reason } = rankPools(
      [{ pool: spotPool(`r5.large@${a}`) }],
      knownMarket(market),
      defaultPolicy,
      now,
    );
    expect(ranked.map(({ id, isReadmitted }) => [id, isReadmitted])).to.deep.equal([[`r5.large@${a}`, true]]);
    expect(reason).to.match(/ranks first of 1 with yield -\d+\.\d, re-admitted: nothing safer is on offer$/);
    const blocking = rankPools(
      [{ pool: spotPool(`r5.large@${a}`) }],
      knownMarket(market),
      { ...defaultPolicy, onAllRejected: 'block' },
      now,
    );
    expect(blocking.ranked).to.deep.equal([]);
    expect(blocking.reason).to.equal('the only candidate was rejected, and the policy is to block');
  });

  it('takes as few nodes as a demand needs, and counts what they leave unused', () => {
    const policy = { ...defaultPolicy, switches: { ...defaultPolicy.switches, rightSizing: false } };
    const { ranked } = rankPools(
      [{ pool: spotPool(`m5.large@${a}`), demand: demand(5, 8) }],
      knownMarket(market),
      policy,
      now,
    );
    expect(ranked[0]?.nodeCount).to.equal(3);
    expect(ranked[0]?.wastePerHour).to.be.closeTo((0.12 * (1 + 1.6)) / (6 + 2.4), 1e-12);
  });

  it('admits a larger type when its yield is better, and names what it stands in for', () => {
    const { ranked, drops } = rankPools(
      [{ pool: spotPool(`c5.large@${a}`), demand: demand(8, 16) }],
      knownMarket(market),
      defaultPolicy,
      now,
    );
    expect(ranked.map(({ id, nodeCount }) => `${nodeCount} ${id}`)).to.deep.equal([
      `2 c5.xlarge@${a}`,
      `4 c5.large@${a}`,
    ]);
    const yieldOf = (nodesPerHour: number) =>
      100 * (1 - (nodesPerHour * forecast + interrupted(9.6)) / 9.6 / perUnit) * (1 - calm);
    expect(ranked[0]?.yield).to.be.closeTo(yieldOf(2 * 0.06), 1e-9);
    expect(ranked[1]?.yield).to.be.closeTo(yieldOf(4 * 0.036), 1e-9);
    expect(ranked[0]?.admittedFor).to.equal(`c5.large@${a}`);
    expect(drops).to.deep.equal([]);
  });

  it('does not admit a larger type that would stand half empty', () => {
    const { ranked } = rankPools(
      [{ pool: spotPool(`c5.large@${a}`) }],
      knownMarket(market),
      defaultPolicy,
      now,
    );
    expect(ranked.map(({ id }) => id)).to.deep.equal([`c5.large@${a}`]);
  });

  it('does not admit a larger type that is merely as good', () => {
    const prices = { ...market.prices, 'c5.xlarge': { spotPerHour: 0.072, onDemandPerHour: 0.17 } };
    const { ranked } = rankPools(
      [{ pool: spotPool(`c5.large@${a}`), demand: demand(8, 16) }],
      knownMarket({ ...market, prices }),
      defaultPolicy,
      now,
    );
    expect(ranked.map(({ id }) => id)).to.deep.equal([`c5.large@${a}`]);
  });

  it('does without right-sizing and waste where the policy says so', () => {
    const switches = { ...defaultPolicy.switches, rightSizing: false, wasteCost: false };
    const { ranked } = rankPools(
      [{ pool: spotPool(`c5.large@${a}`), demand: demand(7, 16) }],
      knownMarket(market),
      { ...defaultPolicy, switches },
      now,
    );
    expect(ranked).to.have.length(1);
    expect(ranked[0]?.wastePerHour).to.equal(0);
  });

  it('drops nodes that are too few or lack a GPU, in words', () => {
    const { drops } = rankPools(
      [
        { pool: spotPool(`c5.large@${a}`), demand: demand(8, 16), nodeCount: 3 },
        { pool: spotPool(`m5.large@${a}`), demand: demand(1, 1, 1) },
      ],
      knownMarket(market),
      { ...defaultPolicy, switches: { ...defaultPolicy.switches, rightSizing: false } },
      now,
    );
    expect(drops.map(({ layer, reason, sentence }) => `${layer} ${reason}: ${sentence}`)).to.deep.equal([
      `static too-small: 3 × c5.large@${a} offers 6 vCPU, 12 GiB, asked for is 8 vCPU, 16 GiB`,
      `static too-small: 1 × m5.large@${a} offers 2 vCPU, 8 GiB, asked for is 1 vCPU, 1 GiB, 1 GPU`,
    ]);
  });

  it('drops what is reclaimed too often, what is dearer than on-demand, what is too risky and what has no price', () => {
    const { ranked, drops } = rankPools(
      ['c5.large', 'm5.large', 'r5.large', 'c5.xlarge', 't3.medium'].map((type) => ({
        pool: spotPool(`${type}@${a}`),
      })),
      knownMarket({
        ...market,
        bands: { 'c5.large': { interruptRate: 0.25, code: 4 }, 'c5.xlarge': { interruptRate: 0.2, code: 3 } },
        risk: { ...market.risk, 'm5.large': recordRisk(0.851) },
      }),
      // Whatever safety costs: what passes is never given up for what does not.
      { ...defaultPolicy, maxSafetyPremium: 1000 },
      now,
    );
    expect(ranked.map(({ id }) => id)).to.deep.equal([`c5.xlarge@${a}`]);
    expect(
      drops.map(({ id, layer, reason }) => `${id.split('@')[0] ?? ''} ${layer} ${reason}`),
    ).to.deep.equal([
      'c5.large static interrupt-rate',
      'r5.large static above-on-demand',
      't3.medium optimizer no-price',
      'm5.large optimizer crash-probability',
    ]);
    expect(drops.map(({ sentence }) => sentence)).to.deep.equal([
      '25 % of this Spot capacity was reclaimed in the trailing month, at most 20 % is allowed',
      'spot price 0.3100 is above on-demand 0.2900',
      'no price is known for t3.medium in ap-south-1a',
      "probability of an interruption 0.85 at even odds (the model's word) is above 0.85",
    ]);
    expect(drops[0]?.facts).to.include({ historicInterruptRate: 0.25, spotPerHour: 0.036, vcpu: 2 });
    expect(drops[3]?.facts).to.include({ crashProbability: 0.851 });
  });

  it('never rejects on-demand for what Spot does', () => {
    const { ranked } = rankPools(
      [{ pool: onDemandPool(`c5.large@${a}`) }],
      knownMarket({
        ...market,
        bands: { 'c5.large': { interruptRate: 0.25, code: 4 } },
        risk: { 'c5.large': recordRisk(1) },
      }),
      { ...defaultPolicy, maxCrashProbability: 0 },
      now,
    );
    expect(ranked[0]).to.include({
      id: `c5.large@${a}/on-demand`,
      crashProbability: 0,
      riskSource: 'on-demand',
      pricePerHour: 0.085,
    });
  });

  it('does not reject capacity of unknown type for its band, nor unknown risk at the gate', () => {
    const pool = { ...spotPool(`c5.large@${a}`), capacityType: 'unknown' } as const;
    const { ranked } = rankPools(
      [{ pool }, { pool: spotPool(`m5.large@${a}`) }],
      knownMarket({
        prices: market.prices ?? {},
        bands: { 'c5.large': { interruptRate: 0.25, code: 4 } },
        risk: { 'c5.large': modelRisk(0.1) },
      }),
      { ...defaultPolicy, maxCrashProbability: 0.3 },
      now,
    );
    expect(ranked.map(({ id }) => id)).to.have.members([`c5.large@${a}/unknown`, `m5.large@${a}`]);
  });

  it('puts the one that the gate likes better first where cost and calibrated risk are the same', () => {
    const pools = ['ap-south-1a', 'ap-south-1b'].map((zone) => ({ pool: spotPool(`c5.large@${zone}`) }));
    const risk = {
      'c5.large@ap-south-1a': modelRisk(0.5, 0.01),
      'c5.large@ap-south-1b': modelRisk(0.4, 0.01),
    };
    const { ranked } = rankPools(pools, knownMarket({ ...market, risk }), defaultPolicy, now);
    expect(ranked.map(({ zone }) => zone)).to.deep.equal(['ap-south-1b', 'ap-south-1a']);
  });

  it('asks about each pool once', () => {
    const question = { pool: spotPool(`c5.large@${a}`) };
    const { ranked, drops } = rankPools([question, question], knownMarket(market), defaultPolicy, now);
    expect([ranked.length, drops.map(({ reason }) => reason)]).to.deep.equal([1, ['duplicate']]);
  });

  it('compares by node when no size is known', () => {
    const { ranked } = rankPools(
      ['c5.large', 'm5.large'].map((type) => ({ pool: spotPool(`${type}@${a}`) })),
      knownMarket({ ...market, types: {} }),
      defaultPolicy,
      now,
    );
    // A node stands for four units, at the usual on-demand price where no type tells one.
    const interruption = typicalHazard * 4 * (2 + 0.034);
    expect(ranked[0]?.tco).to.be.closeTo(0.036 * forecast + interruption, 1e-12);
    expect(ranked[1]?.tco).to.be.closeTo(0.04 * forecast + interruption, 1e-12);
  });

  it('holds a group described by hand against others over all of its pools', () => {
    const { ranked } = rankGroups(
      [
        {
          id: 'mixed',
          pools: [spotPool(`c5.large@${a}`), spotPool(`m5.large@${a}`)],
          capacityType: 'spot',
          onDemandShare: 0.5,
          demand: demand(2, 4),
          nodeCount: 1,
        },
      ],
      knownMarket(market),
      defaultPolicy,
      now,
    );
    expect(ranked[0]?.pricePerHour).to.be.closeTo(0.5 * 0.038 + 0.5 * 0.093, 1e-12);
    expect(ranked[0]?.crashProbability).to.be.closeTo(0.05, 1e-12);
  });
});
