import { expect } from 'chai';
import { AutoscalerBackOff } from '../../../../src/offline/simulate/autoscaler-back-off.ts';
import { cheapestNowExpander } from '../../../../src/offline/simulate/built-in-expanders.ts';
import { clusterRun } from '../../../../src/offline/simulate/cluster-run.ts';
import { DryPools } from '../../../../src/offline/simulate/dry-pools.ts';
import { ourExpander } from '../../../../src/offline/simulate/our-expander.ts';
import { poolPriceBook } from '../../../../src/offline/simulate/price-book.ts';
import type { SimulationSettings } from '../../../../src/offline/simulate/simulation-settings.ts';
import { defaultPolicy } from '../../../../src/decision/policy.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
const t0 = Date.parse('2023-11-01T00:00:00Z');
const spells = { share: 0.2, medianHours: 0.5, sigma: 1.3, empty: 0.85 };

describe('pools that run short', () => {
  const days = 400;
  const shareShort = (hazard: number): number => {
    const pools = new DryPools([hazard, 0.001, 0], spells, 7, t0, t0 + days * 24 * hourMs);
    const moments = Array.from({ length: days * 24 }, (_, hour) => t0 + hour * hourMs);
    return moments.filter((at) => pools.delivered(0, 100, at) < 100).length / moments.length;
  };

  it('are so for the share that is asked for, the riskier the longer', () => {
    expect(shareShort(0.001)).to.be.within(0.15, 0.25);
    expect(shareShort(0.003)).to.be.within(0.25, 0.36);
  });

  it('on demand nothing runs short', () => {
    const pools = new DryPools([0.001, 0], spells, 7, t0, t0 + 100 * hourMs);
    for (let hour = 0; hour < 100; hour += 1) expect(pools.delivered(1, 5, t0 + hour * hourMs)).to.equal(5);
  });

  it('bring nothing most of that time, and a part of what is asked for in the rest', () => {
    const pools = new DryPools([0.001], spells, 3, t0, t0 + 1000 * 24 * hourMs);
    const short = Array.from({ length: 24_000 }, (_, hour) =>
      pools.delivered(0, 100, t0 + hour * hourMs),
    ).filter((nodes) => nodes < 100);
    expect(short.filter((nodes) => nodes === 0).length / short.length).to.be.within(0.78, 0.93);
    expect(short.some((nodes) => nodes > 0)).to.equal(true);
  });
});

describe("the autoscaler's own back-off", () => {
  it('is five minutes, doubles to thirty, and is forgotten after three hours', () => {
    const backOff = new AutoscalerBackOff();
    expect(backOff.untilMs(0)).to.equal(-Infinity);
    const lengths = [5, 10, 20, 30, 30].map((_, at) => {
      backOff.failed(0, t0 + at * 40 * minuteMs);
      return (backOff.untilMs(0) - t0 - at * 40 * minuteMs) / minuteMs;
    });
    expect(lengths).to.deep.equal([5, 10, 20, 30, 30]);
    backOff.failed(0, t0 + 10 * hourMs);
    expect(backOff.untilMs(0)).to.equal(t0 + 10 * hourMs + 5 * minuteMs);
    expect(backOff.untilMs(1)).to.equal(-Infinity);
  });
});

describe('a simulated cluster whose pools run dry', () => {
  const group = (zone: string, price: number) => ({
    group: { id: zone, instanceType: 'm5.xlarge', zone, capacityType: 'spot' as const, priority: undefined },
    facts: {
      instanceType: 'm5.xlarge',
      vcpu: 4,
      memoryGib: 16,
      gpus: 0,
      architecture: 'x86_64' as const,
      family: 'm5',
    },
    book: poolPriceBook({
      region: 'ap-south-1',
      zone,
      instanceType: 'm5.xlarge',
      atMs: Float64Array.of(0),
      pricePerHour: Float64Array.of(price),
    }),
    hazardPerHour: 1e-6,
  });
  const world: SimulationSettings = {
    groups: [group('a', 0.1), group('b', 0.11), group('c', 0.12)],
    batches: Array.from({ length: 200 }, (_, batch) => ({
      atMs: t0 + batch * 2 * hourMs,
      pods: 9,
      cpuMilli: 1000,
      memoryMib: 1000,
      hours: 1,
    })),
    toMs: t0 + 500 * hourMs,
    seed: 5,
    bursts: { together: 0.99, least: 0.1, most: 1 },
    interruptions: 'expected',
    disturbance: { perPod: 0.2, atOnce: 5 },
    lostWorkMs: hourMs,
    scaleDown: 'empty',
    spike: { withinMs: 12 * hourMs, rise: 0.03 },
  };
  const dry = { ...world, dry: { ...spells, share: 0.4 } };

  it('serves all pods in the end: what a launch left waits a minute and goes to another group', () => {
    const calm = clusterRun(world, cheapestNowExpander());
    const outcome = clusterRun(dry, cheapestNowExpander());
    expect(calm).to.include({ failedLaunches: 0, waitedPodHours: 0 });
    expect(outcome.failedLaunches).to.be.greaterThan(20);
    expect(outcome.waitedPodHours).to.be.greaterThan(1);
    expect(outcome.unplaceable).to.equal(0);
    expect(outcome.podStarts).to.equal(200 * 9);
    expect(outcome.usefulVcpuHours).to.be.closeTo(200 * 9, 1);
  });

  it('ours remembers what did not deliver, so that fewer of its launches fail', () => {
    const known = {
      region: 'ap-south-1',
      advisorBand: () => undefined,
      onDemandPerHour: () => 0.2,
      onDemandPerUnit: () => 0.035,
      risk: () => undefined,
      onRest: () => undefined,
    };
    const policy = { ...defaultPolicy, lossAtOnce: { ofTenPercent: 0, ofThirtyPercent: 0, ofHalf: 0 } };
    const ours = clusterRun(dry, ourExpander(known, policy));
    const plain = clusterRun(dry, cheapestNowExpander());
    expect(ours.failedLaunches).to.be.at.most(plain.failedLaunches);
    expect(ours.podStarts).to.equal(plain.podStarts);
  });
});
