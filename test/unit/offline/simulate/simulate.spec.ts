import { expect } from 'chai';
import fc from 'fast-check';
import type { InstanceTypeFacts } from '../../../../src/decision/knowledge.ts';
import type { PriceSeries } from '../../../../src/learning/price-series.ts';
import {
  cheapestNowExpander,
  leastWasteExpander,
  priceExpander,
  priorityExpander,
  randomExpander,
} from '../../../../src/offline/simulate/built-in-expanders.ts';
import { clusterRun } from '../../../../src/offline/simulate/cluster-run.ts';
import type { SimulationSettings } from '../../../../src/offline/simulate/simulation-settings.ts';
import { comparison } from '../../../../src/offline/simulate/comparison.ts';
import { demandOf, generatedDemand } from '../../../../src/offline/simulate/demand.ts';
import { EventQueue } from '../../../../src/offline/simulate/event-queue.ts';
import { intervalOf } from '../../../../src/offline/simulate/interval.ts';
import { spreadingText } from '../../../../src/offline/simulate/pooled-text.ts';
import { poolPriceBook } from '../../../../src/offline/simulate/price-book.ts';
import { seedRuns } from '../../../../src/offline/simulate/region-trial.ts';
import {
  packed,
  type SimulatedOption,
  type Situation,
} from '../../../../src/offline/simulate/scale-up-situation.ts';
import { longestLasting } from '../../../../src/offline/simulate/foresight.ts';
import { groupsOf } from '../../../../src/offline/simulate/simulated-group.ts';
import { traceRun } from '../../../../src/offline/simulate/trace-run.ts';
import { traceTrial } from '../../../../src/offline/simulate/trace-trial.ts';
import { defaultPolicy } from '../../../../src/decision/policy.ts';
import { runOutcome } from './run-outcomes.ts';

const hourMs = 3_600_000;
const t0 = Date.parse('2023-11-01T00:00:00Z');

function series(
  instanceType: string,
  zone: string,
  points: readonly (readonly [hours: number, price: number])[],
): PriceSeries {
  return {
    region: 'ap-south-1',
    zone,
    instanceType,
    atMs: Float64Array.from(points, ([hours]) => t0 + hours * hourMs),
    pricePerHour: Float64Array.from(points, ([, price]) => price),
  };
}

function facts(instanceType: string, vcpu: number, memoryGib: number): InstanceTypeFacts {
  return {
    instanceType,
    vcpu,
    memoryGib,
    gpus: 0,
    architecture: 'x86_64',
    family: instanceType.split('.')[0] ?? '',
  };
}

function option(
  id: string,
  vcpu: number,
  memoryGib: number,
  nodeCount: number,
  pricePerHour: number,
): SimulatedOption {
  return {
    group: { id, instanceType: `c5.${id}`, zone: 'a', capacityType: 'spot', priority: undefined },
    facts: facts(`c5.${id}`, vcpu, memoryGib),
    nodeCount,
    pods: [0],
    cpuMilli: 3000,
    memoryMib: 4096,
    pricePerHour,
  };
}

function situation(options: readonly SimulatedOption[], chance = 0.5): Situation {
  return {
    nowMs: t0,
    options,
    waiting: [{ id: 0, cpuMilli: 3000, memoryMib: 4096 }],
    clusterNodes: 3,
    fleet: [],
    chance: () => chance,
  };
}

