import { expect } from 'chai';
import fc from 'fast-check';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { PoolSignal } from '../../../src/decision/knowledge.ts';
import type { Market } from './known-market.ts';
import { knownMarket, modelRisk, now, pod, scaleUp } from './known-market.ts';

const minutes = 60_000;

function signal(kind: PoolSignal['kind'], heat: number, expiresAtMs = now + minutes): PoolSignal {
  return { kind, heat, atMs: now - minutes, expiresAtMs };
}

const base: Market = {
  prices: {
    'c5.large@ap-south-1a': { spotPerHour: 0.03, onDemandPerHour: 0.085 },
    'c5.large@ap-south-1b': { spotPerHour: 0.035, onDemandPerHour: 0.085 },
    'c5.large@ap-south-1c': { spotPerHour: 0.04, onDemandPerHour: 0.085 },
  },
  risk: { 'c5.large': modelRisk(0.1, 0.01) },
};

const group = (zone: string, capacityType: 'SPOT' | 'ON_DEMAND' = 'SPOT') =>
  ({ type: 'c5.large', zone: `ap-south-1${zone}`, capacityType, nodeCount: 2, pods: [0] }) as const;
const groups = { a: group('a'), b: group('b'), c: group('c'), od: group('a', 'ON_DEMAND') };
const pods = [pod(3000, 6)];

function decide(market: Market, shown: Parameters<typeof scaleUp>[0] = groups, policy = defaultPolicy) {
  return decideScaleUp(scaleUp(shown, pods), knownMarket({ ...base, ...market }), policy, now);
}

describe('live signals', () => {
  it('leave the order alone when there are none', () => {
    expect(decide({}).ranked.map(({ id }) => id)).to.deep.equal(['a', 'b', 'c', 'od']);
  });

  it('exclude a pool with a termination notice while others exist', () => {
    const { answer, drops } = decide({ signals: { 'c5.large@ap-south-1a': signal('TERMINATION', 0.9) } });
    expect(answer).to.deep.equal(['b']);
    expect(drops).to.have.length(1);
    expect(drops[0]).to.deep.include({ id: 'a', layer: 'reactive', reason: 'hot-pool' });
    expect(drops[0]?.sentence).to.contain('termination notice');
  });

  it('never touch on-demand nodes of the same type and zone', () => {
    const { answer } = decide(
      { signals: { 'c5.large': signal('TERMINATION', 1) } },
      { a: groups.a, od: groups.od },
    );
    expect(answer).to.deep.equal(['od']);
  });

  it('discount a pool with a rebalance recommendation by its heat', () => {
    const order = (heat: number) =>
      decide({ signals: { 'c5.large@ap-south-1a': signal('REBALANCE', heat) } }).ranked.map(({ id }) => id);
    expect(order(0.01)).to.deep.equal(['a', 'b', 'c', 'od']);
    expect(order(0.3)).to.deep.equal(['b', 'c', 'a', 'od']);
    expect(order(0.9)).to.deep.equal(['b', 'c', 'od', 'a']);
    expect(order(1)).to.deep.equal(['b', 'c', 'od', 'a']);
  });

  it('are over at their end, even if nobody has swept them', () => {
    const { ranked } = decide({ signals: { 'c5.large@ap-south-1a': signal('TERMINATION', 0.9, now) } });
    expect(ranked[0]).to.include({ id: 'a', heat: 0 });
  });

  it('are switched off by policy', () => {
    const policy = { ...defaultPolicy, switches: { ...defaultPolicy.switches, hotPools: false } };
    const { answer } = decide({ signals: { 'c5.large': signal('TERMINATION', 1) } }, groups, policy);
    expect(answer).to.deep.equal(['a']);
  });

  it('leave the least hot when everything is hot', () => {
    const spotOnly = { a: groups.a, b: groups.b, c: groups.c };
    const heats = {
      'c5.large@ap-south-1a': signal('TERMINATION', 0.9),
      'c5.large@ap-south-1b': signal('TERMINATION', 0.5),
      'c5.large@ap-south-1c': signal('TERMINATION', 0.2),
    };
    const terminating = decide({ signals: heats }, spotOnly);
    expect(terminating.answer).to.deep.equal(['c']);
    expect(terminating.drops.map(({ id }) => id)).to.deep.equal(['a', 'b']);
    const rebalancing = decide(
      {
        signals: {
          ...heats,
          'c5.large@ap-south-1b': signal('REBALANCE', 0.4),
          'c5.large@ap-south-1c': signal('REBALANCE', 0.6),
        },
      },
      spotOnly,
    );
    expect(rebalancing.ranked.map(({ id }) => id)).to.deep.equal(['b', 'c']);
    const dearButLessHot = decide(
      {
        signals: {
          'c5.large@ap-south-1a': signal('REBALANCE', 0.3),
          'c5.large@ap-south-1c': signal('REBALANCE', 0.2),
        },
      },
      { a: groups.a, c: groups.c },
    );
    expect(dearButLessHot.ranked.map(({ id }) => id)).to.deep.equal(['c', 'a']);
  });

  it('outrank the model: a hot pool that the model calls safe loses to a cold one that it calls risky', () => {
    const { answer } = decide({
      signals: { 'c5.large@ap-south-1a': signal('TERMINATION', 1) },
      risk: { 'c5.large@ap-south-1a': modelRisk(0), 'c5.large': modelRisk(0.8, 0.5) },
    });
    expect(answer).to.not.include('a');
  });

  it('end a group over several pools only when all of its pools end, and discount it else', () => {
    const wide = {
      instanceTypes: ['c5.large'],
      zones: ['ap-south-1a', 'ap-south-1b'],
      capacityType: 'spot',
      onDemandShare: 0,
      source: 'configuration',
    } as const;
    const shown = { wide: groups.a, c: groups.c };
    const one = decide(
      { groups: { wide }, signals: { 'c5.large@ap-south-1a': signal('TERMINATION', 0.8) } },
      shown,
    );
    expect(one.ranked.find(({ id }) => id === 'wide')?.heat).to.be.closeTo(0.5 * 0.4 + 0.5 * 0.8, 1e-12);
    const both = decide(
      {
        groups: { wide },
        signals: {
          'c5.large@ap-south-1a': signal('TERMINATION', 0.8),
          'c5.large@ap-south-1b': signal('TERMINATION', 0.1),
        },
      },
      shown,
    );
    expect(both.drops.map(({ id }) => id)).to.deep.equal(['wide']);
  });

  it('heat a mixed group by its Spot share only', () => {
    const mixed = {
      instanceTypes: ['c5.large'],
      zones: ['ap-south-1a'],
      capacityType: 'spot',
      onDemandShare: 0.25,
      source: 'configuration',
    } as const;
    const { ranked } = decide(
      { groups: { mixed }, signals: { 'c5.large@ap-south-1a': signal('REBALANCE', 0.8) } },
      { mixed: groups.a, c: groups.c },
    );
    expect(ranked.find(({ id }) => id === 'mixed')?.heat).to.be.closeTo(0.6, 1e-12);
  });

  it('never empty an answer, whatever is hot', () => {
    const heat = fc.option(
      fc.record({
        kind: fc.constantFrom('REBALANCE', 'TERMINATION'),
        heat: fc.double({ min: 0, max: 1, noNaN: true }),
        atMs: fc.constant(now),
        expiresAtMs: fc.constant(now + 1),
      } as const),
    );
    fc.assert(
      fc.property(heat, heat, heat, (a, b, c) => {
        const signals = Object.fromEntries(
          Object.entries({ a, b, c }).flatMap(([zone, one]) =>
            one === null ? [] : [[`c5.large@ap-south-1${zone}`, one]],
          ),
        );
        const { ranked, answer } = decide({ signals }, { a: groups.a, b: groups.b, c: groups.c });
        expect(answer).to.have.length(1);
        const given = [a, b, c];
        const allEnd = given.every((one) => one?.kind === 'TERMINATION');
        const winner = given[['a', 'b', 'c'].indexOf(ranked[0]!.id)];
        if (!allEnd) expect(winner?.kind).to.not.equal('TERMINATION');
        if (allEnd) expect(winner?.heat).to.equal(Math.min(...given.map((one) => one!.heat)));
      }),
    );
  });
});

