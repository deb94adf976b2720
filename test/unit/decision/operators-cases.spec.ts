import { expect } from 'chai';
import {
  bytesField,
  joined,
  node,
  nodeEntry,
  numberField,
  option,
  pod as podBytes,
  textField,
} from '../../../scripts/wire-bytes.ts';
import { emptyCapacityMemory, remembered } from '../../../src/decision/capacity-memory.ts';
import { cooldownOf } from '../../../src/decision/capacity-rests.ts';
import type { FleetNodes } from '../../../src/decision/fleet-view.ts';
import type { Knowledge } from '../../../src/decision/knowledge.ts';
import { decideScaleUp } from '../../../src/decision/pipeline.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { ScaleUpRequest } from '../../../src/decision/scale-up-request.ts';
import { readBestOptions } from '../../../src/wire/best-options-reader.ts';
import type { Market } from './known-market.ts';
import { knownMarket, now, spotPool } from './known-market.ts';

const zones = ['ap-south-1a', 'ap-south-1b', 'ap-south-1c'] as const;
const types: NonNullable<Market['types']> = {
  'm5.large': [2, 8],
  'm5.2xlarge': [8, 32],
  'c5.2xlarge': [8, 16],
  'm6i.2xlarge': [8, 32],
  't3.medium': [2, 4],
};
const minute = 60_000;

interface GroupAsked {
  readonly type: string;
  readonly zone: string;
  readonly spot?: boolean;
  readonly nodes: number;
}

/** As an autoscaler of 1.35 sends it: pods and nodes as they were marshalled. */
function asked(
  groups: Readonly<Record<string, GroupAsked>>,
  podCount: number,
  cpu = '1',
  memory = '1Gi',
): ScaleUpRequest {
  const pods = Array.from({ length: podCount }, (_, index) =>
    podBytes({
      name: `web-${index}`,
      metadata: [textField(5, `uid-${index}`)],
      containers: [{ requests: { cpu, memory } }],
      // ScheduleAnyway over zones.
      spec: [
        bytesField(
          33,
          numberField(1, 1),
          textField(2, 'topology.kubernetes.io/zone'),
          textField(3, 'ScheduleAnyway'),
        ),
      ],
    }),
  );
  const options = Object.entries(groups).map(([id, { nodes }]) => option({ id, count: nodes, raw: pods }));
  const templates = Object.entries(groups).map(([id, { type, zone, spot = true }]) => {
    const [vcpu = 2, memoryGib = 4] = types[type] ?? [];
    const size = { cpu: String(vcpu), memory: `${memoryGib}Gi` };
    const labels = {
      'node.kubernetes.io/instance-type': type,
      'topology.kubernetes.io/zone': zone,
      'eks.amazonaws.com/capacityType': spot ? 'SPOT' : 'ON_DEMAND',
    };
    return nodeEntry(3, id, node({ name: `template-${id}`, labels, capacity: size, allocatable: size }));
  });
  return readBestOptions(joined(...options, ...templates));
}

const decide = (
  request: ScaleUpRequest,
  market: Market,
  policy = defaultPolicy,
  extra: Partial<Knowledge> = {},
) => decideScaleUp(request, { ...knownMarket({ types, ...market }), ...extra }, policy, now);