describe('the price of the past', () => {
  const book = poolPriceBook(
    series('c5.large', 'a', [
      [0, 0.1],
      [10, 0.2],
      [20, NaN],
      [30, 0.4],
    ]),
  );

  it('is the one in force, none before the first and while the pool is absent', () => {
    expect(book.priceAt(t0 - 1)).to.be.NaN;
    expect(book.priceAt(t0 + 5 * hourMs)).to.equal(0.1);
    expect(book.priceAt(t0 + 10 * hourMs)).to.equal(0.2);
    expect(book.priceAt(t0 + 25 * hourMs)).to.be.NaN;
  });

  it('adds up over changes; nodes of an absent pool go on at its last price', () => {
    expect(book.costBetween(t0 + 5 * hourMs, t0 + 15 * hourMs)).to.be.closeTo(5 * 0.1 + 5 * 0.2, 1e-9);
    expect(book.costBetween(t0 + 15 * hourMs, t0 + 35 * hourMs)).to.be.closeTo(15 * 0.2 + 5 * 0.4, 1e-9);
  });

  it('tells rises within a time, the threshold itself among them', () => {
    expect(book.risesAfter(t0, 10 * hourMs, 1)).to.equal(true);
    expect(book.risesAfter(t0, 9.9 * hourMs, 0.03)).to.equal(false);
    expect(book.risesAfter(t0, 12 * hourMs, 1.01)).to.equal(false);
  });
});

describe('the expanders to compare with', () => {
  it('least-waste takes what leaves the least idle of cores and memory', () => {
    const best = leastWasteExpander().choose(
      situation([option('large', 4, 16, 1, 1), option('fitting', 4, 5, 1, 9), option('many', 2, 4, 3, 1)]),
    );
    expect(best.group.id).to.equal('fitting');
  });

  it('price weighs the price of nodes against that of pods and likes nodes of the cluster’s size', () => {
    const expander = priceExpander();
    expect(
      expander.choose(situation([option('dear', 2, 8, 2, 0.2), option('cheap', 2, 8, 2, 0.1)])).group.id,
    ).to.equal('cheap');
    // Three nodes prefer two cores: 16 cores are eight times off, which a price of half does not make good.
    expect(
      expander.choose(situation([option('huge', 16, 64, 1, 0.1), option('small', 2, 8, 2, 0.1)])).group.id,
    ).to.equal('small');
  });

  it('priority takes the highest', () => {
    const best = priorityExpander((id) => (id === 'b' ? 10 : 1)).choose(
      situation([option('a', 2, 4, 1, 1), option('b', 2, 4, 1, 9)]),
    );
    expect(best.group.id).to.equal('b');
  });

  it('cheapest-now takes the lowest price for a core that is asked for', () => {
    const best = cheapestNowExpander().choose(
      situation([option('one', 4, 8, 1, 0.11), option('two', 2, 4, 2, 0.05)]),
    );
    expect(best.group.id).to.equal('two');
  });

  it('random takes each of them', () => {
    const options = [option('a', 2, 4, 1, 1), option('b', 2, 4, 1, 1)];
    const taken = [0, 0.49, 0.5, 0.99].map(
      (chance) => randomExpander().choose(situation(options, chance)).group.id,
    );
    expect(taken).to.deep.equal(['a', 'a', 'b', 'b']);
  });

  it('equal ones are drawn from', () => {
    const options = [option('a', 2, 4, 1, 0.1), option('b', 2, 4, 1, 0.1)];
    expect(cheapestNowExpander().choose(situation(options, 0.9)).group.id).to.equal('b');
  });
});

describe('packing', () => {
  it('never overfills a node and leaves out only pods that fit none', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            cpuMilli: fc.integer({ min: 50, max: 6000 }),
            memoryMib: fc.integer({ min: 50, max: 20_000 }),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        (shapes) => {
          const waiting = shapes.map((shape, id) => ({ id, ...shape }));
          const { pods, nodeOf, nodeCount } = packed(waiting, facts('m5.xlarge', 4, 16));
          const used = Array.from({ length: nodeCount }, () => ({ cpu: 0, memory: 0 }));
          pods.forEach((index, at) => {
            const node = used[nodeOf[at]!]!;
            node.cpu += waiting[index]!.cpuMilli;
            node.memory += waiting[index]!.memoryMib;
          });
          for (const node of used) {
            expect(node.cpu).to.be.greaterThan(0).and.at.most(3900);
            expect(node.memory).to.be.at.most(Math.floor(16 * 1024 * 0.93 - 512));
          }
          const fitting = waiting.filter(
            ({ cpuMilli, memoryMib }) => cpuMilli <= 3900 && memoryMib <= 16 * 1024 * 0.93 - 513,
          );
          expect(pods.length).to.be.at.least(fitting.length);
        },
      ),
    );
  });
});

