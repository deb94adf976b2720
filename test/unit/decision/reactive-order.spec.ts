import { expect } from 'chai';
import type { Ranked } from '../../../src/decision/decision-context.ts';
import type { CapacityCooldown, PoolSignal } from '../../../src/decision/knowledge.ts';
import { defaultPolicy, type Policy } from '../../../src/decision/policy.ts';
import { isKnownWorse, withReactiveOverride } from '../../../src/decision/reactive.ts';
import { knownMarket, now, spotPool, type Market } from './known-market.ts';
import { oneRanked } from './one-candidate.ts';

const policy: Policy = { ...defaultPolicy, hotPenalty: 60, worstPoolWeight: 0.5 };
const signal = (heat: number, kind: PoolSignal['kind'] = 'REBALANCE'): PoolSignal => ({
  ...{ kind, atMs: now, expiresAtMs: now + 1, heat },
});
const rest = (untilMs: number): CapacityCooldown => ({ untilMs, evidence: `${untilMs}` });
/** A candidate in the pool of its own id. */
const inPool = (id: string, part: Partial<Ranked> = {}) =>
  oneRanked({ id, pools: [spotPool(`${id}.large@z`)], ...part });

function layer(
  candidates: readonly Ranked[],
  market: Market = {},
  own: Policy = policy,
  more: { onDemandFirst?: string } = {},
) {
  return withReactiveOverride({ candidates, drops: [] }, { ...knownMarket(market), ...more }, own);
}
const order = (...args: Parameters<typeof layer>) => layer(...args).candidates.map(({ id }) => id);
const first = (...args: Parameters<typeof layer>) => layer(...args).candidates[0];

describe('what candidates feel of what happens now', () => {
  const two = { pools: [spotPool('a.large@z'), spotPool('b.large@z')] };

  it('is the heat of its pools, the mean drawn to the hottest, of its Spot share', () => {
    const signals = { 'a.large': signal(0.2), 'b.large': signal(0.6) };
    expect(first([oneRanked(two)], { signals })?.heat).to.be.closeTo(0.5, 1e-12);
    expect(first([oneRanked({ ...two, onDemandShare: 0.5 })], { signals })?.heat).to.be.closeTo(0.25, 1e-12);
    expect(first([oneRanked(two)], { signals: { 'b.large': signal(0.6) } })?.heat).to.be.closeTo(0.45, 1e-12);
  });

  it('is told by the hottest signal', () => {
    const signals = { 'a.large': signal(0.2), 'b.large': signal(0.6) };
    expect(first([oneRanked(two)], { signals })?.signal).to.deep.equal(signal(0.6));
    const turned = { pools: two.pools.toReversed() };
    expect(first([oneRanked(turned)], { signals })?.signal).to.deep.equal(signal(0.6));
    expect(first([oneRanked(two)])?.signal).to.equal(undefined);
  });

  it('is nothing for on-demand, and where live signals are switched off', () => {
    const signals = { 'a.large': signal(1) };
    const off = { ...policy, switches: { ...policy.switches, hotPools: false } };
    expect(first([inPool('a', { capacityType: 'on-demand' })], { signals })?.heat).to.equal(0);
    expect(first([inPool('a')], { signals }, off)?.heat).to.equal(0);
  });

  it('is an end only where every pool gave a termination notice', () => {
    const ends = (...signals: readonly (PoolSignal | undefined)[]) =>
      first([oneRanked(two)], {
        signals: Object.fromEntries(
          signals.flatMap((each, index) =>
            each === undefined ? [] : [[`${'ab'[index] ?? ''}.large`, each]],
          ),
        ),
      })?.ends;
    expect(ends(signal(1, 'TERMINATION'), signal(1, 'TERMINATION'))).to.equal(true);
    expect(ends(signal(1, 'TERMINATION'), signal(1))).to.equal(false);
    expect(ends(signal(1, 'TERMINATION'))).to.equal(false);
    expect(first([oneRanked({ pools: [] })])?.ends).to.equal(false);
  });

  it('is a rest only where every pool rests, until the first is back', () => {
    const cooldown = (cooldowns: Market['cooldowns'], own = policy) =>
      first([oneRanked(two)], { ...(cooldowns !== undefined && { cooldowns }) }, own)?.cooldown?.untilMs;
    expect(cooldown({ 'a.large': rest(5), 'b.large': rest(3) })).to.equal(3);
    expect(cooldown({ 'a.large': rest(3), 'b.large': rest(5) })).to.equal(3);
    expect(cooldown({ 'a.large': rest(3) })).to.equal(undefined);
    const off = { ...policy, switches: { ...policy.switches, capacityCooldown: false } };
    expect(cooldown({ 'a.large': rest(5), 'b.large': rest(3) }, off)).to.equal(undefined);
    expect(first([oneRanked({ pools: [] })])?.cooldown).to.equal(undefined);
  });
});

