import { expect } from 'chai';
import { decideScaleUp, rankPools } from '../../../src/decision/pipeline.ts';
import { defaultPolicy, type Policy } from '../../../src/decision/policy.ts';
import type { Market } from './known-market.ts';
import { gib, knownMarket, modelRisk, now, onDemandPool, pod, scaleUp, spotPool } from './known-market.ts';

const classic: Policy = { ...defaultPolicy, formula: 'classic' };
const zone = 'ap-south-1a';
const without = { ...classic, switches: { ...classic.switches, rightSizing: false } };

/**
 * A page of numbers worked by hand. Each pool has one node for 1 vCPU and 2 GiB: 1 + 0.2 = 1.2 units of what it offers, so the
 * unused share of c5.large (2 + 0.4 = 2.4) is 0.5, of m5.large (2 + 0.8 = 2.8) 1.6 / 2.8, of r5.large (2 + 1.6 = 3.6) 2.4 / 3.6.
 * TCO = price × (1 + unused share); yield = 100 × (1 − TCO / dearest TCO) × (1 − crash probability).
 */
const page = [
  //  type, Spot, crash, unused share, TCO, yield
  ['c5.large', 0.04, 0.5, 0.5, 0.06, 35.0],
  ['m5.large', 0.042, 0.1, 0.571429, 0.066, 60.3],
  ['r5.large', 0.06, 0.85, 0.666667, 0.1, 7.5],
] as const;
/** On-demand c5.large at 0.1333…: TCO 0.2, the dearest. */
const dearest = 0.2;

const market: Market = {
  prices: {
    ...Object.fromEntries(page.map(([type, spot]) => [type, { spotPerHour: spot, onDemandPerHour: 0.12 }])),
    'c5.large': { spotPerHour: 0.04, onDemandPerHour: 0.4 / 3 },
  },
  risk: Object.fromEntries(page.map(([type, , crash]) => [type, modelRisk(crash, 0.01)])),
  bands: { 'm5.large': { interruptRate: 0.2, code: 3 } },
};
const demand = { cpuMilli: 1000, memoryBytes: 2 * gib, gpus: 0 };

describe('the classic formula', () => {
  it('gives a page of numbers worked by hand', () => {
    const pools = [
      ...page.map(([type]) => ({ pool: spotPool(`${type}@${zone}`), demand })),
      { pool: onDemandPool(`c5.large@${zone}`), demand },
    ];
    const { ranked } = rankPools(pools, knownMarket(market), without, now);
    for (const [type, spot, crash, unused, tco, score] of page) {
      const one = ranked.find(({ id }) => id === `${type}@${zone}`)!;
      expect(one.wastePerHour, type).to.be.closeTo(spot * unused, 1e-6);
      expect(one.tco, type).to.be.closeTo(tco, 1e-6);
      expect(one.yield, type).to.be.closeTo(score, 1e-4);
      expect(one.yield, type).to.be.closeTo(100 * (1 - tco / dearest) * (1 - crash), 1e-4);
      expect(one.score, type).to.equal(one.yield);
    }
    const onDemand = ranked.find(({ capacityType }) => capacityType === 'on-demand')!;
    expect(onDemand.tco).to.be.closeTo(dearest, 1e-9);
    expect(onDemand.yield).to.equal(0);
    expect(ranked.map(({ id }) => id.split('@')[0])).to.deep.equal([
      'm5.large',
      'c5.large',
      'r5.large',
      'c5.large',
    ]);
  });

  it('counts all nodes of an option and what they leave unused', () => {
    const request = scaleUp(
      {
        three: { type: 'c5.large', zone, capacityType: 'SPOT', nodeCount: 3, pods: [0, 1, 2] },
        one: { type: 'r5.large', zone, capacityType: 'SPOT', nodeCount: 1, pods: [0, 1, 2] },
      },
      [pod(500, 4), pod(500, 4), pod(500, 4)],
    );
    const { ranked } = decideScaleUp(request, knownMarket(market), classic, now);
    // 3 × 0.04, of 3 × 2 vCPU and 3 × 4 GiB 1.5 vCPU and 12 GiB are asked for: 4.5 of 7.2 units stay unused.
    expect(ranked.find(({ id }) => id === 'three')!.tco).to.be.closeTo(0.12 * (1 + 4.5 / 7.2), 1e-9);
    // 1 × 0.06, of 2 vCPU and 16 GiB: 0.5 + 0.4 of 3.6 units.
    expect(ranked.find(({ id }) => id === 'one')!.tco).to.be.closeTo(0.06 * (1 + 0.9 / 3.6), 1e-9);
  });

  it('rejects above 0.85 and above 20 %, whatever it costs: 0.85 and 20 % themselves pass', () => {
    const strict: Market = {
      ...market,
      risk: { ...market.risk, 'r5.large': modelRisk(0.8500001) },
      bands: {
        'c5.large': { interruptRate: 0.2000001, code: 4 },
        'm5.large': { interruptRate: 0.2, code: 3 },
      },
    };
    const pools = [
      ...page.map(([type]) => ({ pool: spotPool(`${type}@${zone}`), demand })),
      { pool: onDemandPool(`m5.large@${zone}`), demand },
    ];
    const { ranked, drops } = rankPools(pools, knownMarket(strict), without, now);
    expect(ranked.map(({ id }) => id)).to.deep.equal([`m5.large@${zone}`, `m5.large@${zone}/on-demand`]);
    expect(drops.map(({ id, reason }) => `${id.split('@')[0] ?? ''} ${reason}`)).to.deep.equal([
      'c5.large interrupt-rate',
      'r5.large crash-probability',
    ]);
  });

  it('counts no interruptions, no fleet and no room for later pods', () => {
    const question = [{ pool: spotPool(`c5.large@${zone}`), demand }];
    const fleet = [
      { instanceType: 'c5.large', zone, capacityType: 'spot', nodeGroupId: 'x', vcpus: 2, nodes: 99 },
    ] as const;
    const plain = rankPools(question, knownMarket(market), without, now).ranked[0]!;
    const told = rankPools(
      question,
      knownMarket({ ...market, fleet }),
      { ...without, interruptionPrice: 1e6 },
      now,
    );
    expect(told.ranked[0]!.tco).to.equal(plain.tco);
  });
});
