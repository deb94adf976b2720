import { expect } from 'chai';
import fc from 'fast-check';
import { decideScaleUp, rankPools } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { Policy } from '../../../src/decision/policy.ts';
import type { PoolPrices, RiskAssessment } from '../../../src/decision/knowledge.ts';
import type { GroupShown } from './known-market.ts';
import {
  knownMarket,
  modelRisk,
  now,
  recordRisk,
  onDemandPool,
  pod,
  scaleUp,
  spotPool,
} from './known-market.ts';

/** Everything here tries to make the score prefer what nobody would choose. */

const probability = fc.double({ min: 0, max: 0.85, noNaN: true });
const price = fc.double({ min: 0.001, max: 20, noNaN: true });
const zones = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `ap-south-1${letter}`);

interface Offer {
  readonly price: number;
  readonly probability: number;
}

const offers = fc.array(fc.record({ price, probability }), { minLength: 2, maxLength: 6 });

function zoneMarket(all: readonly Offer[], factor = 1, riskAs = modelRisk) {
  const prices: Record<string, PoolPrices> = {};
  const risk: Record<string, RiskAssessment> = {};
  all.forEach((offer, place) => {
    const key = `c5.large@${zones[place] ?? ''}`;
    prices[key] = { spotPerHour: offer.price * factor, onDemandPerHour: 25 * factor };
    risk[key] = riskAs(offer.probability);
  });
  return knownMarket({ prices, risk });
}

function zoneRanking(all: readonly Offer[], policy: Policy, factor = 1, riskAs = modelRisk) {
  const pools = all.map((_, place) => ({ pool: spotPool(`c5.large@${zones[place] ?? ''}`) }));
  return rankPools(pools, zoneMarket(all, factor, riskAs), inCurrency(policy, factor), now).ranked;
}

/** What an interrupted pod costs is in the currency of the prices. */
function inCurrency(policy: Policy, factor: number): Policy {
  return { ...policy, interruptionPrice: policy.interruptionPrice * factor };
}

function zoneGroups(count: number): Record<string, GroupShown> {
  return Object.fromEntries(
    zones
      .slice(0, count)
      .map((zone) => [zone, { type: 'c5.large', zone, capacityType: 'SPOT', nodeCount: 3, pods: [0, 1] }]),
  );
}