describe('the order', () => {
  const cases: readonly (readonly [story: string, ahead: Partial<Ranked>, behind: Partial<Ranked>])[] = [
    ['goes by score', { score: 51 }, { score: 50, risk: { ...oneRanked().risk, crashProbability: 0 } }],
    [
      'of equal scores by the crash probability',
      {},
      { risk: { ...oneRanked().risk, crashProbability: 0.5, expectedFrequency: 0 } },
    ],
    [
      'then by the expected frequency',
      {},
      { risk: { ...oneRanked().risk, expectedFrequency: 0.03 }, tco: 0.01 },
    ],
    ['then by the cost', {}, { tco: 0.03, price: { perHour: 0.01, source: 'spot' } }],
    ['then by the price of all nodes', {}, { price: { perHour: 0.02, source: 'spot' }, nodeCount: 2 }],
    [
      'puts the operator’s rank before the score',
      { wishes: { rank: 1 } },
      { wishes: { rank: 2 }, score: 99 },
    ],
  ];
  for (const [story, ahead, behind] of cases)
    it(story, () => {
      const [one, other] = [inPool('z', ahead), inPool('y', behind)];
      expect(order([one, other])).to.deep.equal(['z', 'y']);
      expect(order([other, one])).to.deep.equal(['z', 'y']);
    });

  it('ends with the names', () => {
    expect(order([inPool('b'), inPool('a'), inPool('c')])).to.deep.equal(['a', 'b', 'c']);
  });

  it('of a tie goes to where the fleet has the fewest nodes: of the pool, then of the zone', () => {
    const nodes = (pool: string, count: number, zone = 'z') => ({
      ...{ instanceType: `${pool}.large`, zone, capacityType: 'spot' as const },
      ...{ nodeGroupId: undefined, vcpus: 2, nodes: count },
    });
    expect(order([inPool('a'), inPool('b')], { fleet: [nodes('a', 2), nodes('b', 1)] })).to.deep.equal([
      'b',
      'a',
    ]);
    const other = inPool('b', { pools: [spotPool('b.large@y')] });
    expect(order([inPool('a'), other], { fleet: [nodes('x', 9), nodes('x', 8, 'y')] })).to.deep.equal([
      'b',
      'a',
    ]);
    expect(first([inPool('a')])?.nodesThere).to.equal(0);
  });

  it('puts what rests behind what does not, before rank and score', () => {
    const cooldowns = { 'a.large': rest(now + 1) };
    expect(
      order([inPool('a', { score: 99, wishes: { rank: 1 } }), inPool('b')], { cooldowns }),
    ).to.deep.equal(['b', 'a']);
  });

  it('puts on-demand before Spot, resting or not, where pods were served with Spot in vain', () => {
    const onDemand = inPool('o', { capacityType: 'on-demand', score: 1 });
    const cooldowns = { 'o.large': rest(now + 1) };
    const candidates = [inPool('a', { score: 99 }), onDemand];
    expect(order(candidates, { cooldowns }, policy, { onDemandFirst: 'three failed' })).to.deep.equal([
      'o',
      'a',
    ]);
    expect(order(candidates)).to.deep.equal(['a', 'o']);
    const off = { ...policy, switches: { ...policy.switches, capacityCooldown: false } };
    expect(order(candidates, {}, off, { onDemandFirst: 'three failed' })).to.deep.equal(['a', 'o']);
  });
});

