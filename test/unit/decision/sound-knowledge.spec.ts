import { expect } from 'chai';
import { fleetView } from '../../../src/decision/fleet-view.ts';
import type {
  AdvisorBand,
  CapacityCooldown,
  FleetView,
  GroupFacts,
  InstanceTypeFacts,
  Knowledge,
  PoolPrices,
  PoolSignal,
  RiskAssessment,
} from '../../../src/decision/knowledge.ts';
import { isShare, soundKnowledge } from '../../../src/decision/sound-knowledge.ts';
import { knownMarket, modelRisk, now, spotPool, typeFacts } from './known-market.ts';

const pool = spotPool('m5.large@ap-south-1a');
const empty = knownMarket({});

function sound(part: Partial<Knowledge>) {
  return soundKnowledge({ ...empty, ...part }, now);
}

/** `untouched`: the value itself comes through. */
type Case<Value> = readonly [story: string, value: Value, expected: 'untouched' | Value | undefined];

function cases<Value>(look: (value: Value) => Value | undefined, all: readonly Case<Value>[]): void {
  for (const [story, value, expected] of all)
    it(story, () => {
      if (expected === 'untouched') expect(look(value)).to.equal(value);
      else expect(look(value)).to.deep.equal(expected);
    });
}

describe('a share', () => {
  it('is a number from 0 to 1', () => {
    expect([0, 0.5, 1].map(isShare)).to.deep.equal([true, true, true]);
    expect([-0.01, 1.01, NaN, '0.5', undefined].map(isShare)).to.deep.equal(Array(5).fill(false));
  });
});

describe("an instance type's facts", () => {
  const facts = (part: Partial<InstanceTypeFacts>) => ({ ...typeFacts('m5.large', 2, 8), ...part });
  cases(
    (value: InstanceTypeFacts) => sound({ instanceType: () => value }).instanceType('m5.large'),
    [
      ['are kept as they are', facts({}), 'untouched'],
      [
        'may be of a hundredth of a vCPU and of a million GiB',
        facts({ vcpu: 0.01, memoryGib: 1e6 }),
        'untouched',
      ],
      ['are unknown with less than a hundredth of a vCPU', facts({ vcpu: 0.009 }), undefined],
      ['are unknown with more than a million vCPUs', facts({ vcpu: 1e6 + 1 }), undefined],
      ['are unknown without memory', facts({ memoryGib: 0 }), undefined],
      ['are unknown where memory is no number', facts({ memoryGib: '8' as never }), undefined],
      ['keep up to a thousand GPUs', facts({ gpus: 1000 }), 'untouched'],
      ['have no GPU where they say more', facts({ gpus: 1001 }), facts({ gpus: 0 })],
      ['have no GPU where they say less than none', facts({ gpus: -1 }), facts({ gpus: 0 })],
    ],
  );
});

describe("an Advisor's band", () => {
  const band = (interruptRate: number, code = 0): AdvisorBand => ({ interruptRate, code });
  cases(
    (value: AdvisorBand) => sound({ advisorBand: () => value }).advisorBand(pool),
    [
      ['is kept with a rate from 0 to 1', band(1), 'untouched'],
      ['below 5 % has its middle where the rate is broken', band(NaN, 0), band(0.025, 0)],
      ['of 5 to 10 % has its middle where the rate is broken', band(-1, 1), band(0.075, 1)],
      ['of 10 to 15 % has its middle where the rate is broken', band(1.5, 2), band(0.125, 2)],
      ['of 15 to 20 % has its middle where the rate is broken', band(NaN, 3), band(0.175, 3)],
      ['above 20 % counts as a quarter where the rate is broken', band(NaN, 4), band(0.25, 4)],
      ['is unknown where both are broken', band(NaN, 5), undefined],
    ],
  );

  it('is looked up once for a pool, and its faults are counted once', () => {
    let times = 0;
    const knowledge = sound({
      advisorBand: () => {
        times += 1;
        throw new Error('no file');
      },
    });
    expect([1, 2, 3].map(() => knowledge.advisorBand(pool))).to.deep.equal([undefined, undefined, undefined]);
    expect(times).to.equal(1);
    knowledge.advisorBand(spotPool('m5.large@ap-south-1b'));
    expect(knowledge.faults()).to.deep.equal(['the look-up of advisor bands failed 2 times: no file']);
  });
});

describe('prices', () => {
  cases(
    (value: PoolPrices) => sound({ prices: () => value }).prices(pool),
    [
      [
        'are kept as they are',
        { spotPerHour: 0.03, onDemandPerHour: 0.096, spotObservedAtMs: 1 },
        'untouched',
      ],
      ['may be one of the two, or none', { onDemandPerHour: 0.096 }, 'untouched'],
      ['may be none', { spotObservedAtMs: 1 }, 'untouched'],
      ['reach up to a million dollars an hour', { spotPerHour: 1e6, onDemandPerHour: 1e6 }, 'untouched'],
      [
        'keep on-demand where Spot is free, which it never is',
        { spotPerHour: 0, onDemandPerHour: 0.096 },
        { onDemandPerHour: 0.096 },
      ],
      [
        'keep Spot where on-demand is beyond all bounds',
        { spotPerHour: 0.03, onDemandPerHour: 1e6 + 1 },
        { spotPerHour: 0.03 },
      ],
      ['are none where both are broken', { spotPerHour: NaN, onDemandPerHour: -1 }, {}],
      ['are none where they are texts', { spotPerHour: '0.03' as never }, {}],
    ],
  );
});