describe("live signals beside the fleet's own record", () => {
  const terminated = { 'c5.large@ap-south-1a': signal('TERMINATION', 0.9) };
  const spotOnly = { a: groups.a, b: groups.b };

  it('keep a pool that just gave a notice where every cooler one is interrupted more often', () => {
    const hazards = { 'c5.large@ap-south-1a': 0.3, 'c5.large@ap-south-1b': 0.4 };
    const { answer, ranked, drops, reason } = decide({ signals: terminated, hazards }, spotOnly);
    expect(answer).to.deep.equal(['a']);
    expect(drops).to.deep.equal([]);
    expect(reason).to.contain('though hot: what is cooler is interrupted more often');
    expect(ranked[0]?.sentence).to.contain('the fleet expects 300 interruptions in 1,000 node-hours');
    expect(ranked[0]?.heat).to.equal(0.9);
  });

  it('drop it for one that is interrupted no more often, and name that one with both hazards', () => {
    for (const other of [0.3, 0.0002]) {
      const hazards = { 'c5.large@ap-south-1a': 0.3, 'c5.large@ap-south-1b': other };
      const { answer, drops } = decide({ signals: terminated, hazards }, spotOnly);
      expect(answer).to.deep.equal(['b']);
      expect(drops[0]).to.deep.include({ id: 'a', reason: 'hot-pool' });
      expect(drops[0]?.sentence).to.match(
        /other pools are there: b, with (300|0\.2) interruptions in 1,000 node-hours against 300 here$/,
      );
    }
  });

  it('drop it for on-demand whatever the record says, since that is never interrupted', () => {
    const hazards = { 'c5.large@ap-south-1a': 1e-6 };
    const { answer } = decide({ signals: terminated, hazards }, { a: groups.a, od: groups.od });
    expect(answer).to.deep.equal(['od']);
  });

  it('drop it where the record says nothing of the others', () => {
    const { answer } = decide({ signals: terminated, hazards: { 'c5.large@ap-south-1a': 1e-6 } }, spotOnly);
    expect(answer).to.deep.equal(['b']);
  });

  it('discount a recommendation only where something cooler is no worse', () => {
    const scores = (other: number) =>
      decide(
        {
          signals: { 'c5.large@ap-south-1a': signal('REBALANCE', 0.5) },
          hazards: { 'c5.large@ap-south-1a': 0.01, 'c5.large@ap-south-1b': other },
        },
        spotOnly,
        // The gate would object to both.
        { ...defaultPolicy, maxCrashProbability: 1 },
      ).ranked.find(({ id }) => id === 'a');
    expect(scores(0.02)?.score).to.equal(scores(0.02)?.yield);
    expect(scores(0.01)?.score).to.be.below(scores(0.01)!.yield);
  });

  it('where everything is hot the record decides, not the heat', () => {
    const signals = { ...terminated, 'c5.large@ap-south-1b': signal('TERMINATION', 0.1) };
    const hazards = { 'c5.large@ap-south-1a': 0.1, 'c5.large@ap-south-1b': 2 };
    const { ranked } = decide({ signals, hazards }, spotOnly);
    expect(ranked.map(({ id }) => id)).to.deep.equal(['a', 'b']);
  });

  it('count the hazard in the cost, whichever model tells the risk', () => {
    const hazards = { 'c5.large@ap-south-1a': 0.2, 'c5.large@ap-south-1b': 0.01 };
    expect(decide({ hazards }, spotOnly).answer).to.deep.equal(['b']);
    const policy = { ...defaultPolicy, switches: { ...defaultPolicy.switches, hotPools: false } };
    expect(decide({ hazards }, spotOnly, policy).answer).to.deep.equal(['a']);
  });

  it('hold back what is no rate: negative, infinite or not a number', () => {
    for (const broken of [-1, Number.NaN, Infinity]) {
      const hazards = { 'c5.large@ap-south-1a': 1, 'c5.large@ap-south-1b': broken };
      expect(decide({ signals: terminated, hazards }, spotOnly).answer).to.deep.equal(['b']);
    }
  });

  it('never empty an answer, whatever the record says', () => {
    const rate = fc.double({ min: 0, max: 5, noNaN: true });
    const heat = fc.record({
      kind: fc.constantFrom('REBALANCE', 'TERMINATION'),
      heat: fc.double({ min: 0, max: 1, noNaN: true }),
      atMs: fc.constant(now),
      expiresAtMs: fc.constant(now + 1),
    } as const);
    const market = fc.record({ a: heat, b: heat, c: heat });
    fc.assert(
      fc.property(market, fc.record({ a: rate, b: rate, c: rate }), (heats, rates) => {
        const keyed = <Value>(values: Readonly<Record<string, Value>>) =>
          Object.fromEntries(
            Object.entries(values).map(([zone, one]) => [`c5.large@ap-south-1${zone}`, one]),
          );
        const { answer, drops } = decide(
          { signals: keyed(heats), hazards: keyed(rates) },
          { a: groups.a, b: groups.b, c: groups.c },
        );
        expect(answer).to.have.length(1);
        // Whoever was dropped has somebody to give way to: cooler, and interrupted no more often.
        for (const { id } of drops.filter(({ reason }) => reason === 'hot-pool')) {
          const zone = id as 'a' | 'b' | 'c';
          const others = (['a', 'b', 'c'] as const).filter((one) => one !== zone);
          expect(
            others.some(
              (one) =>
                rates[one] <= rates[zone] &&
                (heats[one].kind === 'REBALANCE' || heats[one].heat < heats[zone].heat),
            ),
          ).to.equal(true);
        }
      }),
    );
  });
});

describe('a capacity class that did not deliver', () => {
  const rest = { untilMs: now + minutes, evidence: 'a is no longer offered while 3 of 3 pods wait' };

  it('ranks behind every class that does not rest, and says why', () => {
    const { ranked } = decide({ cooldowns: { 'c5.large@ap-south-1a': rest } });
    expect(ranked.map(({ id }) => id)).to.deep.equal(['b', 'c', 'a', 'od']);
    expect(ranked[2]?.sentence).to.contain(rest.evidence);
  });

  it('is still answered when nothing else is there', () => {
    const { answer, reason } = decide({ cooldowns: { 'c5.large@ap-south-1a': rest } }, { a: groups.a });
    expect(answer).to.deep.equal(['a']);
    expect(reason).to.contain('every class rests');
  });

  it('is back when its time is over', () => {
    const over = { ...rest, untilMs: now };
    expect(decide({ cooldowns: { 'c5.large@ap-south-1a': over } }).answer).to.deep.equal(['a']);
  });
});