describe('heat', () => {
  it('takes its share of the score and of the penalty: half of 50, less 30', () => {
    const [cold, hot] = layer([inPool('a'), inPool('b')], { signals: { 'a.large': signal(0.5) } }).candidates;
    expect([cold?.id, cold?.score]).to.deep.equal(['b', 50]);
    expect([hot?.id, hot?.score, hot?.scoreUnfiltered]).to.deep.equal(['a', 25 - 30, 25 - 30]);
  });

  it('makes a score below nothing no smaller by its share', () => {
    const [, hot] = layer([inPool('a', { score: -10, scoreUnfiltered: -10 }), inPool('b')], {
      signals: { 'a.large': signal(0.5) },
    }).candidates;
    expect(hot?.score).to.equal(-40);
  });

  it('decides before the score where all are hot and no record tells them apart', () => {
    const signals = { 'a.large': signal(0.5), 'b.large': signal(0.4) };
    expect(order([inPool('a', { score: 200 }), inPool('b', { score: 10 })], { signals })).to.deep.equal([
      'b',
      'a',
    ]);
    expect(
      order([inPool('a', { score: 200, fleetHazard: 0 }), inPool('b', { score: 10 })], { signals })[0],
    ).to.equal('a');
  });

  it('costs nothing where the fleet itself met more interruptions in all that is cooler', () => {
    const signals = { 'a.large': signal(0.5) };
    const hot = inPool('a', { fleetHazard: 0.01 });
    expect(order([hot, inPool('b', { fleetHazard: 0.02, score: 49 })], { signals })).to.deep.equal([
      'a',
      'b',
    ]);
    expect(order([hot, inPool('b', { fleetHazard: 0.01, score: 49 })], { signals })).to.deep.equal([
      'b',
      'a',
    ]);
  });
});

describe('a pool that ends', () => {
  const signals = { 'a.large': signal(1, 'TERMINATION') };

  it('is dropped where others are there', () => {
    const { candidates, drops } = layer([inPool('a'), inPool('b', { score: 1 })], { signals });
    expect(candidates.map(({ id }) => id)).to.deep.equal(['b']);
    expect(drops.map(({ id, reason, sentence }) => [id, reason, sentence])).to.deep.equal([
      ['a', 'hot-pool', 'a node of this pool got a termination notice, and other pools are there'],
    ]);
  });

  it('is dropped for one that ends too but is less hot, and stays as the least hot of all', () => {
    const both = { 'a.large': signal(0.9, 'TERMINATION'), 'b.large': signal(0.7, 'TERMINATION') };
    const { candidates, drops } = layer([inPool('a'), inPool('b')], { signals: both });
    expect(candidates.map(({ id }) => id)).to.deep.equal(['b']);
    expect(drops[0]?.sentence).to.equal(
      'a node of this pool got a termination notice, heat 0.90; another is less hot',
    );
  });

  it('is hotter than any recommendation', () => {
    const both = { 'a.large': signal(0.1, 'TERMINATION'), 'b.large': signal(0.9) };
    expect(order([inPool('a'), inPool('b')], { signals: both })).to.deep.equal(['b']);
  });

  it('stays where it is alone, and where the fleet met more interruptions elsewhere', () => {
    expect(order([inPool('a')], { signals })).to.deep.equal(['a']);
    const candidates = [inPool('a', { fleetHazard: 0.01 }), inPool('b', { fleetHazard: 0.02 })];
    expect(layer(candidates, { signals }).drops).to.deep.equal([]);
  });

  it('is dropped with both records told where both are known', () => {
    const { drops } = layer([inPool('a', { fleetHazard: 0.02 }), inPool('b', { fleetHazard: 0.002 })], {
      signals,
    });
    expect(drops[0]?.sentence).to.equal(
      'a node of this pool got a termination notice, and other pools are there: b, with 2 interruptions in 1,000 node-hours against 20 here',
    );
  });

  it('is known to be worse only by two records', () => {
    const hazard = (fleetHazard: number | undefined) => oneRanked({ fleetHazard });
    expect(isKnownWorse(hazard(0.2), hazard(0.1))).to.equal(true);
    expect(isKnownWorse(hazard(0.1), hazard(0.1))).to.equal(false);
    expect(isKnownWorse(hazard(undefined), hazard(0.1))).to.equal(false);
    expect(isKnownWorse(hazard(0.2), hazard(undefined))).to.equal(false);
  });
});
