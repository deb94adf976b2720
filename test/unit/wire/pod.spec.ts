import { expect } from 'chai';
import {
  amounts,
  bytesField,
  joined,
  labelEntry,
  node,
  nodeEntry,
  numberField,
  option,
  pod,
  tag,
  textField,
} from '../../../scripts/wire-bytes.ts';
import type { PodShape } from '../../../scripts/wire-bytes.ts';
import type { PendingPod } from '../../../src/decision/scale-up-request.ts';
import { readBestOptions } from '../../../src/wire/best-options-reader.ts';

const mebibyte = 1024 * 1024;

function read(shape: PodShape): PendingPod {
  const { pods, unreadable } = readBestOptions(option({ id: 'g', raw: [pod(shape)] }));
  expect(unreadable).to.deep.equal({ pods: 0, nodes: 0 });
  return pods[0]!;
}

const requested = (shape: PodShape): readonly [number, number] => {
  const { cpuMilli, memoryBytes } = read(shape).requests;
  return [cpuMilli, memoryBytes / mebibyte];
};

describe("a pod's requests, as the scheduler counts them", () => {
  const web = { requests: { cpu: '500m', memory: '600Mi' } };

  it('are the sum of the containers', () => {
    expect(requested({ containers: [web, { requests: { cpu: '1', memory: '1Gi' } }] })).to.deep.equal([
      1500, 1624,
    ]);
  });

  it('are the largest init container where that is more, resource by resource', () => {
    const initContainers = [
      { requests: { cpu: '2', memory: '1Mi' } },
      { requests: { cpu: '1', memory: '2Mi' } },
    ];
    expect(requested({ containers: [web], initContainers })).to.deep.equal([2000, 600]);
  });

  it('count sidecars with the containers, and with the init containers after them', () => {
    const sidecar = { requests: { cpu: '100m', memory: '100Mi' }, runsOn: true };
    const start = { requests: { cpu: '450m', memory: '900Mi' } };
    expect(requested({ containers: [web], initContainers: [sidecar, start] })).to.deep.equal([600, 1000]);
    expect(requested({ containers: [web], initContainers: [start, sidecar] })).to.deep.equal([600, 900]);
  });

  it('are replaced by what the pod asks for as a whole, where it does', () => {
    expect(requested({ containers: [web], podLevel: { cpu: '250m' } })).to.deep.equal([250, 600]);
    expect(requested({ containers: [web], podLevel: { cpu: '0', memory: '1Gi' } })).to.deep.equal([0, 1024]);
  });

  it('include the overhead, also on top of pod-level requests', () => {
    const overhead = { cpu: '10m', memory: '64Mi' };
    expect(requested({ containers: [web], overhead })).to.deep.equal([510, 664]);
    expect(requested({ containers: [web], overhead, podLevel: { memory: '1Gi' } })).to.deep.equal([
      510, 1088,
    ]);
  });

  it('round a fraction of a thousandth once, over all containers', () => {
    const tiny = { requests: { cpu: '300u' } };
    expect(requested({ containers: [tiny, tiny, tiny] })).to.deep.equal([1, 0]);
  });

  it('count accelerators of every known kind', () => {
    const { requests } = read({
      containers: [
        { requests: { 'nvidia.com/gpu': '2', 'nvidia.com/mig-1g.5gb': '3', 'example.com/fpga': '7' } },
      ],
    });
    expect(requests.gpus).to.equal(5);
  });

  it('are never below zero', () => {
    expect(requested({ containers: [{ requests: { cpu: '-1', memory: '-1Gi' } }] })).to.deep.equal([0, 0]);
  });

  it('ignore limits', () => {
    const limited = bytesField(2, bytesField(8, amounts(1, { cpu: '4' })));
    expect(requested({ spec: [limited] })).to.deep.equal([0, 0]);
  });
});

describe("a pod's preferences", () => {
  const requirement = (key: string, operator: string, ...values: readonly string[]): Uint8Array =>
    joined(textField(1, key), textField(2, operator), ...values.map((value) => textField(3, value)));
  const term = (weight: number, ...expressions: readonly Uint8Array[]): Uint8Array =>
    bytesField(2, numberField(1, weight), bytesField(2, ...expressions));
  const affinity = (...terms: readonly Uint8Array[]): Uint8Array => bytesField(18, bytesField(1, ...terms));

  it('are its weighted node terms', () => {
    const zone = requirement('topology.kubernetes.io/zone', 'In', 'a', 'b');
    const arch = requirement('kubernetes.io/arch', 'Exists');
    const spec = [affinity(term(80, bytesField(1, zone), bytesField(1, arch)))];
    expect(read({ spec }).preferredNodeTerms).to.deep.equal([
      {
        weight: 80,
        requirements: [
          { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['a', 'b'] },
          { key: 'kubernetes.io/arch', operator: 'Exists', values: [] },
        ],
      },
    ]);
  });

  it('leave out terms that no new node can match: without weight or requirement, on fields, with an unknown operator', () => {
    const good = bytesField(1, requirement('k', 'In', 'v'));
    const spec = [
      affinity(
        term(0, good),
        term(10),
        term(10, good, bytesField(2, requirement('metadata.name', 'In', 'n'))),
        term(10, good, bytesField(1, requirement('k', 'Resembles', 'v'))),
        term(10, bytesField(1, requirement('k', 'constructor', 'v'))),
      ),
    ];
    expect(read({ spec }).preferredNodeTerms).to.deep.equal([]);
  });

  it('are its ScheduleAnyway constraints, not the DoNotSchedule ones', () => {
    const spread = (key: string, when: string): Uint8Array =>
      bytesField(33, numberField(1, 2), textField(2, key), textField(3, when));
    const spec = [spread('zone', 'ScheduleAnyway'), spread('host', 'DoNotSchedule')];
    expect(read({ spec }).spreadPreferences).to.deep.equal([{ topologyKey: 'zone', maxSkew: 2 }]);
  });
});