describe("a model's word on risk", () => {
  cases(
    (value: RiskAssessment) => sound({ risk: () => value }).risk(pool),
    [
      ['is kept with two shares', modelRisk(0, 1), 'untouched'],
      ['is none from no model', { ...modelRisk(0.1), source: 'none' }, undefined],
      ['is none with a crash probability above 1', modelRisk(1.01, 0.1), undefined],
      ['is none with a frequency below 0', modelRisk(0.1, -0.01), undefined],
    ],
  );
});

describe('a live signal', () => {
  const signal = (part: Partial<PoolSignal>): PoolSignal => ({
    kind: 'REBALANCE',
    atMs: now - 1000,
    expiresAtMs: now + 1,
    heat: 0.5,
    ...part,
  });
  cases(
    (value: PoolSignal) => sound({ signal: () => value }).signal(pool),
    [
      ['is kept until it expires', signal({}), 'untouched'],
      ['is over at the moment at which it expires', signal({ expiresAtMs: now }), undefined],
      ['is as hot as can be where its heat is broken', signal({ heat: NaN }), signal({ heat: 1 })],
    ],
  );
});

describe("the fleet's hazard", () => {
  cases(
    (value: number) => sound({ hazard: () => value }).hazard?.(pool),
    [
      ['may be none', 0, 'untouched'],
      ['may be an interruption each minute', 60, 'untouched'],
      ['is unknown below none', -0.001, undefined],
      ['is unknown above one each minute', 60.001, undefined],
    ],
  );

  it('is absent where no fleet is watched', () => {
    expect(sound({})).to.not.have.property('hazard');
  });
});

describe("a class's rest", () => {
  const rest = (untilMs: number): CapacityCooldown => ({ untilMs, evidence: 'asked for 3, 0 came' });
  cases(
    (value: CapacityCooldown) => sound({ cooldown: () => value }).cooldown(pool),
    [
      ['is kept until it ends', rest(now + 1), 'untouched'],
      ['is over at its end', rest(now), undefined],
    ],
  );
});

describe("a group's facts", () => {
  const facts = (part: Partial<GroupFacts>): GroupFacts => ({
    instanceTypes: ['m5.large'],
    zones: ['ap-south-1a'],
    capacityType: 'spot',
    onDemandShare: 0.25,
    source: 'configuration',
    ...part,
  });
  cases(
    (value: GroupFacts) => sound({ groupFacts: () => value }).groupFacts('a', {}),
    [
      ['are kept as they are', facts({}), facts({})],
      [
        'have no on-demand part where it is no share',
        facts({ onDemandShare: 2 }),
        facts({ onDemandShare: 0 }),
      ],
      [
        'keep weights from 1 to 999',
        facts({ weights: { a: 1, b: 999, c: 0.5, d: 1000, e: NaN } }),
        facts({ weights: { a: 1, b: 999 } }),
      ],
    ],
  );
});

describe("a unit's price on demand", () => {
  cases(
    (value: number) => sound({ onDemandPerUnit: () => value }).onDemandPerUnit?.('plain'),
    [
      ['is kept', 0.05, 'untouched'],
      ['is unknown where it is nothing', 0, undefined],
      ['is unknown where it is no number', NaN, undefined],
    ],
  );

  it('is absent where nothing tells it', () => {
    const { onDemandPerUnit, ...rest } = empty;
    expect(onDemandPerUnit).to.be.a('function');
    expect(soundKnowledge(rest, now)).to.not.have.property('onDemandPerUnit');
  });
});

describe("a model's horizon", () => {
  it('is kept from minutes to a month, and absent beyond', () => {
    const horizons = [0.11, 1, 730].map((horizonHours) => sound({ horizonHours }).horizonHours);
    expect(horizons).to.deep.equal([0.11, 1, 730]);
    for (const horizonHours of [0.1, 0, -1, 730.1, NaN])
      expect(sound({ horizonHours }), `${horizonHours} hours`).to.not.have.property('horizonHours');
    expect(sound({})).to.not.have.property('horizonHours');
  });
});

