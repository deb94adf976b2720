import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  bytesField,
  joined,
  node,
  nodeEntry,
  numberField,
  option,
  pod,
  tag,
  textField,
} from '../../../scripts/wire-bytes.ts';
import { nativeSameBytes } from '../../../src/adapters/grpc/native-same-bytes.ts';
import type { ScaleUpRequest } from '../../../src/decision/scale-up-request.ts';
import { MalformedRequest } from '../../../src/errors/malformed-request.ts';
import { readBestOptions } from '../../../src/wire/best-options-reader.ts';

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));

/** A request in an order of its own, with pods by value, so that two readings can be compared. */
function comparable({ options, pods, nodes, unreadable }: ScaleUpRequest): unknown {
  const text = (value: unknown): string => JSON.stringify(value);
  return {
    options: options
      .map(({ nodeGroupId, nodeCount, pods: held }) => ({
        nodeGroupId,
        nodeCount,
        pods: Array.from(held, (index) => text(pods[index])).sort(),
      }))
      .sort((a, b) => (a.nodeGroupId < b.nodeGroupId ? -1 : 1)),
    pods: pods.map(text).sort(),
    nodes: Object.fromEntries([...nodes].sort(([a], [b]) => (a < b ? -1 : 1))),
    unreadable,
  };
}

const podAsking = (cpu: string, name = cpu): Uint8Array => pod({ name, containers: [{ requests: { cpu } }] });

describe('requests of real autoscalers', () => {
  const releases = ['1.34.1', '1.34.5', '1.35.2'];
  const read = releases.map((release) => readBestOptions(fixture(`real_request.ca-${release}.bin`)));
  const counts: Readonly<Record<string, readonly [nodeCount: number, pods: number]>> = {
    'od-m5-large-a': [9, 20],
    'spot-c5-large-a': [9, 17],
    'spot-c5-large-b': [9, 17],
    'spot-c5-xlarge-b': [5, 20],
    'spot-m5-2xlarge-a': [2, 20],
    'spot-m5-large-c': [9, 20],
    'spot-m6g-large-a': [9, 20],
    'spot-r5-large-b': [9, 20],
    'spot-t3-medium-c': [9, 17],
  };

  for (const [index, release] of releases.entries()) {
    const request = read[index]!;

    it(`${release}: nine groups with their counts and pods`, () => {
      const found = request.options.map((one) => [one.nodeGroupId, [one.nodeCount, one.pods.length]]);
      expect(Object.fromEntries(found)).to.deep.equal(counts);
      expect(request.unreadable).to.deep.equal({ pods: 0, nodes: 0 });
    });

    it(`${release}: twenty pods, each decoded once, as they were made`, () => {
      const asks = request.pods.map(
        ({ requests }) => `${requests.cpuMilli}m ${requests.memoryBytes / 1024 ** 2}Mi`,
      );
      const count = (what: string): number => asks.filter((ask) => ask === what).length;
      expect([asks.length, count('500m 600Mi'), count('250m 3072Mi'), count('1500m 2048Mi')]).to.deep.equal([
        20, 12, 3, 5,
      ]);
      const cache = request.pods.find(({ requests }) => requests.cpuMilli === 250)!;
      expect(cache.preferredNodeTerms).to.deep.equal([
        {
          weight: 80,
          requirements: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['ap-south-1b'] }],
        },
      ]);
      const batch = request.pods.find(({ requests }) => requests.cpuMilli === 1500)!;
      expect(batch.spreadPreferences).to.deep.equal([
        { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 1 },
      ]);
    });

    it(`${release}: a node template for each group`, () => {
      expect([...request.nodes.keys()].sort()).to.deep.equal(Object.keys(counts));
      const template = request.nodes.get('spot-m6g-large-a')!;
      expect(template.labels).to.include({
        'kubernetes.io/arch': 'arm64',
        'node.kubernetes.io/instance-type': 'm6g.large',
        'eks.amazonaws.com/capacityType': 'SPOT',
        'topology.kubernetes.io/zone': 'ap-south-1a',
      });
      expect(template.capacity).to.deep.equal({ cpuMilli: 2000, memoryBytes: 8 * 1024 ** 3, gpus: 0 });
      expect(template.allocatable.cpuMilli).to.equal(1930);
    });
  }

  it('ask for the same in all three wire forms', () => {
    const asked = read.map(({ options, pods }) =>
      comparable({
        options,
        // Each release asked for pods of its own run: alike but for their uids.
        pods: pods.map((pod) => ({ ...pod, uid: '' })),
        nodes: new Map(),
        unreadable: { pods: 0, nodes: 0 },
      }),
    );
    expect(asked[1]).to.deep.equal(asked[0]);
    expect(asked[2]).to.deep.equal(asked[0]);
  });

  it('tell their pods apart by uid', () => {
    for (const { pods } of read) {
      const uids = new Set(pods.map(({ uid }) => uid));
      expect(uids.size).to.equal(20);
      for (const uid of uids) expect(uid).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    }
  });

  it('hold no reference to the bytes once they are read', () => {
    const bytes = Uint8Array.from(fixture('real_request.ca-1.34.5.bin'));
    const request = readBestOptions(bytes);
    const before = comparable(request);
    bytes.fill(0);
    expect(comparable(request)).to.deep.equal(before);
  });

  it('are read the same with the language alone and with memcmp', () => {
    for (const release of releases) {
      const bytes = fixture(`real_request.ca-${release}.bin`);
      expect(readBestOptions(bytes, nativeSameBytes)).to.deep.equal(readBestOptions(bytes));
    }
  });
});

