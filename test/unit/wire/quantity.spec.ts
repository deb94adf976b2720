import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { milliValue, nanoValue, wholeValue } from '../../../src/wire/quantity.ts';

interface Row {
  readonly text: string;
  readonly milli?: number;
  readonly whole?: number;
}

const rows = JSON.parse(
  readFileSync(new URL('../../fixtures/quantities.json', import.meta.url), 'utf8'),
) as Row[];

describe('quantities', () => {
  it(`reads what Kubernetes reads, and refuses what it refuses (${rows.length} texts)`, () => {
    for (const { text, milli, whole } of rows) {
      expect(milliValue(text), `${text} in thousandths`).to.equal(milli);
      expect(wholeValue(text), text).to.equal(whole);
    }
  });

  for (const [text, milli, whole] of [
    ['100n', 1, 1],
    ['1500u', 2, 1],
    ['500m', 500, 1],
    ['1k', 1_000_000, 1000],
    ['1.5Gi', 1_610_612_736_000, 1_610_612_736],
    ['128974848000m', 128_974_848_000, 128_974_848],
    ['1e3', 1_000_000, 1000],
    ['1E3', 1_000_000, 1000],
    ['12e-1', 1200, 2],
    ['0.0000000001', 1, 1],
  ] as const) {
    it(`${text} is ${whole} whole or ${milli} thousandths`, () => {
      expect([milliValue(text), wholeValue(text)]).to.deep.equal([milli, whole]);
    });
  }

  it('stays within safe integers, whatever the exponent', () => {
    for (const text of ['1E', '9Ei', '1e400', '1E999999999', '9'.repeat(64)]) {
      expect(milliValue(text), text).to.equal(Number.MAX_SAFE_INTEGER);
    }
    expect(milliValue('-1e400')).to.equal(-Number.MAX_SAFE_INTEGER);
    expect(milliValue('1e-400')).to.equal(1);
    expect(milliValue('0e999999999')).to.equal(0);
  });

  it('refuses texts longer than anybody writes without reading them', () => {
    expect(milliValue('9'.repeat(65))).to.equal(undefined);
    expect(milliValue('9'.repeat(1_000_000))).to.equal(undefined);
  });

  it('gives a safe integer or nothing for any text', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[+-]?\d{0,20}\.?\d{0,20}([numkMGTPEKi]{0,2}|[eE][+-]?\d{1,6})$/),
    );
    fc.assert(
      fc.property(texts, (text) => {
        for (const read of [milliValue, wholeValue, nanoValue]) {
          const value = read(text);
          expect(value === undefined || Number.isSafeInteger(value)).to.equal(true);
        }
      }),
    );
  });

  it('orders exactly: n times a quantity of 1/n adds up to the whole in billionths', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (milli) => {
        expect(nanoValue(`${milli}m`)).to.equal(milli * 1_000_000);
        expect(nanoValue(`${milli}n`)).to.equal(milli);
      }),
    );
  });
});