describe('the fleet in view', () => {
  const kind = { instanceType: 'm5.large', zone: 'ap-south-1a', capacityType: 'spot', vcpus: 2 } as const;
  const view = fleetView('nodes', [
    { ...kind, nodeGroupId: 'a', nodes: 3 },
    { ...kind, zone: 'ap-south-1b', instanceType: 'c5.large', nodeGroupId: 'b', nodes: 4 },
  ]);

  it('is told as it is', () => {
    const { fleet } = sound({ fleet: view });
    expect(fleet?.source).to.equal('nodes');
    expect(fleet?.all).to.deep.equal({ nodes: 7, vcpus: 14 });
    expect(fleet?.pool(pool)).to.deep.equal({ nodes: 3, vcpus: 6 });
    expect(fleet?.type(spotPool('c5.large@ap-south-1a'))).to.deep.equal({ nodes: 4, vcpus: 8 });
    expect(fleet?.zone(spotPool('r5.large@ap-south-1b'))).to.deep.equal({ nodes: 4, vcpus: 8 });
    expect(fleet?.inZone('ap-south-1a')).to.equal(3);
    expect(fleet?.group('b')).to.deep.equal({ nodes: 4, vcpus: 8 });
    expect(sound({})).to.not.have.property('fleet');
  });

  it('has nobody where its counts are broken', () => {
    const counting = (nodes: number, vcpus: number) =>
      sound({ fleet: { ...view, group: () => ({ nodes, vcpus }) } }).fleet?.group('a');
    expect(counting(0, 1e9)).to.deep.equal({ nodes: 0, vcpus: 1e9 });
    expect(counting(-1, 1e9 + 1)).to.deep.equal({ nodes: 0, vcpus: 0 });
    expect(counting(NaN, 5)).to.deep.equal({ nodes: 0, vcpus: 5 });
    expect(sound({ fleet: { ...view, inZone: () => NaN } }).fleet?.inZone('ap-south-1a')).to.equal(0);
  });

  it('has nobody where looking fails, and says so', () => {
    const fails = () => {
      throw new Error('gone');
    };
    const broken: FleetView = { ...view, group: fails, inZone: fails };
    const knowledge = sound({ fleet: broken });
    expect(knowledge.fleet?.group('a')).to.deep.equal({ nodes: 0, vcpus: 0 });
    expect(knowledge.fleet?.inZone('ap-south-1a')).to.equal(0);
    expect(knowledge.faults()).to.deep.equal(['the look-up of the fleet failed 2 times: gone']);
  });
});

describe('a look-up that throws', () => {
  const fails = () => {
    throw new Error('broken');
  };
  const looks: readonly (readonly [
    name: string,
    part: Partial<Knowledge>,
    look: (k: Knowledge) => unknown,
  ])[] = [
    ['instance types', { instanceType: fails }, (k) => k.instanceType('m5.large')],
    ['prices', { prices: fails }, (k) => k.prices(pool)],
    ['risk', { risk: fails }, (k) => k.risk(pool)],
    ['signals', { signal: fails }, (k) => k.signal(pool)],
    ['hazards', { hazard: fails }, (k) => k.hazard?.(pool)],
    ['group facts', { groupFacts: fails }, (k) => k.groupFacts('a', {})],
    ['on-demand units', { onDemandPerUnit: fails }, (k) => k.onDemandPerUnit?.('plain')],
    ['cooldowns', { cooldown: fails }, (k) => k.cooldown(pool)],
  ];
  for (const [name, part, look] of looks)
    it(`is unknown and told: ${name}`, () => {
      const knowledge = sound(part);
      expect(knowledge.faults()).to.deep.equal([]);
      expect(look(knowledge)).to.equal(undefined);
      expect(knowledge.faults()).to.deep.equal([`the look-up of ${name} failed 1 times: broken`]);
    });

  it('tells the first message', () => {
    let times = 0;
    const knowledge = sound({
      risk: () => {
        times += 1;
        throw new Error(`${times}`);
      },
    });
    knowledge.risk(pool);
    knowledge.risk(pool);
    expect(knowledge.faults()).to.deep.equal(['the look-up of risk failed 2 times: 1']);
  });

  it('without throwing an error is told as a text', () => {
    const thrown: unknown = 'a word';
    const knowledge = sound({
      risk: () => {
        throw thrown;
      },
    });
    knowledge.risk(pool);
    expect(knowledge.faults()).to.deep.equal(['the look-up of risk failed 1 times: a word']);
  });

  it('makes prices stale, and leaves no remarks, where these cannot be asked', () => {
    const broken: Knowledge = Object.defineProperties(
      { ...empty },
      { pricesAreStale: { get: fails }, remarks: { get: fails } },
    );
    const knowledge = soundKnowledge(broken, now);
    expect(knowledge.pricesAreStale).to.equal(true);
    expect(knowledge.remarks).to.deep.equal([]);
    expect(knowledge.faults()).to.deep.equal([
      'the look-up of price age failed 1 times: broken',
      'the look-up of remarks failed 1 times: broken',
    ]);
  });
});

describe('what is said of all facts', () => {
  it('comes through as it is', () => {
    const knowledge = sound({
      pricesAreStale: false,
      remarks: ['of May'],
      onDemandFirst: 'three launches failed',
    });
    expect(knowledge.pricesAreStale).to.equal(false);
    expect(knowledge.remarks).to.deep.equal(['of May']);
    expect(knowledge.onDemandFirst).to.equal('three launches failed');
    expect(sound({})).to.not.have.property('onDemandFirst');
  });
});