describe('the three wire forms of one request', () => {
  interface Expected {
    readonly nodeMap: Readonly<
      Record<
        string,
        { readonly metadata: { readonly name: string; readonly labels: Record<string, string> } }
      >
    >;
  }
  const expected = JSON.parse(
    new TextDecoder().decode(fixture('best_options_request.expected.json')),
  ) as Expected;
  const forms = ['ca-1.24-1.34.1', 'ca-1.34.2-1.34.5', 'ca-1.35plus'];
  const read = forms.map((form) => readBestOptions(fixture(`best_options_request.${form}.bin`)));

  it('are equal in everything', () => {
    expect(comparable(read[1]!)).to.deep.equal(comparable(read[0]!));
    expect(comparable(read[2]!)).to.deep.equal(comparable(read[0]!));
  });

  for (const [index, form] of forms.entries()) {
    it(`${form} has the nodes with the names and labels that are inside`, () => {
      const { nodes } = read[index]!;
      expect([...nodes.keys()].sort()).to.deep.equal(Object.keys(expected.nodeMap).sort());
      for (const [id, { name, labels }] of nodes) {
        expect({ name, labels }).to.deep.equal({
          name: expected.nodeMap[id]!.metadata.name,
          labels: expected.nodeMap[id]!.metadata.labels,
        });
      }
    });
  }
});