describe('a simulated cluster', () => {
  const settings = (overrides: Partial<SimulationSettings> = {}): SimulationSettings => ({
    groups: [
      {
        group: { id: 'a', instanceType: 'm5.xlarge', zone: 'a', capacityType: 'spot', priority: undefined },
        facts: facts('m5.xlarge', 4, 16),
        book: poolPriceBook(series('m5.xlarge', 'a', [[-100, 0.1]])),
        hazardPerHour: 0,
      },
    ],
    batches: [{ atMs: t0, pods: 3, cpuMilli: 1000, memoryMib: 1000, hours: 5 }],
    toMs: t0 + 100 * hourMs,
    seed: 1,
    bursts: { together: 0, least: 0.5, most: 0.9 },
    interruptions: 'drawn',
    disturbance: { perPod: 0.2, atOnce: 5 },
    lostWorkMs: hourMs,
    scaleDown: 'empty',
    spike: { withinMs: 12 * hourMs, rise: 0.03 },
    ...overrides,
  });

  it('pays a node from its launch until ten minutes after its last pod', () => {
    const outcome = clusterRun(settings(), randomExpander());
    expect(outcome).to.include({ launches: 1, interruptions: 0, unplaceable: 0, decisions: 1 });
    expect(outcome.nodeHours).to.be.closeTo(5 + 1 / 6, 1e-9);
    expect(outcome.nodesCost).to.be.closeTo((5 + 1 / 6) * 0.1, 1e-9);
    expect(outcome.usefulVcpuHours).to.be.closeTo(15, 1e-9);
  });

  it('fills what is free before it asks', () => {
    const batches = [0, 1].map((hours) => ({
      atMs: t0 + hours * hourMs,
      pods: 1,
      cpuMilli: 1000,
      memoryMib: 1000,
      hours: 5,
    }));
    expect(clusterRun(settings({ batches }), randomExpander())).to.include({ launches: 1, decisions: 1 });
  });

  it('serves all work however often nodes are interrupted, and counts lost work as no use', () => {
    const plain = settings();
    const stormy = settings({
      groups: plain.groups.map((group) => ({ ...group, hazardPerHour: 0.5 })),
      toMs: t0 + 2000 * hourMs,
    });
    for (let seed = 1; seed <= 20; seed += 1) {
      const outcome = clusterRun({ ...stormy, seed }, randomExpander());
      expect(outcome.usefulVcpuHours).to.be.closeTo(15, 1e-6);
      if (outcome.interruptions > 0) expect(outcome.nodeHours).to.be.greaterThan(5);
    }
  });

  it('moves the pods of a node that is less than half used for ten minutes', () => {
    const batches = [
      { atMs: t0, pods: 3, cpuMilli: 1000, memoryMib: 1000, hours: 1 },
      { atMs: t0 + 60_000, pods: 1, cpuMilli: 1500, memoryMib: 1000, hours: 5 },
      { atMs: t0 + 120_000, pods: 1, cpuMilli: 1500, memoryMib: 1000, hours: 1 },
      { atMs: t0 + 180_000, pods: 1, cpuMilli: 1500, memoryMib: 1000, hours: 5 },
    ];
    const empty = clusterRun(settings({ batches }), randomExpander());
    const underused = clusterRun(
      settings({ batches, scaleDown: 'underused', lostWorkMs: 0 }),
      randomExpander(),
    );
    // 3.9 cores a node: the second holds the first two of 1.5, the third of them has a node of its own until one ends.
    expect(empty.launches).to.equal(3);
    expect(empty.nodeHours).to.be.greaterThan(5 + 5);
    expect(underused.nodeHours).to.be.closeTo(
      1 + 1 / 6 + (5 + 1 / 6 + 1 / 60 + 2 / 60) + 62 / 60 + 10 / 60 - 3 / 60,
      0.1,
    );
    expect(underused.usefulVcpuHours).to.be.closeTo(empty.usefulVcpuHours, 1e-9);
  });

  it('keeps a node’s hazard whether pools take nodes one by one or together, and what is expected is what is drawn', () => {
    const [group] = settings().groups;
    const calm = settings({
      groups: [{ ...group!, hazardPerHour: 0.002 }],
      batches: Array.from({ length: 40 }, (_, day) => ({
        atMs: t0 + day * 24 * hourMs,
        pods: 12,
        cpuMilli: 1000,
        memoryMib: 1000,
        hours: 22,
      })),
      toMs: t0 + 41 * 24 * hourMs,
      lostWorkMs: 0,
    });
    for (const together of [0, 0.75]) {
      const bursts = { together, least: 0.5, most: 0.9 };
      const expected = clusterRun({ ...calm, bursts, interruptions: 'expected' }, randomExpander());
      // Four nodes of three pods, 22 hours a day for 40 days.
      expect(expected.disturbedPods).to.be.closeTo(0.002 * 12 * 22 * 40, 0.01);
      let pods = 0;
      let largest = 0;
      const seeds = 60;
      for (let seed = 1; seed <= seeds; seed += 1) {
        const drawn = clusterRun({ ...calm, bursts, seed }, randomExpander());
        pods += drawn.disturbedPods / seeds;
        largest += drawn.largestLoss / seeds;
      }
      expect(pods / expected.disturbedPods, `${together}`).to.be.within(0.85, 1.15);
      expect(largest / expected.largestLoss, `${together}`).to.be.within(0.8, 1.25);
    }
  });

  it('counts pods that no group can take', () => {
    const batches = [{ atMs: t0, pods: 2, cpuMilli: 64_000, memoryMib: 1000, hours: 1 }];
    expect(clusterRun(settings({ batches }), randomExpander())).to.include({ unplaceable: 2, launches: 0 });
  });

  it('offers no group whose pool is absent', () => {
    const [group] = settings().groups;
    const absent = {
      ...group!,
      book: poolPriceBook(
        series('m5.xlarge', 'a', [
          [-100, 0.1],
          [-1, NaN],
        ]),
      ),
    };
    expect(clusterRun(settings({ groups: [absent] }), randomExpander())).to.include({ unplaceable: 3 });
  });
});

