import { expect } from 'chai';
import fc from 'fast-check';
import {
  faultOf,
  mutant,
  realRequests,
  seededRandom,
  smallRequests,
} from '../../../scripts/wire-mutations.ts';
import {
  bytesField,
  concatenated,
  joined,
  node,
  nodeEntry,
  option,
  pod,
  tag,
  textField,
  varint,
} from '../../../scripts/wire-bytes.ts';
import { MalformedRequest } from '../../../src/errors/malformed-request.ts';
import { readBestOptions } from '../../../src/wire/best-options-reader.ts';

const many = <T>(length: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length }, (_, index) => make(index));

describe('hostile requests', () => {
  it('are read legally or refused, 5,000 mutations of small ones and 200 of real ones', () => {
    const random = seededRandom(7);
    for (let index = 0; index < 5_200; index += 1) {
      const bytes = mutant(index < 5_000 ? smallRequests : realRequests, random);
      expect(faultOf(bytes), `message ${index}`).to.equal(undefined);
    }
  });

  it('are read legally or refused when they are any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => faultOf(bytes) === undefined),
      { numRuns: 2_000 },
    );
  });

  it('are read legally or refused wherever they are cut', () => {
    const whole = smallRequests.at(-1)!;
    for (let length = 0; length <= whole.length; length += 1) {
      expect(faultOf(whole.subarray(0, length)), `cut at ${length}`).to.equal(undefined);
    }
  });

  it('may have 100,000 options that share their pods', () => {
    const shared = many(3, (index) => pod({ name: `p${index}`, containers: [{ requests: { cpu: '1' } }] }));
    const request = concatenated(many(100_000, (index) => option({ id: `group-${index}`, raw: shared })));
    const { options, pods } = readBestOptions(request);
    expect(options).to.have.length(100_000);
    expect(pods).to.have.length(3);
  });

  it('may have 100,000 options of one id', () => {
    const request = concatenated(many(100_000, (index) => option({ id: 'same', count: index })));
    expect(readBestOptions(request).options).to.deep.equal([
      { nodeGroupId: 'same', nodeCount: 99_999, pods: new Uint32Array(0) },
    ]);
  });

  it('may have 20,000 options of one id, each with a pod of its own', () => {
    const request = concatenated(
      many(20_000, (index) => option({ id: 'same', raw: [pod({ name: `p${index}` })] })),
    );
    const { options } = readBestOptions(request);
    expect(options).to.have.length(1);
    expect(Array.from(options[0]!.pods)).to.deep.equal(many(20_000, (index) => index));
  });

  it('are refused with an id that no cloud has', () => {
    expect(() => readBestOptions(option({ id: 'x'.repeat(1_025) }))).to.throw(
      MalformedRequest,
      'the node group id at byte 6 has 1025 bytes, at most 1024 are read',
    );
    expect(readBestOptions(option({ id: 'x'.repeat(1_024) })).options).to.have.length(1);
  });

  it('may have 20,000 distinct pods that look alike at the head', () => {
    const head = 'x'.repeat(600);
    const raw = many(20_000, (index) => pod({ name: head, overhead: { cpu: `${index}m` } }));
    const { options, pods } = readBestOptions(option({ id: 'x', raw }));
    expect(options[0]!.pods).to.have.length(20_000);
    expect(pods.length).to.be.at.least(20_000);
    expect(pods[options[0]!.pods[12_345]!]!.requests.cpuMilli).to.equal(12_345);
  });

  it('may have 100,000 nodes, none of which decodes', () => {
    const request = concatenated(many(100_000, (index) => nodeEntry(3, `n${index}`, Uint8Array.of(0xff))));
    expect(readBestOptions(request).unreadable.nodes).to.equal(100_000);
  });

  it('may have 200,000 pods, none of which decodes', () => {
    const request = option({ id: 'x', raw: many(200_000, (index) => varint(index)) });
    expect(readBestOptions(request).options[0]!.pods).to.have.length(0);
  });

  it('may nest messages and groups as deep as they like', () => {
    let nested: Uint8Array = textField(1, 'core');
    for (let depth = 0; depth < 5_000; depth += 1) nested = bytesField(2, nested);
    const groups = new Uint8Array(100_000).fill(0x0b);
    for (const bomb of [nested, groups, joined(tag(2, 3), groups)]) {
      const request = joined(option({ id: 'x', raw: [bomb] }), nodeEntry(3, 'x', bomb), option({ id: 'y' }));
      const { options } = readBestOptions(request);
      expect(options.map(({ nodeGroupId }) => nodeGroupId)).to.deep.equal(['x', 'y']);
    }
    expect(() => readBestOptions(groups)).to.throw(MalformedRequest);
  });

  it('cannot make the reader hold more pod references than a cluster could need', () => {
    const minimal = Uint8Array.of(0x2a, 0x02, 0x12, 0x00);
    const pods = new Uint8Array(minimal.length * 100_000);
    for (let at = 0; at < pods.length; at += minimal.length) pods.set(minimal, at);
    const request = joined(
      ...many(81, (index) =>
        bytesField(1, textField(1, `g${index}`), pods.subarray(0, pods.length - 4 * index)),
      ),
    );
    expect(() => readBestOptions(request)).to.throw(MalformedRequest, 'too many pods');
  });

  it('cannot pass a label off as a property of every object', () => {
    const request = nodeEntry(3, 'x', node({ labels: { __proto__x: '1', constructor: 'mine' } }));
    const { labels } = readBestOptions(request).nodes.get('x')!;
    expect(Object.keys(labels)).to.deep.equal(['__proto__x', 'constructor']);
    const proto = bytesField(
      1,
      textField(1, 'n'),
      bytesField(11, textField(1, '__proto__'), textField(2, 'mine')),
    );
    const own = readBestOptions(nodeEntry(3, 'x', proto)).nodes.get('x')!.labels;
    expect(Object.getPrototypeOf(own)).to.equal(Object.prototype);
    expect(Object.hasOwn(own, '__proto__')).to.equal(true);
  });
});
