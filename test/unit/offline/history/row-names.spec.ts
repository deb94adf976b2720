import { expect } from 'chai';
import fc from 'fast-check';
import { CsvScanner, fieldText } from '../../../../src/formats/csv-scanner.ts';
import { RowNames } from '../../../../src/offline/history/row-names.ts';

/** What each line led to, beside what its text says it should. */
function compared(lines: readonly string[], fields: readonly number[]) {
  let read = 0;
  const names = new RowNames(fields, (row) => {
    read += 1;
    return fields.map((field) => fieldText(row, field)).join('|');
  });
  const found: string[] = [];
  const expected: string[] = [];
  const scanner = new CsvScanner((row) => {
    found.push(names.valueOf(row));
    expected.push(fields.map((field) => fieldText(row, field)).join('|'));
  });
  scanner.push(Buffer.from(`${lines.join('\n')}\n`));
  return { found, expected, read };
}

describe('names of rows', () => {
  it('lead to what their text says, in any order, with fields that are empty, missing or alike together', () => {
    const aName = fc.constantFrom('', 'a', 'b', 'aa', 'ab', 'ba');
    fc.assert(
      fc.property(
        fc.array(fc.array(aName, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 60 }),
        (rows) => {
          const { found, expected } = compared(
            rows.map((row) => `x,${row.join(',')}`),
            [2, 1, -1, 3],
          );
          expect(found).to.deep.equal(expected);
        },
      ),
    );
  });

  it('are read as text once, however the rows of pools alternate', () => {
    const lines = Array.from({ length: 6_000 }, (_, index) => `c${index % 2_000}.large,aps1-az1`);
    const { found, expected, read } = compared(lines, [0, 1]);
    expect(found).to.deep.equal(expected);
    expect(read).to.equal(2_000);
  });

  it('that are more than any market has lead to the right thing all the same', () => {
    const lines = Array.from({ length: 140_000 }, (_, index) => `name${index % 70_000}`);
    const { found, expected } = compared(lines, [0]);
    expect(found).to.deep.equal(expected);
  });
});