describe('a trial', () => {
  const types = new Map(
    ['m5.large', 'm5.xlarge'].map((type, index) => [type, facts(type, 2 << index, 8 << index)]),
  );
  const all = ['m5.large', 'm5.xlarge'].flatMap((type, index) =>
    ['a', 'b'].map((zone, at) => series(type, zone, [[0, 0.04 * (1 + index) * (1 + at / 10)]])),
  );
  const plan = {
    region: 'ap-south-1',
    series: all,
    groups: all.map(({ instanceType, zone }) => ({
      id: `${instanceType}-${zone}`,
      instanceType,
      zone,
      capacityType: 'spot' as const,
      priority: undefined,
    })),
    instanceType: (type: string) => types.get(type),
    advisorBand: () => ({ code: 1, interruptRate: 0.075 }),
    onDemandPerHour: (type: string) => 0.05 * (types.get(type)?.vcpu ?? 0),
    risk: () => undefined,
    demand: undefined,
    fromMs: t0,
    toMs: t0 + 30 * 24 * hourMs,
    days: 2,
    seeds: 2,
    batchesPerDay: 24,
    disturbance: { perPod: 0.2, atOnce: 5 },
    interruptions: 'expected' as const,
    lostWorkMs: hourMs,
    scaleDown: 'empty' as const,
  };

  it('gives every expander the same demand and repeats itself for a seed', () => {
    const runs = seedRuns(plan, 3);
    const useful = runs.map(({ usefulVcpuHours }) => usefulVcpuHours);
    for (const one of useful) expect(one).to.be.closeTo(useful[0]!, useful[0]! * 0.01);
    expect(seedRuns(plan, 3)).to.deep.equal(runs);
    expect(seedRuns(plan, 4)).not.to.deep.equal(runs);
  });

  it('puts ours through the real pipeline: by prices alone it takes the cheap zone, with the fleet in view it spreads', () => {
    const runs = seedRuns(plan, 3);
    const of = (name: string) => runs.find(({ expander }) => expander === name)!;
    const zones = (name: string) =>
      new Set([...of(name).hoursByPool.keys()].map((pool) => pool.split('@')[1]));
    expect(zones('spot-expander, fleet not in view')).to.deep.equal(new Set(['a']));
    expect(zones('spot-expander')).to.deep.equal(new Set(['a', 'b']));
    expect(of('spot-expander').largestPoolAtOnce).to.be.below(
      of('spot-expander, fleet not in view').largestPoolAtOnce,
    );
  });

  it('with rivals alone leaves out ours by other rules and the oracle, and ours is the same', () => {
    const some = seedRuns({ ...plan, expanderSet: 'rivals' }, 3);
    expect(some.map(({ expander }) => expander)).to.deep.equal([
      ...['spot-expander', 'cheapest-now', 'price', 'priority', 'least-waste', 'random'],
    ]);
    expect(some[0]).to.deep.equal(seedRuns(plan, 3)[0]);
    expect(comparison([some], 'spot-expander')[0]?.regret).to.equal(undefined);
  });

  it('told what it costs to spread, plays ours again with losses at once weighed more, which spreads wider', () => {
    const runs = [3, 4].map((seed) =>
      seedRuns({ ...plan, expanderSet: 'rivals', atOnceTimes: [0, 4] }, seed),
    );
    const largest = (name: string) =>
      runs.reduce((sum, one) => sum + one.find(({ expander }) => expander === name)!.largestPoolAtOnce, 0);
    expect(largest('spot-expander, losses at once × 4')).to.be.below(
      largest('spot-expander, losses at once × 0'),
    );
    const text = spreadingText([{ name: 'one', runs }], 'spot-expander');
    expect(text).to.contain('| spot-expander, losses at once × 4 |').and.to.contain('| random ');
    const plain = seedRuns({ ...plan, expanderSet: 'rivals' }, 3);
    expect(spreadingText([{ name: 'one', runs: [plain] }], 'spot-expander')).to.equal('');
  });

  it('compares seed by seed', () => {
    const summaries = comparison(
      [1, 2, 3].map((seed) => seedRuns(plan, seed)),
      'spot-expander',
    );
    const of = (name: string) => summaries.find(({ expander }) => expander === name)!;
    expect(of('spot-expander').besideOurs.totalCost).to.deep.equal({ mean: 0, low: 0, high: 0 });
    expect(of('random').besideOurs.totalCost.mean).to.be.greaterThan(0);
    expect(of('oracle').regret?.mean).to.equal(0);
  });
});