describe('what an operator would sign, on the bytes that an autoscaler sends', () => {
  const nine = Object.fromEntries(
    ['m5.2xlarge', 'c5.2xlarge', 'm6i.2xlarge'].flatMap((type) =>
      zones.map((zone) => [`spot-${type}-${zone.at(-1) ?? ''}`, { type, zone, nodes: 2 }]),
    ),
  );
  const stormyBands: Market = {
    prices: Object.fromEntries(
      ['m5.2xlarge', 'c5.2xlarge', 'm6i.2xlarge'].map((type) => [
        type,
        { spotPerHour: 0.155, onDemandPerHour: 0.404 },
      ]),
    ),
    bands: Object.fromEntries(
      ['m5.2xlarge', 'c5.2xlarge', 'm6i.2xlarge'].map((type) => [type, { interruptRate: 0.25, code: 4 }]),
    ),
  };
  const withOnDemand = {
    ...nine,
    od: { type: 'm5.2xlarge', zone: zones[0], spot: false, nodes: 2 },
  };

  it('nine Spot groups in the 25 % band beside on-demand: Spot, with what safety would cost', () => {
    const { answer, reason, forcedOnDemand } = decide(asked(withOnDemand, 12), stormyBands);
    expect(answer[0]).to.match(/^spot-/);
    expect(reason).to.match(/re-admitted: what is safer costs \d+ % more/);
    const dearer = Number(/costs (\d+) % more/.exec(reason)?.[1]);
    expect(dearer).to.be.within(100, 170);
    expect(forcedOnDemand).to.equal(undefined);
  });

  it('… and on-demand where the operator pays any price for what passes, counted and remarked', () => {
    const policy = { ...defaultPolicy, maxSafetyPremium: 5 };
    const { answer, forcedOnDemand, remarks, drops } = decide(asked(withOnDemand, 12), stormyBands, policy);
    expect(answer).to.deep.equal(['od']);
    expect(drops).to.have.length(9);
    expect(forcedOnDemand?.id).to.equal('od');
    expect(forcedOnDemand?.dearerBy).to.be.within(1, 1.7);
    expect(remarks.join()).to.contain('od is on-demand and first only because a filter rejects Spot');
    const classic = decide(asked(withOnDemand, 12), stormyBands, { ...defaultPolicy, formula: 'classic' });
    expect([classic.answer, classic.forcedOnDemand?.id]).to.deep.equal([['od'], 'od']);
  });

  it('all rejected: the least bad, alone', () => {
    const prices = { ...stormyBands.prices, 'c5.2xlarge': { spotPerHour: 0.12, onDemandPerHour: 0.34 } };
    const { answer, ranked } = decide(asked(nine, 12), { ...stormyBands, prices });
    expect(answer).to.have.length(1);
    expect(answer[0]).to.match(/^spot-c5/);
    expect(ranked).to.have.length(9);
  });

  it('an option that nobody picks flips nothing', () => {
    const two = {
      a: { type: 'm5.large', zone: zones[0], nodes: 6 },
      b: { type: 'm5.2xlarge', zone: zones[1], nodes: 2 },
    };
    const market: Market = {
      prices: {
        'm5.large': { spotPerHour: 0.0389, onDemandPerHour: 0.101 },
        'm5.2xlarge': { spotPerHour: 0.155, onDemandPerHour: 0.404 },
        'c5.2xlarge': { spotPerHour: 0.9, onDemandPerHour: 1.2 },
      },
      bands: {
        'm5.large': { interruptRate: 0.175, code: 3 },
        'm5.2xlarge': { interruptRate: 0.025, code: 0 },
      },
    };
    const alone = decide(asked(two, 10), market).answer;
    const third = { type: 'c5.2xlarge', zone: zones[2], spot: false, nodes: 2 };
    const whole = asked({ ...two, third }, 10);
    const without = { ...whole, options: whole.options.filter(({ nodeGroupId }) => nodeGroupId !== 'third') };
    expect(decide(whole, market).answer).to.deep.equal(decide(without, market).answer);
    expect(decide(without, market).answer).to.deep.equal(alone);
  });

  it('1,000 pods that come in ten scale-ups over 100 groups in three zones: no pool has most of the nodes', () => {
    const groups = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => {
        const type = ['m5.large', 'm5.2xlarge', 'c5.2xlarge', 'm6i.2xlarge'][index % 4] ?? '';
        return [`g${index}`, { type, zone: zones[index % 3] ?? '', nodes: type === 'm5.large' ? 50 : 13 }];
      }),
    );
    // The runner-up is 5 % dearer, the best of another zone 11 %.
    const price = (vcpu: number, factor: number) => ({
      spotPerHour: 0.0195 * vcpu * factor,
      onDemandPerHour: 0.05 * vcpu,
    });
    const prices = Object.fromEntries(
      Object.entries(types).flatMap(([type, [vcpu]]) =>
        zones.map((zone, at) => [
          `${type}@${zone}`,
          price(vcpu, [1, 1.11, 1.12][at]! * (type === 'm5.2xlarge' ? 1 : 1.05)),
        ]),
      ),
    );
    const run = (policy: typeof defaultPolicy) => {
      const fleet: FleetNodes[] = [];
      for (let round = 0; round < 10; round += 1) {
        const { answer, ranked } = decide(asked(groups, 100), { prices, fleet }, policy);
        const chosen = ranked.find(({ id }) => id === answer[0])!;
        const { instanceType, zone, nodeCount: nodes, vcpu: vcpus = 0 } = chosen;
        fleet.push({ instanceType, zone, capacityType: 'spot', nodeGroupId: chosen.id, vcpus, nodes });
      }
      const byPool = Map.groupBy(fleet, ({ instanceType, zone }) => `${instanceType}@${zone}`);
      const sizes = [...byPool.values()].map((all) =>
        all.reduce((sum, { vcpus, nodes }) => sum + vcpus * nodes, 0),
      );
      const sum = sizes.reduce((total, one) => total + one, 0);
      return { share: Math.max(...sizes) / sum, zones: new Set(fleet.map(({ zone }) => zone)).size };
    };
    expect(
      run({
        ...defaultPolicy,
        spreadWeight: 0,
        lossAtOnce: { ofTenPercent: 0, ofThirtyPercent: 0, ofHalf: 0 },
      }).share,
    ).to.equal(1);
    const spread = run(defaultPolicy);
    expect(spread.share).to.be.at.most(0.6);
    expect(spread.zones).to.be.at.least(2);
    const dreaded = { ofTenPercent: 0.05, ofThirtyPercent: 0.15, ofHalf: 0.3 };
    expect(run({ ...defaultPolicy, lossAtOnce: dreaded }).share).to.be.at.most(0.35);
  });

  it('ties go to where the fewest nodes are, and without a fleet to the first by name', () => {
    const same = Object.fromEntries(
      zones.map((zone) => [`g-${zone.at(-1) ?? ''}`, { type: 'm5.large', zone, nodes: 5 }]),
    );
    const prices = { 'm5.large': { spotPerHour: 0.04, onDemandPerHour: 0.1 } };
    expect(decide(asked(same, 8), { prices }).answer).to.deep.equal(['g-a']);
    const fleet = zones.map((zone, at) => ({
      ...{ instanceType: 'm5.large', zone, capacityType: 'spot' as const, nodeGroupId: undefined, vcpus: 2 },
      nodes: [9, 3, 6][at] ?? 0,
    }));
    const blind = {
      ...defaultPolicy,
      spreadWeight: 0,
      lossAtOnce: { ofTenPercent: 0, ofThirtyPercent: 0, ofHalf: 0 },
    };
    expect(decide(asked(same, 8), { prices, fleet }, blind).answer).to.deep.equal(['g-b']);
    expect(decide(asked(same, 8), { prices, fleet }).answer).to.deep.equal(['g-b']);
  });

  it('partial delivery and all dry: the class rests, Spot is tried twice more and then on-demand is bought', () => {
    const groups = {
      a: { type: 'm5.2xlarge', zone: zones[0], nodes: 20 },
      b: { type: 'c5.2xlarge', zone: zones[1], nodes: 20 },
      c: { type: 'm6i.2xlarge', zone: zones[2], nodes: 20 },
      d: { type: 'm5.large', zone: zones[2], nodes: 80 },
      od: { type: 'm5.2xlarge', zone: zones[0], spot: false, nodes: 20 },
    };
    const prices = {
      'm5.2xlarge': { spotPerHour: 0.15, onDemandPerHour: 0.404 },
      'c5.2xlarge': { spotPerHour: 0.155, onDemandPerHour: 0.34 },
      'm6i.2xlarge': { spotPerHour: 0.16, onDemandPerHour: 0.404 },
      'm5.large': { spotPerHour: 0.05, onDemandPerHour: 0.101 },
    };
    const policy = { ...defaultPolicy, spotWaitMs: 10 * 60 * minute };
    let memory = emptyCapacityMemory;
    const answers: string[] = [];
    const gone = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const atMs = now + round * 16 * minute;
      const whole = asked(groups, 150);
      const request = {
        ...whole,
        options: whole.options.filter(({ nodeGroupId }) => !gone.has(nodeGroupId)),
      };
      memory = remembered(memory, { kind: 'asked', atMs, request }, policy);
      const decision = decide(request, { prices }, policy, {
        cooldown: (pool) => cooldownOf(memory, pool, atMs),
        ...(memory.onDemandFirst !== undefined && { onDemandFirst: memory.onDemandFirst }),
      });
      memory = remembered(memory, { kind: 'answered', atMs, request, decision }, policy);
      answers.push(decision.answer.join());
      gone.add(decision.answer[0] ?? '');
      // One of twenty nodes comes in the first round, none later.
      if (round === 0)
        memory = remembered(
          memory,
          { kind: 'node-appeared', atMs: atMs + minute, pool: spotPool(`m5.2xlarge@${zones[0]}`) },
          policy,
        );
    }
    expect(answers[0]).to.equal('a');
    expect(new Set(answers.slice(0, 3))).to.have.lengthOf(3);
    expect(answers[3]).to.equal('od');
  });
});
