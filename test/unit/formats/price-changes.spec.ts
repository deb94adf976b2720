import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { priceChangesOf } from '../../../src/formats/price-changes.ts';

const header = 'timestamp_utc,availability_zone,instance_type,price_usd';
const twoPools = [
  header,
  '2024-01-20T00:00:00Z,aps1-az1,c5.large,0.0310',
  '2024-01-24T06:30:00Z,aps1-az1,c5.large,',
  '2024-01-25T06:30:00Z,aps1-az1,c5.large,0.0320',
  '2024-01-20T00:00:00Z,aps1-az2,c5.large,0.0300',
  '',
].join('\n');

function mistakes(file: Uint8Array): string {
  const reading = priceChangesOf(file, 'ap-south-1');
  return reading.kind === 'mistakes' ? reading.mistakes.join('; ') : '';
}

describe('a file of price changes', () => {
  for (const [form, bytes] of [
    ['plain', Buffer.from(twoPools)],
    ['gzip', gzipSync(twoPools)],
  ] as const)
    it(`is read ${form}: a series a pool, an empty price where the pool was absent`, () => {
      const reading = priceChangesOf(bytes, 'ap-south-1');
      if (reading.kind === 'mistakes') throw new Error(reading.mistakes.join('; '));
      expect(
        reading.series.map(({ zone, instanceType, region }) => [zone, instanceType, region]),
      ).to.deep.equal([
        ['aps1-az1', 'c5.large', 'ap-south-1'],
        ['aps1-az2', 'c5.large', 'ap-south-1'],
      ]);
      expect([...(reading.series[0]?.pricePerHour ?? [])]).to.deep.equal([0.031, NaN, 0.032]);
      expect(reading.series[0]?.atMs[1]).to.equal(Date.parse('2024-01-24T06:30:00Z'));
    });

  for (const [fault, text, sentence] of [
    ['other columns', 'a,b,c,d\n', /row 1: the columns must be timestamp_utc/],
    [
      'a price that is none',
      `${header}\n2024-01-20T00:00:00Z,aps1-az1,c5.large,-1\n`,
      /row 2: "-1" is no price/,
    ],
    ['a time that is none', `${header}\n2024-02-30T00:00:00Z,aps1-az1,c5.large,1\n`, /row 2: .* is no time/],
    ['a missing cell', `${header}\n2024-01-20T00:00:00Z,aps1-az1,c5.large\n`, /row 2: 4 columns are needed/],
    [
      'a pool whose times go back',
      `${header}\n2024-01-20T00:00:00Z,z,t,1\n2024-01-19T00:00:00Z,z,t,1\n`,
      /row 3: times of a pool must ascend/,
    ],
  ] as const)
    it(`is refused for ${fault}, by its row`, () => {
      expect(mistakes(Buffer.from(text))).to.match(sentence);
    });

  it('is refused when it is cut off, and when it unpacks to more than any history', () => {
    expect(mistakes(gzipSync(twoPools).subarray(0, 60))).to.match(/cannot be unpacked/);
    expect(mistakes(gzipSync(Buffer.alloc(65 << 20)))).to.match(/cannot be unpacked/);
  });
});
