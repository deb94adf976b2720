import { expect } from 'chai';
import fc from 'fast-check';
import { priceAt, timeAt, timeOfText } from '../../../../src/formats/price-text.ts';

function price(text: string): number {
  const bytes = Buffer.from(`xx${text}yy`);
  return priceAt(bytes, 2, 2 + text.length);
}

function time(text: string): number {
  const bytes = Buffer.from(`xx${text}yy`);
  return timeAt(bytes, 2, 2 + text.length);
}

describe('prices and times in bytes', () => {
  it('reads every decimal text as the double nearest to it', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 9), fc.integer({ min: 0, max: 8 }), (digits, decimals) => {
        const text = (digits / 10 ** decimals).toFixed(decimals);
        expect(price(text)).to.equal(Number(text));
      }),
    );
  });

  for (const [text, value] of [
    ['0.0547', 0.0547],
    ['.5', 0.5],
    ['12', 12],
    ['-0.1', -0.1],
    ['1e-3', 0.001],
    ['0.1234567890123456789', 0.12345678901234568],
  ] as const)
    it(`reads ${text}`, () => expect(price(text)).to.equal(value));

  for (const text of ['', '.', 'n/a', '0x10', '1.2.3', 'Infinity', '12 USD'])
    it(`knows that ${JSON.stringify(text)} is no price`, () => expect(price(text)).to.be.NaN);

  it('reads every second of the calendar', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1971-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
        (date) => {
          const text = `${date.toISOString().slice(0, 19)}Z`;
          expect(time(text)).to.equal(Date.parse(text));
        },
      ),
    );
  });

  it('reads every form of a time in bytes as it reads it in text', () => {
    const digits = (width: number, max: number) =>
      fc.integer({ min: 0, max }).map((value) => String(value).padStart(width, '0'));
    const aTime = fc
      .tuple(
        fc.tuple(digits(4, 2400), fc.constantFrom('-', '-', '-', '/'), digits(2, 14), digits(2, 33)),
        fc.constantFrom('T', ' ', 'x'),
        fc.tuple(digits(2, 25), fc.constantFrom(':', ':', ':', '.'), digits(2, 61), digits(2, 61)),
        fc.constantFrom('', '.000', '.007', '.25', '.9x9', '.1234', ',500'),
        fc.constantFrom('', 'Z', ' UTC', '+00:00', '-0130'),
      )
      .map(
        ([[year, dash, month, day], divider, [hour, colon, minute, second], fraction, zone]) =>
          `${year}${dash}${month}-${day}${divider}${hour}${colon}${minute}:${second}${fraction}${zone}`,
      )
      // Of the form that AWS prints only the digits are looked at.
      .filter((text) => text.length !== 20 || !/[/.]/.test(text));
    fc.assert(
      fc.property(aTime, (text) => {
        expect(time(text), text).to.deep.equal(timeOfText(text));
      }),
      { numRuns: 5000 },
    );
  });

  for (const [text, iso] of [
    ['2023-11-05T10:20:30.250Z', '2023-11-05T10:20:30.250Z'],
    ['2023-11-05 10:20:30', '2023-11-05T10:20:30.000Z'],
    ['2023-11-05 10:20:30 UTC', '2023-11-05T10:20:30.000Z'],
    ['2023-11-05 10:20:30+05:30', '2023-11-05T04:50:30.000Z'],
    ['2023-11-05', '2023-11-05T00:00:00.000Z'],
    ['1699179630', '2023-11-05T10:20:30.000Z'],
    ['1699179630000', '2023-11-05T10:20:30.000Z'],
  ] as const)
    it(`reads the time ${text}`, () => expect(new Date(timeOfText(text)).toISOString()).to.equal(iso));

  for (const text of [
    '',
    'yesterday',
    '2023-13-05T10:20:30Z',
    '2023-11-05T25:20:30Z',
    '20x3-11-05T10:20:30Z',
  ])
    it(`knows that ${JSON.stringify(text)} is no time`, () => expect(time(text)).to.be.NaN);
});
