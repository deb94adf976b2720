import { expect } from 'chai';
import fc from 'fast-check';
import {
  evaluateQuestion,
  explainQuestion,
  listPoolsQuestion,
  rankQuestion,
} from '../../../../src/api/asked-questions.ts';
import { withoutProtoDefaults } from '../../../../src/api/request-fields.ts';
import { InvalidRequest, type RequestMistake } from '../../../../src/errors/invalid-request.ts';

function mistakes(read: (request: unknown) => unknown, request: unknown): readonly RequestMistake[] {
  try {
    read(request);
  } catch (error) {
    if (error instanceof InvalidRequest) return error.details;
    throw error;
  }
  return [];
}

describe('the questions of the API', () => {
  const c5 = { instanceType: 'c5.large', zone: 'ap-south-1a', capacityType: 'spot' };

  it('take a pool as text or by its parts', () => {
    const request = {
      pools: [
        'c5.large@ap-south-1a',
        { pool: 'c5.large@ap-south-1a' },
        { instance_type: 'c5.large', availability_zone: 'ap-south-1a' },
        { pool: 'u-6tb1.metal@aps1-az1', capacity_type: 'on-demand' },
      ],
      region: 'ap-south-1',
    };
    expect(rankQuestion(request)).to.deep.equal({
      kind: 'pools',
      pools: [c5, c5, c5, { instanceType: 'u-6tb1.metal', zone: 'aps1-az1', capacityType: 'on-demand' }],
      region: 'ap-south-1',
      demand: undefined,
    });
  });

  it('take requirements and groups described by hand', () => {
    expect(
      rankQuestion({ resource_requirements: { vcpu: 2, memory_gb: 4, architecture: 'arm64' } }),
    ).to.deep.equal({
      kind: 'requirements',
      requirements: { vcpu: 2, memoryGib: 4, architecture: 'arm64' },
      region: undefined,
    });
    const group = { id: 'a', instance_types: ['c5.large'], availability_zones: ['ap-south-1a'] };
    expect(rankQuestion({ node_groups: [{ ...group, demand: { vcpu: 1.5 } }] })).to.deep.include({
      kind: 'groups',
      groups: [
        {
          id: 'a',
          instanceTypes: ['c5.large'],
          zones: ['ap-south-1a'],
          capacityType: 'unknown',
          onDemandShare: 0,
          nodeCount: undefined,
          demand: { cpuMilli: 1500, memoryBytes: 0, gpus: 0 },
        },
      ],
    });
  });

  const oneOfThree = 'send exactly one of pools, node_groups and resource_requirements';
  const broken: readonly (readonly [string, unknown, readonly (readonly [string, string | RegExp])[]])[] = [
    ['nothing', undefined, [['', /^must be an object/]]],
    ['a list', [], [['', /^must be an object/]]],
    ['an empty object', {}, [['', oneOfThree]]],
    ['two kinds at once', { pools: ['c5.large@ap-south-1a'], resource_requirements: {} }, [['', oneOfThree]]],
    ['no pools', { pools: [] }, [['', oneOfThree]]],
    [
      'a pool without a zone',
      { pools: ['c5.large'] },
      [['pools.0.pool', /^must be TYPE@ZONE .* \(got "c5.large"\)$/]],
    ],
    ['a pool that is a number', { pools: [5] }, [['pools.0', /^must be an object/]]],
    [
      'pools that are text',
      { pools: 'c5.large@ap-south-1a' },
      [['pools', 'must be of type array, not string']],
    ],
    [
      'half a pool and a misspelt field',
      { pools: [{ instance_type: 'c5.large', zone: 'ap-south-1a' }] },
      [
        ['pools.0.zone', /^is not a field here; there are pool, instance_type, availability_zone/],
        ['pools.0.availability_zone', 'is missing'],
      ],
    ],
    [
      'a pool without its zone field',
      { pools: [{ instance_type: 'c5.large' }] },
      [['pools.0.availability_zone', 'is missing']],
    ],
    [
      'a pool named twice over',
      { pools: [{ pool: 'c5.large@ap-south-1a', instance_type: 'c5.large' }] },
      [['pools.0.pool', /goes without/]],
    ],
    [
      'an unknown capacity type',
      { pools: [{ pool: 'c5.large@ap-south-1a', capacity_type: 'cheap' }] },
      [['pools.0.capacity_type', 'must be SPOT, ON_DEMAND or UNKNOWN']],
    ],
    [
      'an odd architecture and a negative size',
      { resource_requirements: { vcpu: -1, architecture: 'sparc' } },
      [
        ['resource_requirements.vcpu', /Too small/],
        ['resource_requirements.architecture', 'must be x86_64 or arm64'],
      ],
    ],
    [
      'a demand beside requirements',
      { resource_requirements: {}, demand: { vcpu: 1 } },
      [['demand', 'goes with pools only']],
    ],
    [
      'groups that share an id',
      {
        node_groups: [1, 2].map(() => ({
          id: 'a',
          instance_types: ['c5.large'],
          availability_zones: ['ap-south-1a'],
        })),
      },
      [['node_groups', 'two groups have the id "a"']],
    ],
  ];
  for (const [name, request, expected] of broken) {
    it(`answer ${name} with each mistake and its place`, () => {
      const found = mistakes(rankQuestion, request);
      expect(found.map(({ path }) => path)).to.deep.equal(expected.map(([path]) => path));
      expected.forEach(([, message], index) => {
        if (typeof message === 'string') expect(found[index]?.message).to.equal(message);
        else expect(found[index]?.message).to.match(message);
      });
    });
  }

  it('take both spellings of a signal and its time', () => {
    const request = {
      instance_type: 'c5.large',
      availability_zone: 'ap-south-1a',
      aws_signal: 'REBALANCE_RECOMMENDATION',
      signal_time: '2026-01-31T08:22:00+05:30',
      instance_id: 'i-0123456789abcdef0',
    };
    expect(evaluateQuestion(request)).to.deep.equal({
      instanceType: 'c5.large',
      zone: 'ap-south-1a',
      region: undefined,
      signal: 'REBALANCE',
      instanceId: 'i-0123456789abcdef0',
      signalAtMs: Date.UTC(2026, 0, 31, 2, 52),
    });
    expect(
      evaluateQuestion({ pool: 'c5.large@ap-south-1a', aws_signal: 'INSTANCE_TERMINATION' }).signal,
    ).to.equal('TERMINATION');
    expect(evaluateQuestion({ pool: 'c5.large@ap-south-1a' }).signal).to.equal('NONE');
  });

  it('name every missing and mistaken field of an evaluation at once', () => {
    expect(
      mistakes(evaluateQuestion, { instance_type: 7, aws_signal: 'MAYBE', region: 'Mumbai' }),
    ).to.deep.equal([
      { path: 'instance_type', message: 'must be of type string, not number' },
      { path: 'region', message: 'must be an AWS region such as ap-south-1' },
      { path: 'aws_signal', message: 'must be NONE, REBALANCE or TERMINATION' },
    ]);
    expect(mistakes(evaluateQuestion, {}).map(({ path }) => path)).to.deep.equal([
      'instance_type',
      'availability_zone',
    ]);
  });

  it('never take a misspelt signal field for no signal', () => {
    const request = { pool: 'c5.large@ap-south-1a', aws_sigal: 'TERMINATION' };
    expect(mistakes(evaluateQuestion, request).map(({ path }) => path)).to.deep.equal(['aws_sigal']);
  });

  it('fill what was not said', () => {
    expect(explainQuestion({})).to.deep.equal({ decisionId: undefined, last: 1, withoutCandidates: false });
    expect(listPoolsQuestion({})).to.deep.equal({
      region: undefined,
      instanceTypePrefix: '',
      hotOnly: false,
      pageSize: 100,
      pageToken: '',
    });
    expect(mistakes(listPoolsQuestion, { page_size: 5_000 })[0]?.path).to.equal('page_size');
  });

  it('read a gRPC message, whose unsaid fields are filled with zeros, as the JSON without them', () => {
    const message = {
      pools: [
        {
          pool: '',
          instance_type: 'c5.large',
          availability_zone: 'ap-south-1a',
          capacity_type: 'CAPACITY_TYPE_UNSPECIFIED',
        },
      ],
      node_groups: [],
      resource_requirements: null,
      region: '',
    };
    expect(rankQuestion(withoutProtoDefaults(message))).to.deep.equal({
      kind: 'pools',
      pools: [c5],
      region: undefined,
      demand: undefined,
    });
  });

  it('answer whatever JSON holds with a question or with mistakes, and nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const read of [rankQuestion, evaluateQuestion, explainQuestion, listPoolsQuestion])
          mistakes(read, value);
      }),
    );
  });
});
