import { expect } from 'chai';
import fc from 'fast-check';
import {
  capacityRecord,
  capacityRecordText,
  entryKey,
  entryOfRest,
  isRest,
  mergedEntries,
  mostEntries,
  mostRecordBytes,
  restOfEntry,
  type CapacityEntry,
  type ForeignEntry,
  type RestEntry,
} from '../../../src/formats/capacity-record.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const minutes = 60_000;
const at = (ms: number): string => new Date(now + ms).toISOString();

const rest = (changes: Partial<RestEntry> = {}): RestEntry => ({
  kind: 'rest',
  of: 'class',
  type: 'c5.large',
  zone: 'ap-south-1a',
  region: 'ap-south-1',
  capacity: 'spot',
  group: 'asg-batch',
  since: at(-minutes),
  until: at(9 * minutes),
  evidence: 'nothing came',
  by: 'server-1',
  ...changes,
});

const hot: ForeignEntry = {
  kind: 'hot',
  key: 'c5.large@ap-south-1a',
  since: at(0),
  until: at(minutes),
  heat: 0.5,
};
const read = (entries: readonly unknown[]) => capacityRecord(JSON.stringify({ format: 1, entries }), now);

describe('the record of what did not deliver', () => {
  it('is read as it was written', () => {
    const entries = [rest(), rest({ of: 'group', group_name: 'batch' }), hot];
    const { entries: again, doubts } = capacityRecord(capacityRecordText(entries), now);
    expect(again).to.have.deep.members(entries);
    expect(doubts).to.deep.equal([]);
    const back = restOfEntry(rest({ group_name: 'batch' }));
    expect(entryOfRest(back, 'server-1')).to.deep.equal(rest({ group_name: 'batch' }));
  });

  for (const [what, text, doubt] of [
    ['no JSON', '{', /it is no JSON/],
    ['another format', '{"format":2,"entries":[]}', /no capacity record of format 1/],
    ['a list', '[]', /no capacity record of format 1/],
    ['more than it may hold', ' '.repeat(mostRecordBytes) + '{}', /at most 65536 are read/],
  ] as const)
    it(`${what} is ignored with a sentence`, () => {
      const { entries, doubts } = capacityRecord(text, now);
      expect(entries).to.deep.equal([]);
      expect(doubts.join()).to.match(doubt);
    });

  it('nothing at all is an empty record', () => {
    expect(capacityRecord('', now)).to.deep.equal({ entries: [], doubts: [] });
  });

  it('entries that cannot be believed are left out one by one, and told by kind', () => {
    const { entries, doubts } = read([
      rest(),
      rest({ since: at(10 * minutes), until: at(20 * minutes) }),
      rest({ since: at(-minutes), until: at(400 * 24 * 60 * minutes) }),
      rest({ since: at(5 * minutes), until: at(4 * minutes) }),
      { ...rest(), type: 'c5.large; rm' },
      { ...rest(), group: 'x'.repeat(300) },
      { ...rest(), until: 'soon' },
      { ...rest(), of: 'world' },
      { ...hot, blob: 'x'.repeat(1_000) },
      null,
      7,
    ]);
    expect(entries).to.deep.equal([rest()]);
    expect(doubts).to.have.members([
      '2 begin in the future',
      '1 last for longer than a day, or for no time',
      '7 are no entries',
    ]);
  });

  it('entries that are over go without a word', () => {
    expect(read([rest({ since: at(-20 * minutes), until: at(-10 * minutes) })])).to.deep.equal({
      entries: [],
      doubts: [],
    });
  });

  it('of any JSON reads entries that are within the bounds, and never throws', () => {
    fc.assert(
      fc.property(fc.anything(), fc.json(), (thing, json) => {
        for (const text of [json, JSON.stringify({ format: 1, entries: [thing, rest()] })]) {
          const { entries } = capacityRecord(text, now);
          expect(entries.length).to.be.at.most(mostEntries);
          for (const { since } of entries) expect(Date.parse(since)).to.be.at.most(now + 2 * minutes);
        }
      }),
    );
  });

  it('never grows past its bounds: what lasts longest is kept', () => {
    const many = Array.from({ length: 2_000 }, (_, index) =>
      rest({
        of: 'group',
        group: `g-${index}-${'x'.repeat(200)}`,
        until: at((index + 1) * 1_000),
        evidence: '✓'.repeat(240),
      }),
    );
    const text = capacityRecordText(many);
    expect(new TextEncoder().encode(text).length).to.be.at.most(mostRecordBytes);
    const { entries } = capacityRecord(text, now);
    expect(entries.length).to.be.within(50, mostEntries);
    expect(entries.filter(isRest)[0]?.group).to.match(/^g-1999-/);
  });
});

describe('a change of the record', () => {
  it('of two entries of one key keeps the one that ends later, whoever comes first', () => {
    const [short, long] = [rest(), rest({ until: at(20 * minutes), by: 'server-2' })];
    expect(mergedEntries([short], { begun: [long], ended: [] }, now)).to.deep.equal([long]);
    expect(mergedEntries([long], { begun: [short], ended: [] }, now)).to.deep.equal([long]);
  });

  it('takes out what has ended, and leaves a newer entry of the same key and those of other kinds', () => {
    const newer = rest({ since: at(0), until: at(10 * minutes) });
    expect(mergedEntries([rest(), hot], { begun: [], ended: [rest()] }, now)).to.deep.equal([hot]);
    expect(mergedEntries([newer, hot], { begun: [], ended: [rest()] }, now)).to.deep.equal([newer, hot]);
  });

  it('comes to the same whichever of two writers is first', () => {
    const one = fc
      .integer({ min: 0, max: 5 })
      .chain((group) =>
        fc
          .integer({ min: 1, max: 50 })
          .map((end) => rest({ of: 'group', group: `g${group}`, until: at(end * minutes) })),
      );
    const sorted = (entries: readonly CapacityEntry[]) =>
      entries.map((entry) => `${entryKey(entry)} ${entry.until}`).sort();
    fc.assert(
      fc.property(fc.array(one), fc.array(one), fc.array(one), (there, mine, theirs) => {
        const change = (begun: readonly RestEntry[]) => ({ begun, ended: [] });
        const first = mergedEntries(mergedEntries(there, change(mine), now), change(theirs), now);
        const second = mergedEntries(mergedEntries(there, change(theirs), now), change(mine), now);
        expect(sorted(first)).to.deep.equal(sorted(second));
      }),
    );
  });
});