describe('the score under attack', () => {
  for (const [told, riskAs] of [
    ['a price model', modelRisk],
    ['the record', recordRisk],
  ] as const)
    for (const maxSafetyPremium of [0, 0.02]) {
      const policy: Policy = { ...defaultPolicy, maxSafetyPremium };
      const name = `risk by ${told}, safety worth ${maxSafetyPremium}`;

      it(`never ranks a cheaper and safer pool below (${name})`, () => {
        fc.assert(
          fc.property(offers, (all) => {
            const order = zoneRanking(all, policy, 1, riskAs).map(({ zone }) => zones.indexOf(zone));
            order.forEach((better, place) => {
              for (const worse of order.slice(place + 1)) {
                const one = all[better]!;
                const other = all[worse]!;
                const dominated =
                  other.price <= one.price &&
                  other.probability <= one.probability &&
                  (other.price < one.price || other.probability < one.probability);
                expect(dominated, `${JSON.stringify(other)} below ${JSON.stringify(one)}`).to.equal(false);
              }
            });
          }),
          { numRuns: 2000 },
        );
      });

      it(`changes no order when all prices scale, in a list or in a scale-up (${name})`, () => {
        // Powers of two scale without rounding, so that not even a tie may break.
        fc.assert(
          fc.property(offers, fc.integer({ min: -7, max: 12 }), (all, power) => {
            const factor = 2 ** power;
            const before = zoneRanking(all, policy, 1, riskAs).map(({ id }) => id);
            expect(zoneRanking(all, policy, factor, riskAs).map(({ id }) => id)).to.deep.equal(before);
            const request = scaleUp(zoneGroups(all.length), [pod(900, 1.5), pod(1900, 2)]);
            const one = decideScaleUp(request, zoneMarket(all, 1, riskAs), policy, now);
            const scaled = decideScaleUp(
              request,
              zoneMarket(all, factor, riskAs),
              inCurrency(policy, factor),
              now,
            );
            expect(scaled.ranked.map(({ id }) => id)).to.deep.equal(one.ranked.map(({ id }) => id));
          }),
          { numRuns: 700 },
        );
      });

      it(`changes no order of clear differences when prices are in another currency (${name})`, () => {
        fc.assert(
          fc.property(offers, fc.double({ min: 0.01, max: 100, noNaN: true }), (all, factor) => {
            const before = zoneRanking(all, policy, 1, riskAs);
            const after = zoneRanking(all, policy, factor, riskAs).map(({ id }) => id);
            before.slice(1).forEach((candidate, place) => {
              const ahead = before[place]!;
              if (ahead.score - candidate.score < 1e-6) return;
              expect(after.indexOf(ahead.id)).to.be.below(after.indexOf(candidate.id));
            });
          }),
          { numRuns: 700 },
        );
      });
    }

  it('gives the formula itself: 100 × (1 − TCO / on-demand equivalent) × (1 − probability)', () => {
    fc.assert(
      fc.property(offers, (all) => {
        const bounded = all.map((offer) => ({ ...offer, probability: offer.probability * 0.9 }));
        const ranked = zoneRanking(bounded, defaultPolicy, 1, recordRisk);
        // c5.large: 2 vCPU and 4 GiB, 2.4 units at 25 an hour.
        const perUnit = 25 / 2.4;
        for (const { yield: score, tco, expectedFrequency } of ranked) {
          const saved = 1 - tco / perUnit;
          const kept = 1 - Math.min(0.999, expectedFrequency);
          expect(score).to.be.closeTo(100 * (saved > 0 ? saved * kept : saved / kept), 1e-6);
        }
      }),
    );
  });

  it('lets risk decide, then the name, when all cost the same', () => {
    const same = [
      { price: 0.03, probability: 0.2 },
      { price: 0.03, probability: 0.1 },
      { price: 0.03, probability: 0.1 },
    ];
    const ranked = zoneRanking(same, defaultPolicy, 1, recordRisk);
    expect(ranked.map(({ zone }) => zone.at(-1)).join('')).to.equal('bca');
  });

  it('prefers the clearly safer of two in a near tie, and the cheaper where safety is dear', () => {
    const two = (dearer: number) => [
      { price: 10, probability: 0.3 },
      { price: dearer, probability: 0 },
    ];
    const first = (dearer: number) => zoneRanking(two(dearer), defaultPolicy, 1, recordRisk)[0]?.zone;
    expect(first(10.01)).to.equal('ap-south-1b');
    expect(first(11)).to.equal('ap-south-1a');
  });

  it('is not flattened by one absurdly dear candidate', () => {
    const two = [
      { price: 0.03, probability: 0.02 },
      { price: 0.04, probability: 0 },
    ];
    expect(zoneRanking(two, defaultPolicy)[0]?.zone).to.equal('ap-south-1a');
    expect(zoneRanking([...two, { price: 20, probability: 0 }], defaultPolicy)[0]?.zone).to.equal(
      'ap-south-1a',
    );
  });

  const twoSizes = knownMarket({
    prices: {
      'c5.large': { spotPerHour: 0.035, onDemandPerHour: 0.085 },
      'c5.2xlarge': { spotPerHour: 0.14, onDemandPerHour: 0.34 },
      'm5.large': { spotPerHour: 0.05, onDemandPerHour: 0.1 },
      'r5.large': { spotPerHour: 0.05, onDemandPerHour: 0.13 },
      'g4dn.xlarge': { spotPerHour: 0.16, onDemandPerHour: 0.58 },
      'p3.2xlarge': { spotPerHour: 1.2, onDemandPerHour: 4.2 },
    },
    risk: Object.fromEntries(
      ['c5.large', 'c5.2xlarge', 'm5.large', 'r5.large', 'g4dn.xlarge', 'p3.2xlarge'].map((type) => [
        type,
        modelRisk(0.01),
      ]),
    ),
  });
  const zone = 'ap-south-1a';
  const capacityType = 'SPOT';

  it('does not let an option win because it serves one small pod on one small node', () => {
    const pods = Array.from({ length: 16 }, () => pod(450, 0.9));
    const request = scaleUp(
      {
        one: { type: 'c5.large', zone, capacityType, nodeCount: 1, pods: [0] },
        all: { type: 'c5.2xlarge', zone, capacityType, nodeCount: 1, pods: pods.map((_, index) => index) },
      },
      pods,
    );
    expect(decideScaleUp(request, twoSizes, defaultPolicy, now).answer).to.deep.equal(['all']);
  });

  it('does not let an option win because its few pods fit perfectly by luck', () => {
    const pods = [pod(2000, 4), ...Array.from({ length: 15 }, () => pod(500, 1))];
    const request = scaleUp(
      {
        lucky: { type: 'c5.large', zone, capacityType, nodeCount: 1, pods: [0] },
        all: { type: 'c5.large', zone, capacityType, nodeCount: 5, pods: pods.map((_, index) => index) },
      },
      pods,
    );
    expect(decideScaleUp(request, twoSizes, defaultPolicy, now).answer).to.deep.equal(['all']);
  });

  it('still takes the option with fewer pods where the other is dear for what it serves', () => {
    const pods = [...Array.from({ length: 12 }, () => pod(450, 0.9)), pod(100, 12)];
    const request = scaleUp(
      {
        most: {
          type: 'c5.large',
          zone,
          capacityType,
          nodeCount: 3,
          pods: pods.map((_, index) => index).slice(0, 12),
        },
        all: { type: 'r5.large', zone, capacityType, nodeCount: 9, pods: pods.map((_, index) => index) },
      },
      pods,
    );
    expect(decideScaleUp(request, twoSizes, defaultPolicy, now).answer).to.deep.equal(['most']);
  });

  it('does not let pods that ask for nothing make an option free or endless', () => {
    const request = scaleUp({ one: { type: 'c5.large', zone, capacityType, nodeCount: 1, pods: [0, 1] } }, [
      pod(0, 0),
      pod(0, 0),
    ]);
    const [only] = decideScaleUp(request, twoSizes, defaultPolicy, now).ranked;
    // Nothing is asked for, so all room is free: as much again as the pods count for is taken as used by others, by two fifths.
    const asked = 2 * (0.1 + (200 / 1024) * 0.1);
    // Two pods, two dollars each and their hour done again at the middle on-demand price of a unit.
    const perUnit = 0.1 / 2.8;
    const interruptions = (-Math.log(0.9) / 730) * (4 + asked * perUnit);
    expect(only?.tco).to.be.closeTo((0.035 * (1 + 0.03 * 0.01) + interruptions) / (asked * 1.4), 1e-9);
  });

  it('does not let an option win because its pods could not be read', () => {
    const pods = Array.from({ length: 4 }, () => pod(900, 1.8));
    const readable = { type: 'c5.large', zone, capacityType, nodeCount: 2, pods: [0, 1, 2, 3] } as const;
    const request = scaleUp(
      { unread: { type: 'm5.large', zone, capacityType, nodeCount: 2, pods: [] }, read: readable },
      pods,
    );
    const { ranked } = decideScaleUp(request, twoSizes, defaultPolicy, now);
    expect(ranked.map(({ id }) => id)).to.deep.equal(['read', 'unread']);
  });

  it('charges a GPU node for its idle GPU when the pods want none', () => {
    const request = scaleUp(
      {
        gpu: { type: 'g4dn.xlarge', zone, capacityType, nodeCount: 1, pods: [0, 1] },
        plain: { type: 'c5.large', zone, capacityType, nodeCount: 2, pods: [0, 1] },
      },
      [pod(1800, 3), pod(1800, 3)],
    );
    const { ranked } = decideScaleUp(request, twoSizes, defaultPolicy, now);
    expect(ranked.map(({ id }) => id)).to.deep.equal(['plain', 'gpu']);
    expect(ranked[1]!.wastePerHour).to.be.above(ranked[1]!.pricePerHour * 0.7);
  });

  it('knows the GPUs of a type whose template was made before the driver ran', () => {
    const size = { cpuMilli: 3920, memoryBytes: 15 * 2 ** 30, gpus: 0 };
    const request = scaleUp(
      { gpu: { type: 'g4dn.xlarge', zone, capacityType, nodeCount: 1, pods: [0], size } },
      [pod(3900, 14.9)],
    );
    const [only] = decideScaleUp(request, twoSizes, defaultPolicy, now).ranked;
    expect(only!.wastePerHour / only!.pricePerHour).to.be.within(0.7, 0.8);
  });

  it('chooses among GPU nodes by what a GPU costs', () => {
    const pods = [pod(3000, 10, { gpus: 1 })];
    const request = scaleUp(
      {
        v100: { type: 'p3.2xlarge', zone, capacityType, nodeCount: 1, pods: [0] },
        t4: { type: 'g4dn.xlarge', zone, capacityType, nodeCount: 1, pods: [0] },
      },
      pods,
    );
    expect(decideScaleUp(request, twoSizes, defaultPolicy, now).answer).to.deep.equal(['t4']);
  });

  it('does not take a Windows node for the price of a Linux one, nor its risk from a Linux model', () => {
    const labels = { 'kubernetes.io/os': 'windows' };
    const request = scaleUp(
      {
        windows: { type: 'c5.large', zone, capacityType, nodeCount: 1, pods: [0], labels },
        linux: { type: 'm5.large', zone, capacityType, nodeCount: 1, pods: [0] },
      },
      [pod(1900, 3)],
    );
    const { answer, ranked } = decideScaleUp(request, twoSizes, defaultPolicy, now);
    expect(answer).to.deep.equal(['linux']);
    expect(ranked[1]).to.include({ priceSource: 'assumed', riskSource: 'none' });
    expect(ranked[1]?.pricePerHour).to.be.closeTo(0.035 + 0.95 * 0.085, 1e-12);
  });

  it('gives capacity of unknown type neither the Spot price nor on-demand safety', () => {
    const { ranked } = decideScaleUp(
      scaleUp({ plain: { type: 'c5.large', zone, nodeCount: 1, pods: [0] } }, [pod(1900, 3)]),
      twoSizes,
      defaultPolicy,
      now,
    );
    expect(ranked[0]).to.include({
      capacityType: 'unknown',
      pricePerHour: 0.085,
      crashProbability: 0.01,
      riskSource: 'family-stress',
    });
  });

  it('prefers on-demand to Spot where Spot saves nothing', () => {
    const prices = { 'c5.large': { spotPerHour: 0.085, onDemandPerHour: 0.085 } };
    const risk = { 'c5.large': modelRisk(0.01) };
    const { ranked } = rankPools(
      [{ pool: spotPool(`c5.large@${zone}`) }, { pool: onDemandPool(`c5.large@${zone}`) }],
      knownMarket({ prices, risk }),
      defaultPolicy,
      now,
    );
    expect(ranked.map(({ capacityType: type }) => type)).to.deep.equal(['on-demand', 'spot']);
  });

  it('cannot be bought by preferences when the saving is larger than their weight', () => {
    const term = { weight: 100, requirements: [{ key: 'kind', operator: 'In', values: ['dear'] }] } as const;
    const pods = [pod(1900, 3, { preferredNodeTerms: [term] })];
    const request = (dear: string) =>
      scaleUp(
        {
          dear: { type: dear, zone, capacityType, nodeCount: 1, pods: [0], labels: { kind: 'dear' } },
          cheap: { type: 'c5.large', zone, capacityType, nodeCount: 1, pods: [0], labels: { kind: 'cheap' } },
        },
        pods,
      );
    expect(decideScaleUp(request('g4dn.xlarge'), twoSizes, defaultPolicy, now).answer).to.deep.equal([
      'cheap',
    ]);
    const slightlyDearer = knownMarket({
      prices: {
        'c5.large': { spotPerHour: 0.035, onDemandPerHour: 0.085 },
        'm5.large': { spotPerHour: 0.036, onDemandPerHour: 0.085 },
      },
      risk: { 'c5.large': modelRisk(0.01), 'm5.large': modelRisk(0.01) },
    });
    expect(decideScaleUp(request('m5.large'), slightlyDearer, defaultPolicy, now).answer).to.deep.equal([
      'dear',
    ]);
    const deaf = { ...defaultPolicy, affinityWeight: 0 };
    expect(decideScaleUp(request('m5.large'), slightlyDearer, deaf, now).answer).to.deep.equal(['cheap']);
  });

  it('cannot be turned by the order or the names beyond a tie', () => {
    const request = scaleUp(zoneGroups(3), [pod(900, 1.5), pod(1900, 2)]);
    const equal = zoneMarket([1, 2, 3].map(() => ({ price: 0.03, probability: 0.1 })));
    expect(decideScaleUp(request, equal, defaultPolicy, now).answer).to.deep.equal(['ap-south-1a']);
    const reversed = { ...request, options: request.options.toReversed() };
    expect(decideScaleUp(reversed, equal, defaultPolicy, now).answer).to.deep.equal(['ap-south-1a']);
    const tolerant = { ...defaultPolicy, equalSetTolerance: 0.5 };
    expect(decideScaleUp(request, equal, tolerant, now).answer).to.have.length(3);
  });
});