describe('the prices of a disturbed pod at which ours is cheaper', () => {
  const run = (expander: string, nodesCost: number, disturbedPods: number) =>
    runOutcome(expander, { nodesCost, disturbedPods, disturbanceCost: disturbedPods });
  const between = (nodesCost: number, disturbedPods: number) =>
    comparison([[run('ours', 10, 3), run('other', nodesCost, disturbedPods), run('oracle', 1, 0)]], 'ours')[1]
      ?.cheaperBetween;

  it('are all, none, those from one on or those up to one', () => {
    expect(between(12, 4)).to.deep.equal({ from: 0, to: Infinity });
    expect(between(9, 2)).to.equal(undefined);
    expect(between(8, 4)).to.deep.equal({ from: 2, to: Infinity });
    expect(between(12, 2)).to.deep.equal({ from: 0, to: 2 });
  });
});

describe('demand', () => {
  it('is the same for the same seed, within its span and its bounds', () => {
    const span = { fromMs: t0, toMs: t0 + 20 * 24 * hourMs, batchesPerDay: 24 };
    const batches = generatedDemand(7, span);
    expect(generatedDemand(7, span)).to.deep.equal(batches);
    expect(batches.length / 20).to.be.within(20, 28);
    for (const { atMs, pods, hours } of batches) {
      expect(atMs).to.be.within(span.fromMs, span.toMs);
      expect(pods).to.be.within(1, 60);
      expect(hours).to.be.within(0.25, 72);
    }
  });

  it('is read from a file, and every mistake named', () => {
    const text = 'pods,time,cpu_milli,memory_mib,hours\n3,2023-11-01T00:00:00Z,500,512,2\n';
    expect(demandOf(text, 'd.csv')).to.deep.equal([
      { atMs: t0, pods: 3, cpuMilli: 500, memoryMib: 512, hours: 2 },
    ]);
    expect(() => demandOf(`${text}0,2023-11-01T00:00:00Z,1,1,1\n`, 'd.csv')).to.throw('d.csv, row 3');
    expect(() => demandOf('time,pods\n', 'd.csv')).to.throw('no column for cpu_milli, memory_mib, hours');
  });
});

