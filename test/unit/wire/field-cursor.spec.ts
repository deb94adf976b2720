import { expect } from 'chai';
import fc from 'fast-check';
import { bytesField, joined, numberField, tag, textField, varint } from '../../../scripts/wire-bytes.ts';
import { FieldCursor } from '../../../src/wire/field-cursor.ts';

function walked(bytes: Uint8Array): { readonly fields: readonly number[]; readonly broken: boolean } {
  const cursor = new FieldCursor(bytes);
  const fields: number[] = [];
  while (cursor.next()) fields.push(cursor.field);
  return { fields, broken: cursor.broken };
}

describe('field cursor', () => {
  it('walks every wire type and skips groups whole', () => {
    const message = joined(
      numberField(1, 300),
      textField(2, 'text'),
      joined(tag(3, 1), new Uint8Array(8)),
      joined(tag(4, 5), new Uint8Array(4)),
      joined(tag(5, 3), numberField(1, 1), tag(6, 3), textField(7, 'inside'), tag(6, 4), tag(5, 4)),
      numberField(8, 1),
    );
    expect(walked(message)).to.deep.equal({ fields: [1, 2, 3, 4, 8], broken: false });
  });

  it('reads varints as numbers and as int32', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 31n), max: 2n ** 53n }), (value) => {
        const cursor = new FieldCursor(numberField(1, value));
        expect(cursor.next()).to.equal(true);
        expect(cursor.int32).to.equal(Number(BigInt.asIntN(32, value)));
        if (value >= 0n) expect(cursor.value).to.equal(Number(value));
      }),
    );
  });

  for (const [what, bytes] of [
    ['a varint of eleven bytes', joined(tag(1, 0), new Uint8Array(10).fill(0x80), Uint8Array.of(1))],
    ['a varint beyond 64 bits', joined(tag(1, 0), new Uint8Array(9).fill(0xff), Uint8Array.of(2))],
    ['a length beyond the end', joined(tag(1, 2), varint(5), new Uint8Array(4))],
    ['a length of 2^63', joined(tag(1, 2), varint(2n ** 63n))],
    ['a cut fixed64', joined(tag(1, 1), new Uint8Array(7))],
    ['a cut tag', Uint8Array.of(0x80)],
    ['field number 0', joined(tag(0, 0), varint(1))],
    ['field number 2^29', joined(varint(2n ** 32n), varint(1))],
    ['wire type 6', tag(1, 6)],
    ['an end of group without its start', tag(1, 4)],
    ['a group that ends as another', joined(tag(1, 3), tag(2, 4))],
    ['a group without end', joined(tag(1, 3), numberField(2, 1))],
    ['groups nested a million deep', new Uint8Array(1_000_000).fill(0x0b)],
  ] as const) {
    it(`is broken by ${what}`, () => {
      expect(walked(bytes).broken).to.equal(true);
    });
  }

  it('takes a varint padded to ten bytes', () => {
    const padded = joined(
      tag(1, 0),
      Uint8Array.of(0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00),
    );
    const cursor = new FieldCursor(padded);
    expect([cursor.next(), cursor.value, cursor.broken]).to.deep.equal([true, 1, false]);
  });

  it('never leaves its bounds and always comes to an end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(50), (bytes, margin) => {
        const cursor = new FieldCursor(joined(bytes, new Uint8Array(margin).fill(0x0a)), 0, bytes.length);
        let last = -1;
        while (cursor.next()) {
          expect(cursor.tagAt).to.be.greaterThan(last);
          last = cursor.tagAt;
          if (cursor.type === 2) expect(cursor.end).to.be.at.most(bytes.length);
        }
      }),
    );
  });

  it('reads back what was written', () => {
    const fields = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 0x1fffffff }), fc.uint8Array({ maxLength: 40 })),
    );
    fc.assert(
      fc.property(fields, (written) => {
        const bytes = joined(...written.map(([field, content]) => bytesField(field, content)));
        const cursor = new FieldCursor(bytes);
        const read: [number, Uint8Array][] = [];
        while (cursor.next()) read.push([cursor.field, bytes.slice(cursor.start, cursor.end)]);
        expect(read).to.deep.equal(written.map(([field, content]) => [field, Uint8Array.from(content)]));
      }),
    );
  });
});
