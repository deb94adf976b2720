import { expect } from 'chai';
import { advisorEntries } from '../../../../src/formats/advisor-document.ts';
import { partsByDay } from '../../../../src/offline/collect/history-parts.ts';
import { priceListReader } from '../../../../src/offline/collect/price-list.ts';
import { mergedDocument } from '../../../../src/offline/collect/static-document.ts';

const region = 'ap-south-1';

describe('the Spot Advisor document', () => {
  const document = (linux: unknown) => JSON.stringify({ spot_advisor: { [region]: { Linux: linux } } });

  it('gives each band the rate of its middle; negative savings are kept', () => {
    const types = Object.fromEntries([0, 1, 2, 3, 4].map((r) => [`c5.${r}xlarge`, { r, s: r * 10 - 20 }]));
    const { entries } = advisorEntries(document(types), region);
    expect(entries.map(({ interruptRate }) => interruptRate)).to.deep.equal([
      0.025, 0.075, 0.125, 0.175, 0.25,
    ]);
    expect(entries[0]?.savingsPercent).to.equal(-20);
  });

  it('counts entries that cannot be read', () => {
    const reading = advisorEntries(document({ 'a.b': { r: 9 }, 'c.d': 'x', 'e.f': { r: 0 } }), region);
    expect(reading.unreadable).to.equal(2);
    expect(reading.entries).to.have.length(1);
  });

  for (const [text, sentence] of [
    ['{}', 'not the Spot Advisor'],
    [document({}), 'says nothing of Linux in ap-south-1'],
    [JSON.stringify({ spot_advisor: {} }), 'says nothing of Linux in ap-south-1'],
  ] as const)
    it(`is refused when it is ${text.slice(0, 40)}`, () =>
      expect(() => advisorEntries(text, region)).to.throw(sentence));
});

describe('a price list', () => {
  it('may be a short table of several regions', () => {
    const reader = priceListReader(region);
    reader.push(
      Buffer.from(`region,instance_type,on_demand_usd\n${region},c5.large,0.085\nus-east-1,m5.large,0.096\n`),
    );
    expect([...reader.prices()]).to.deep.equal([['c5.large', 0.085]]);
  });

  it('that names no price of the region is refused', () => {
    const reader = priceListReader(region);
    reader.push(Buffer.from('<html>\nnot here\n</html>\n'));
    expect(() => reader.prices()).to.throw('names no on-demand price of ap-south-1');
  });
});

describe('parts of a history', () => {
  it('are cut at UTC midnight and sorted by type, zone and time', () => {
    const one = (zone: string, instanceType: string) => ({
      region,
      zone,
      instanceType,
      atMs: Float64Array.of(Date.parse('2023-11-01T23:59:59.999Z'), Date.parse('2023-11-02T00:00:00Z')),
      pricePerHour: Float64Array.of(0.1, NaN),
    });
    const parts = partsByDay(
      [one('b', 'm5.large'), one('b', 'c5.large'), one('a', 'c5.large')],
      'Linux/UNIX',
    );
    expect([...parts.keys()]).to.deep.equal(['2023-11-01', '2023-11-02']);
    const part = parts.get('2023-11-02');
    expect(part?.instanceType).to.deep.equal(['c5.large', 'c5.large', 'm5.large']);
    expect(part?.zone).to.deep.equal(['a', 'b', 'b']);
    expect(part?.pricePerHour).to.deep.equal([null, null, null]);
  });
});

describe('a new static document', () => {
  it('keeps what could not be collected, with the time it is from', () => {
    const first = mergedDocument(undefined, { on_demand: { 'c5.large': 1 }, spot: { x: 1 } }, region, 1_000);
    const second = mergedDocument(first, { spot: { x: 2 } }, region, 2_000);
    expect(second.on_demand).to.deep.equal({ 'c5.large': 1 });
    expect(second.spot).to.deep.equal({ x: 2 });
    expect(second.metadata['sections']).to.deep.equal({
      on_demand: '1970-01-01T00:00:01.000Z',
      spot: '1970-01-01T00:00:02.000Z',
    });
  });
});