describe('groups', () => {
  it('are read from YAML, and mistakes named with their place', () => {
    expect(
      groupsOf('groups:\n  - { id: a, instance_type: c5.large, zone: aps1-az1, priority: 3 }\n', 'g.yaml'),
    ).to.deep.equal([
      { id: 'a', instanceType: 'c5.large', zone: 'aps1-az1', capacityType: 'spot', priority: 3 },
    ]);
    expect(() => groupsOf('groups:\n  - { id: a, instance_type: c5, zone: z }\n', 'g.yaml')).to.throw(
      'g.yaml: groups.0.instance_type',
    );
  });
});

describe('a replay of availability', () => {
  const set = (...available: number[][]) => ({
    name: 'set',
    machine: 'intel_64',
    tickMs: 60_000,
    pools: available.map((ticks, index) => ({ zone: `zone-${index}`, available: ticks })),
  });
  const plan = { target: 1, fromTick: 0, prices: [1, 1.1], policy: defaultPolicy, fleetHazard: false };

  it('counts a pool that runs dry as an interruption and moves to the other', () => {
    const outcome = traceRun(set([1, 1, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1]), plan, () => 0);
    expect(outcome.interruptions).to.equal(1);
    expect(outcome.usefulNodeHours).to.be.closeTo(6 / 60, 1e-9);
  });

  it('serves nothing where no pool has room, and never runs more than there is', () => {
    const outcome = traceRun(set([0, 0, 0], [0, 0, 0]), plan, () => 0);
    expect(outcome).to.include({ interruptions: 0, usefulNodeHours: 0 });
    expect(outcome.wantedNodeHours).to.be.closeTo(3 / 60, 1e-9);
  });

  it('hot pools keep out of the pool that just gave a notice, which a fleet without memory goes back to', () => {
    const up = (...downAt: readonly number[]) =>
      Array.from({ length: 40 }, (_, tick) => (downAt.includes(tick) ? 0 : 1));
    const pools = set(up(10, 22), up(20), up());
    const prices = [1, 1.1, 1.2];
    const switches = { ...defaultPolicy.switches, hotPools: false };
    const cold = traceRun(pools, { ...plan, prices, policy: { ...defaultPolicy, switches } }, () => 0);
    const hot = traceRun(pools, { ...plan, prices }, () => 0);
    expect(cold.interruptions).to.equal(3);
    expect(hot.interruptions).to.equal(2);
  });
});

