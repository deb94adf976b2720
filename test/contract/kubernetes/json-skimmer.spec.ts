import { expect } from 'chai';
import fc from 'fast-check';
import { jsonSkimmer, type Kept } from '../../../src/adapters/kubernetes/json-skimmer.ts';

/** What is kept of a value that has been parsed whole: the skimmer's other half. */
function reduced(value: unknown, kept: Kept): unknown {
  if (kept === 'scalar') return typeof value === 'object' && value !== null ? undefined : value;
  if ('each' in kept)
    return Array.isArray(value)
      ? value.map((one) => reduced(one, kept.each)).filter((one) => one !== undefined)
      : undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => Object.hasOwn(kept.fields, key))
      .map(([key, one]) => [key, reduced(one, kept.fields[key] ?? 'scalar')])
      .filter(([, one]) => one !== undefined),
  );
}

const item: Kept = {
  fields: {
    a: 'scalar',
    b: { fields: { a: 'scalar', b: { each: 'scalar' } } },
    '': { each: { fields: { a: 'scalar', c: { fields: {} } } } },
  },
};
const root: Kept = { fields: { metadata: { fields: { continue: 'scalar' } }, items: { each: item } } };

function skimmed(text: string, cuts: readonly number[] = []): { items: unknown[]; root: unknown } {
  const bytes = Buffer.from(text);
  const items: unknown[] = [];
  const skimmer = jsonSkimmer(root, (one) => items.push(one));
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let from = 0;
  for (const end of ends) {
    skimmer.push(bytes.subarray(from, end));
    from = end;
  }
  return { root: skimmer.end(), items };
}

describe('JSON skimmer', () => {
  const key = fc.constantFrom('a', 'b', 'c', '', 'items', 'metadata', 'é"\\', '__proto__');
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', '\\"', '\\\\', '{', ']}', '\u0000'),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (one === 0 ? 0 : one)),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc
        .uniqueArray(fc.tuple(key, tie('value')), { maxLength: 5, selector: ([name]) => name })
        .map((entries) => Object.fromEntries(entries.filter(([name]) => name !== '__proto__'))),
    ),
  })).value;

  it('keeps of any document, cut anywhere, what parsing it whole would', () => {
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 5 }),
        value,
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.constantFrom(0, 1, 2),
        (items, metadata, cuts, indent) => {
          const text = JSON.stringify({ kind: 'List', metadata, more: items, items }, null, indent);
          const got = skimmed(text, cuts);
          const objects = items.filter(
            (one) => typeof one === 'object' && one !== null && !Array.isArray(one),
          );
          expect(got.items).to.deep.equal(objects.map((one) => reduced(one, item)));
          const kept = reduced(metadata, { fields: { continue: 'scalar' } });
          expect(got.root).to.deep.equal({ ...(kept !== undefined && { metadata: kept }), items: [] });
        },
      ),
      { numRuns: 400 },
    );
  });

  it('every prefix of a document is an answer that broke off', () => {
    const text = JSON.stringify({ metadata: { continue: 'x' }, items: [{ a: '\\"', b: { b: [1] } }, {}] });
    for (let length = 0; length < text.length; length += 1)
      expect(() => skimmed(text.slice(0, length)), text.slice(0, length)).to.throw(/middle/);
    expect(skimmed(text).items).to.deep.equal([{ a: '\\"', b: { b: [1] } }, {}]);
  });

  it('what is no JSON is refused, HTML first', () => {
    for (const text of ['<html>', '[]', '{"items":[}', '{"items" 1}', '{} {}', '{"metadata":{"continue":<}}'])
      expect(() => skimmed(text), text).to.throw();
  });

  it('a scalar that is longer than any name reads as empty, and what follows it is still read', () => {
    const long = 'x'.repeat(1_000_000);
    const text = JSON.stringify({
      items: [
        { a: long, b: { a: 1 } },
        { [long]: 1, a: 2 },
      ],
    });
    expect(skimmed(text, [10, 70_000, 500_000]).items).to.deep.equal([{ a: '', b: { a: 1 } }, { a: 2 }]);
  });

  it('of an array with thousands of elements, so many are kept and the fields after it are still read', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => index);
    const [one] = skimmed(JSON.stringify({ items: [{ b: { b: many }, a: 'after' }] })).items as {
      a: string;
      b: { b: number[] };
    }[];
    expect(one?.a).to.equal('after');
    expect(one?.b.b).to.have.length(64);
  });
});
