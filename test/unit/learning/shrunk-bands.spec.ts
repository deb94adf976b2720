import { expect } from 'chai';
import fc from 'fast-check';
import type { AdvisorBand } from '../../../src/decision/knowledge.ts';
import { withExpectedRates } from '../../../src/formats/advisor-bands.ts';
import { describedBands, rateOfBand, shrunkRates } from '../../../src/learning/shrunk-bands.ts';

const sizes = ['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge'];
const families = Array.from({ length: 24 }, (_, at) => `f${at}`);

/** Every type of two dozen families in each region, with the band that `band` gives it. */
function bandsOf(regions: readonly string[], band: (region: string, family: string, size: string) => number) {
  return new Map(
    regions.map((region) => [
      region,
      new Map(
        families.flatMap((family) =>
          sizes.map((size): [string, number] => [`${family}.${size}`, band(region, family, size)]),
        ),
      ),
    ]),
  );
}

describe('what is to be expected of a band', () => {
  it('is the band where everything is alike', () => {
    const rates = shrunkRates(
      bandsOf(['a', 'b'], () => 2),
      'a',
    );
    for (const rate of rates.values()) expect(rate).to.be.closeTo(0.125, 0.01);
  });

  it('is below a high band whose family and other regions are calm, and above a low one among stormy ones', () => {
    const odd = 'f3.xlarge';
    const calm = shrunkRates(
      bandsOf(['a', 'b', 'c'], (region, family, size) =>
        region === 'a' && `${family}.${size}` === odd ? 4 : Number(family.slice(1)) < 12 ? 0 : 3,
      ),
      'a',
    );
    expect(calm.get(odd)).to.be.below(0.11);
    expect(calm.get(odd)).to.be.above(calm.get('f4.xlarge') ?? 1);
    const stormy = shrunkRates(
      bandsOf(['a', 'b', 'c'], (region, family, size) =>
        region === 'a' && `${family}.${size}` === 'f20.xlarge' ? 0 : Number(family.slice(1)) < 12 ? 0 : 4,
      ),
      'a',
    );
    expect(stormy.get('f20.xlarge')).to.be.above(0.125);
  });

  it('keeps the mean of what it was made of, stays within the bands, and rises with each of them', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 4 })), (stream) => {
        const bands = bandsOf(['a', 'b'], () => Number(stream.next().value));
        const rates = shrunkRates(bands, 'a');
        expect(rates.size).to.equal(120);
        for (const rate of rates.values()) expect(rate).to.be.within(0.025, 0.25);
        const type = 'f7.2xlarge';
        const own = bands.get('a')?.get(type) ?? 0;
        if (own === 4) return;
        bands.get('a')?.set(type, own + 1);
        expect(shrunkRates(bands, 'a').get(type)).to.be.at.least((rates.get(type) ?? 0) - 0.002);
      }),
      { numRuns: 40 },
    );
  });

  it('says nothing of a document with few bands, which stay as they are', () => {
    const few = new Map([['a', new Map([['c5.large', 4]])]]);
    expect(shrunkRates(few, 'a').size).to.equal(0);
    const bands = new Map([['c5.large@a', { code: 4, interruptRate: 0.25 }]]);
    expect(withExpectedRates(bands, 'a').get('c5.large@a')).to.deep.equal({ code: 4, interruptRate: 0.25 });
  });

  it('of a document of one region rests on family and size, and what its writer expected is believed', () => {
    const bands = new Map<string, AdvisorBand>(
      [...(bandsOf(['a'], (_, family) => (Number(family.slice(1)) < 12 ? 0 : 4)).get('a') ?? [])].map(
        ([type, code]) => [`${type}@a`, { code, interruptRate: code === 4 ? 0.25 : 0.025 }] as const,
      ),
    );
    const expected = withExpectedRates(
      new Map([...bands, ['f0.large@a', { code: 0, interruptRate: 0.025, expectedRate: 0.2 }]]),
      'a',
    );
    expect(expected.get('f0.large@a')?.expectedRate).to.equal(0.2);
    expect(expected.get('f1.large@a')?.expectedRate).to.be.below(
      expected.get('f13.large@a')?.expectedRate ?? 0,
    );
    expect(expected.get('f1.large@a')?.interruptRate).to.equal(0.025);
  });

  it('lies on a line between the middles of the bands', () => {
    expect([-1, 0, 0.5, 2, 3, 3.5, 4, 9].map(rateOfBand)).to.deep.equal([
      0.025, 0.025, 0.05, 0.125, 0.175, 0.2125, 0.25, 0.25,
    ]);
  });

  it('looks at the others of a family and of other regions, not at the band itself again', () => {
    const described = describedBands(
      bandsOf(['a', 'b'], (region, family) => (family === 'f0' && region === 'a' ? 4 : 0)),
    );
    const one = described.find(({ instanceType, region }) => instanceType === 'f0.large' && region === 'a');
    expect(one?.features.own).to.equal(4);
    expect(one?.features.family).to.be.within(3.2, 3.3);
    expect(one?.features.elsewhere).to.be.below(0.1);
  });
});