describe("a replay of availability and the fleet's record", () => {
  const minutes = 3_000;
  const flapping = (shift: number) =>
    Array.from({ length: minutes }, (_, tick) => ((tick + shift) % 20 < 16 ? 1 : 0));
  const rarely = Array.from({ length: minutes }, (_, tick) => (tick % 200 < 195 ? 1 : 0));
  const set = {
    name: 'set',
    machine: 'intel_64',
    tickMs: 60_000,
    pools: [flapping(0), flapping(10), rarely].map((available, index) => ({
      zone: `zone-${index}`,
      available,
    })),
  };
  const plan = { target: 1, fromTick: 0, prices: [0.9, 0.95, 1.1], fleetHazard: false };

  it('a fleet that remembers comes back to the pool that is rarely interrupted, though it is dearer and was hot', () => {
    const switches = { ...defaultPolicy.switches, hotPools: false };
    const cold = traceRun(set, { ...plan, policy: { ...defaultPolicy, switches } }, () => 0);
    const hot = traceRun(set, { ...plan, policy: defaultPolicy }, () => 0);
    expect(cold.interruptions).to.be.greaterThan(60);
    expect(hot.interruptions).to.be.lessThan((2 / 3) * cold.interruptions);
    expect(hot.usefulNodeHours).to.be.at.least(cold.usefulNodeHours);
  });

  it('foresight takes the pool that lasts longest at each gap', () => {
    const seen = traceRun(set, { ...plan, policy: 'foresight' }, () => 0);
    // Out of the good pool when it runs dry, and back when the other does; the last outage is the end.
    expect(seen.interruptions).to.be.within(15, 30);
    expect(seen.usefulNodeHours).to.equal(seen.wantedNodeHours);
    expect(longestLasting(set.pools, [0, 1], { tick: 0, running: [0, 0, 0], missing: 1 })).to.equal(0);
    expect(longestLasting(set.pools, [0, 2], { tick: 0, running: [0, 0, 0], missing: 1 })).to.equal(2);
    expect(longestLasting(set.pools, [2], { tick: 0, running: [0, 0, 1], missing: 1 })).to.equal(undefined);
  });
});

describe('the traces together', () => {
  it('are one verdict over all sets beside one for each', () => {
    const set = (name: string) => ({
      name,
      machine: 'intel_64',
      tickMs: 60_000,
      pools: ['a', 'b'].map((zone) => ({
        zone,
        available: Array.from({ length: 60 }, (_, tick) => (tick % 20 < 18 ? 1 : 0)),
      })),
    });
    const verdicts = traceTrial([set('one'), set('two')], 3);
    expect(verdicts.map(({ set: name, pools, target }) => [name, pools, target])).to.deep.equal([
      ['one', 2, 1],
      ['two', 2, 1],
      ['all sets together', 4, 2],
    ]);
    const [one, , all] = verdicts.map(({ arms }) => arms[0]!.interruptions.mean);
    expect(all).to.be.closeTo(one!, 1e-9);
  });
});

describe('intervals and events', () => {
  it('an interval is Student’s', () => {
    const { mean, low, high } = intervalOf([1, 2, 3]);
    expect(mean).to.equal(2);
    expect(high - mean).to.be.closeTo((4.303 * 1) / Math.sqrt(3), 1e-9);
    expect(mean - low).to.be.closeTo(high - mean, 1e-9);
    expect(intervalOf([1]).high).to.equal(Infinity);
  });

  it('events come by time, those of one moment as they were put', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const queue = new EventQueue<number>();
        times.forEach((at, index) => queue.put(at, index));
        const taken: [number, number][] = [];
        for (let next = queue.take(); next !== undefined; next = queue.take())
          taken.push([next.atMs, next.event]);
        const expected = times
          .map((at, index): [number, number] => [at, index])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(taken).to.deep.equal(expected);
      }),
    );
  });
});
