import { expect } from 'chai';
import fc from 'fast-check';
import { bestOptionsResponse } from '../../../src/wire/best-options-answer.ts';
import { FieldCursor } from '../../../src/wire/field-cursor.ts';

/** Every field of every option in the answer: field number and text. */
function fieldsOf(answer: Uint8Array): (readonly [number, string])[] {
  const options = new FieldCursor(answer);
  const option = new FieldCursor(answer);
  const fields: (readonly [number, string])[] = [];
  while (options.next()) {
    option.enter(options.start, options.end);
    while (option.next())
      fields.push([option.field, new TextDecoder().decode(answer.subarray(option.start, option.end))]);
    expect(option.broken).to.equal(false);
  }
  expect(options.broken).to.equal(false);
  return fields;
}

describe('a BestOptionsResponse', () => {
  it('names each id once, in order, and holds nothing else', () => {
    const ids = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), { maxLength: 30 });
    fc.assert(
      fc.property(ids, (wanted) => {
        expect(fieldsOf(bestOptionsResponse([...wanted, ...wanted]))).to.deep.equal(
          [...new Set(wanted)].map((id) => [1, id]),
        );
      }),
    );
  });

  it('is these bytes for one id', () => {
    expect([...bestOptionsResponse(['ab'])]).to.deep.equal([0x0a, 0x04, 0x0a, 0x02, 0x61, 0x62]);
  });

  it('is empty for no id', () => {
    expect(bestOptionsResponse([])).to.have.length(0);
  });
});