describe('a BestOptionsRequest', () => {
  it('may be empty', () => {
    expect(readBestOptions(new Uint8Array())).to.deep.equal({
      options: [],
      pods: [],
      nodes: new Map(),
      unreadable: { pods: 0, nodes: 0 },
    });
  });

  it('counts raw pods only where an option has both forms, and raw nodes only where the request has both', () => {
    const request = joined(
      option({ id: 'both', embedded: [podAsking('1')], raw: [podAsking('2')] }),
      option({ id: 'old', embedded: [podAsking('3')] }),
      nodeEntry(2, 'a', node({ name: 'old' })),
      nodeEntry(3, 'a', node({ name: 'new' })),
      nodeEntry(2, 'b', node({ name: 'old' })),
    );
    const { options, pods, nodes } = readBestOptions(request);
    expect(options.map(({ pods: held }) => pods[held[0]!]!.requests.cpuMilli)).to.deep.equal([2000, 3000]);
    expect(pods).to.have.length(2);
    expect([...nodes].map(([id, { name }]) => [id, name])).to.deep.equal([['a', 'new']]);
  });

  it('may list options without nodes, nodes without options, and options without pods', () => {
    const { options, nodes } = readBestOptions(joined(option({ id: 'x' }), nodeEntry(3, 'y', node())));
    expect(options.map(({ nodeGroupId, pods }) => [nodeGroupId, pods.length])).to.deep.equal([['x', 0]]);
    expect([...nodes.keys()]).to.deep.equal(['y']);
  });

  it('counts at least one node for an option', () => {
    for (const count of [0, -1, -(2 ** 31)]) {
      expect(readBestOptions(option({ id: 'x', count })).options[0]!.nodeCount).to.equal(1);
    }
  });

  it('makes one option of those with one id: the larger count, all pods', () => {
    const request = joined(
      option({ id: 'x', count: 2, raw: [podAsking('1'), podAsking('2')] }),
      option({ id: 'y', raw: [podAsking('2')] }),
      option({ id: 'x', count: 5, raw: [podAsking('2'), podAsking('3')] }),
    );
    const { options } = readBestOptions(request);
    expect(
      options.map(({ nodeGroupId, nodeCount, pods }) => [nodeGroupId, nodeCount, [...Array.from(pods)]]),
    ).to.deep.equal([
      ['x', 5, [0, 1, 2]],
      ['y', 1, [1]],
    ]);
  });

  it('skips options without id, which nobody could answer', () => {
    expect(readBestOptions(joined(option({ id: '' }), bytesField(1))).options).to.deep.equal([]);
  });

  it('reads an option whose fields come in any order', () => {
    const request = bytesField(
      1,
      bytesField(5, podAsking('1')),
      numberField(2, 7),
      bytesField(5, podAsking('2')),
      textField(1, 'late'),
    );
    const { options } = readBestOptions(joined(request, request));
    expect(options).to.have.length(1);
    expect(options[0]!.nodeGroupId).to.equal('late');
    expect(options[0]!.nodeCount).to.equal(7);
    expect(Array.from(options[0]!.pods)).to.deep.equal([0, 1]);
  });

  it('skips fields it does not know and known ones of another wire type', () => {
    const unknown = [
      textField(99, 'future'),
      joined(tag(7, 5), new Uint8Array(4)),
      numberField(1, 1),
      numberField(3, 1),
    ];
    const { options } = readBestOptions(joined(...unknown, option({ id: 'x' }), ...unknown));
    expect(options.map(({ nodeGroupId }) => nodeGroupId)).to.deep.equal(['x']);
  });

  it('keeps ids exactly, in any script and with a byte order mark', () => {
    const ids = ['\u{feff}id', 'गट', '🐘', '__proto__', ' '];
    const request = joined(...ids.map((id) => option({ id })), nodeEntry(3, '__proto__', node()));
    expect(readBestOptions(request).options.map(({ nodeGroupId }) => nodeGroupId)).to.deep.equal(ids);
  });

  for (const [what, bytes] of [
    ['text', new TextEncoder().encode('GET / HTTP/1.1')],
    ['a cut request', option({ id: 'x', raw: [podAsking('1')] }).slice(0, -1)],
    ['a broken option', bytesField(1, tag(1, 2))],
    [
      'an option broken behind its pods',
      bytesField(1, textField(1, 'x'), bytesField(5, podAsking('1')), tag(1, 2)),
    ],
    ['a broken node entry', bytesField(3, tag(1, 2))],
    ['an id that is not UTF-8', bytesField(1, bytesField(1, Uint8Array.of(0xff, 0xfe)))],
    ["a node's id that is not UTF-8", bytesField(3, bytesField(1, Uint8Array.of(0xc3, 0x28)))],
  ] as const) {
    it(`is refused in a sentence when it is ${what}`, () => {
      expect(() => readBestOptions(bytes)).to.throw(MalformedRequest, / /);
    });
  }

  it('is the same whether pods repeat in order, in disorder or in part', () => {
    const pods = Array.from({ length: 12 }, (_, index) =>
      podAsking(`${(index % 5) + 1}`, `pod-${index % 9}`),
    );
    const choices = fc.array(fc.array(fc.nat(11), { maxLength: 15 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(choices, fc.boolean(), (held, isRaw) => {
        const request = joined(
          ...held.map((indices, at) => {
            const content = indices.map((index) => pods[index]!);
            return option(isRaw ? { id: `g${at}`, raw: content } : { id: `g${at}`, embedded: content });
          }),
        );
        const read = readBestOptions(request);
        const asked = read.options.map((one) =>
          Array.from(one.pods, (index) => read.pods[index]!.requests.cpuMilli),
        );
        expect(asked).to.deep.equal(held.map((indices) => indices.map((index) => ((index % 5) + 1) * 1000)));
        const distinct = new Set(held.flat().map((index) => pods[index]!.join()));
        expect(read.pods).to.have.length(distinct.size);
      }),
    );
  });
});