describe('what the autoscaler does with a pod to empty its node', () => {
  const safe = (value: string): Uint8Array =>
    labelEntry(12, 'cluster-autoscaler.kubernetes.io/safe-to-evict', value);
  const owner = (kind: string, controls = 1): Uint8Array =>
    bytesField(13, textField(1, kind), textField(3, 'web'), numberField(6, controls));

  for (const [what, metadata, expected] of [
    ['nothing is said of it', [], 'stays'],
    ['a replica set makes it anew', [owner('ReplicaSet')], 'moves'],
    ['a stateful set makes it anew', [owner('StatefulSet')], 'moves'],
    ['a job makes it anew', [owner('Job')], 'moves'],
    ['a controller of another kind owns it', [owner('SparkApplication')], 'stays'],
    ['a replica set owns it but does not control it', [owner('ReplicaSet', 0)], 'stays'],
    ['the second owner controls it', [owner('Node', 0), owner('ReplicaSet')], 'moves'],
    ['it may not be evicted', [owner('ReplicaSet'), safe('false')], 'stays'],
    ['it may be evicted though nobody owns it', [safe('true')], 'moves'],
    ['the annotation says something else', [owner('Job'), safe('maybe')], 'moves'],
    ['another annotation is as long', [labelEntry(12, 'x'.repeat(46), 'true')], 'stays'],
  ] as const) {
    it(`it ${expected} where ${what}`, () => {
      expect(read({ metadata: [...metadata] }).onScaleDown).to.equal(expected);
    });
  }

  it('is not known where the metadata is broken; the pod counts all the same', () => {
    expect(read({ metadata: [tag(12, 2)] })).not.to.have.any.keys('onScaleDown', 'uid');
    expect(read({ metadata: [bytesField(13, tag(1, 2)), safe('true')] }).onScaleDown).to.equal('moves');
  });
});

describe('bytes that are no pod or node', () => {
  const unreadablePods = (...raw: readonly Uint8Array[]): number => {
    const { options, unreadable } = readBestOptions(option({ id: 'g', raw }));
    expect(options).to.have.length(1);
    expect(options[0]!.pods).to.have.length(0);
    return unreadable.pods;
  };

  for (const [what, bytes] of [
    ['an id in the place of a pod', new TextEncoder().encode('default/web-5d9c7b-x2x7p')],
    ['a uid in the place of a pod', new TextEncoder().encode('1c0a7c5e-7b0b-4f6e-9a3e-0d7f1a2b3c4d')],
    ['nothing', new Uint8Array()],
    ['a pod without spec', bytesField(1, textField(1, 'name'))],
    ['a cut pod', pod({ containers: [{ requests: { cpu: '1' } }] }).slice(0, -1)],
    ['a quantity that is none', pod({ containers: [{ requests: { cpu: 'lots' } }] })],
    ['a broken affinity', pod({ spec: [bytesField(18, tag(1, 2))] })],
    ['a broken container', pod({ spec: [bytesField(2, tag(8, 2))] })],
  ] as const) {
    it(`are skipped and counted: ${what}`, () => {
      expect(unreadablePods(bytes, bytes)).to.equal(1);
    });
  }

  it('do not take the other nodes with them', () => {
    const request = joined(
      nodeEntry(3, 'good', node({ labels: { zone: 'a' }, allocatable: { cpu: '1930m', memory: '7Gi' } })),
      nodeEntry(3, 'cut', node({ labels: { zone: 'a' } }).slice(0, -1)),
      nodeEntry(3, 'amount', node({ capacity: { cpu: 'lots' } })),
      nodeEntry(3, 'empty', new Uint8Array()),
    );
    const { nodes, unreadable } = readBestOptions(request);
    expect([...nodes.keys()]).to.deep.equal(['good']);
    expect(nodes.get('good')).to.deep.include({ labels: { zone: 'a' }, providerId: '', name: 'node' });
    expect(nodes.get('good')!.allocatable).to.deep.equal({
      cpuMilli: 1930,
      memoryBytes: 7 * 1024 ** 3,
      gpus: 0,
    });
    expect(unreadable).to.deep.equal({ pods: 0, nodes: 3 });
  });
});
