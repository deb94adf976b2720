import { expect } from 'chai';
import fc from 'fast-check';
import {
  recordedRequest,
  requestFromRecord,
  requestToRecord,
} from '../../../../src/server/recording/recorded-request.ts';
import type { PendingPod, ScaleUpRequest } from '../../../../src/decision/scale-up-request.ts';

const pod: PendingPod = {
  requests: { cpuMilli: 500, memoryBytes: 1e9, gpus: 0 },
  preferredNodeTerms: [
    { weight: 80, requirements: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['a'] }] },
  ],
  spreadPreferences: [{ topologyKey: 'topology.kubernetes.io/zone', maxSkew: 1 }],
  onScaleDown: 'moves',
};

function request(podsOfOptions: readonly (readonly number[])[], podCount: number): ScaleUpRequest {
  return {
    options: podsOfOptions.map((pods, index) => ({
      nodeGroupId: `group-${index}`,
      nodeCount: index + 1,
      pods: Int32Array.from(pods),
    })),
    pods: Array.from({ length: podCount }, () => pod),
    nodes: new Map([
      [
        'group-0',
        {
          name: 'template',
          labels: { 'node.kubernetes.io/instance-type': 'c5.large' },
          providerId: '',
          allocatable: pod.requests,
          capacity: pod.requests,
        },
      ],
    ]),
    unreadable: { pods: 1, nodes: 2 },
  };
}

function afterTheDisk(given: ScaleUpRequest): ScaleUpRequest {
  const text = JSON.stringify(requestToRecord(given));
  return requestFromRecord(recordedRequest.parse(JSON.parse(text)));
}

describe('a recorded request', () => {
  it('comes back as it was, whatever pods the options hold', () => {
    const pods = fc.integer({ min: 1, max: 40 }).chain((podCount) =>
      fc.record({
        podCount: fc.constant(podCount),
        options: fc.array(fc.array(fc.integer({ min: 0, max: podCount - 1 })), { maxLength: 8 }),
      }),
    );
    fc.assert(
      fc.property(pods, ({ podCount, options }) => {
        const given = request(options, podCount);
        const back = afterTheDisk(given);
        expect(back.options.map((option) => Array.from(option.pods))).to.deep.equal(options);
        expect({ ...back, options: [] }).to.deep.equal({ ...given, options: [] });
      }),
    );
  });

  it('of an older version holds pods that stay', () => {
    const record = requestToRecord(request([[0]], 1));
    const older = { ...record, pods: record.pods.map((known) => ({ ...known, onScaleDown: undefined })) };
    expect(recordedRequest.parse(older).pods.map(({ onScaleDown }) => onScaleDown)).to.deep.equal(['stays']);
  });

  it('keeps options that repeat the same thousand pods short', () => {
    const all = Array.from({ length: 1_000 }, (_, index) => index);
    const record = requestToRecord(request([all, all], 1_000));
    expect(record.options.map(({ pods }) => pods)).to.deep.equal([
      [0, 1_000],
      [0, 1_000],
    ]);
  });

  it('does not hang on a run that a hand made endless, nor name pods that are not there', () => {
    const record = requestToRecord(request([[0]], 3));
    const edited = { ...record, options: [{ node_group_id: 'a', node_count: 1, pods: [0, 1e15] }] };
    expect(Array.from(requestFromRecord(edited).options[0]?.pods ?? [])).to.deep.equal([0, 1, 2]);
  });
});
