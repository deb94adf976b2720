import { expect } from 'chai';
import { knowledgeTables, type Sources } from '../../../../src/server/knowledge/knowledge-tables.ts';
import { staticIntelligenceOf } from '../../../../src/formats/static-intelligence-document.ts';

const dated = Date.parse('2025-07-28T00:00:00Z');

function fileOf(sections: Readonly<Record<string, unknown>>): Sources['file'] {
  const reading = staticIntelligenceOf(
    JSON.stringify({
      metadata: { last_updated: '2025-07-28T00:00:00Z', region: 'ap-south-1', source: 'a test' },
      spot_advisor: {},
      instance_metadata: {},
      ...sections,
    }),
  );
  if (reading.kind === 'mistakes') throw new Error(reading.mistakes.join('; '));
  return reading.facts;
}

const nothing: Sources = {
  file: undefined,
  accountZones: new Map(),
  accountTypes: new Map(),
  marketPrices: new Map(),
};

function at(zone: string, region = 'ap-south-1', instanceType = 'c5.large') {
  return { instanceType, zone, region };
}

describe('knowledge tables', () => {
  it('know nothing when nothing was read', () => {
    const tables = knowledgeTables(nothing);
    expect(tables.prices(at('ap-south-1a'), -Infinity)).to.equal(undefined);
    expect(tables.advisorBand(at('ap-south-1a'))).to.equal(undefined);
    expect(tables.instanceType('c5.large')).to.equal(undefined);
    expect(tables.newestSpotMs).to.equal(undefined);
  });

  it('take the narrowest band: of the zone, else of the region, else of the file’s own region', () => {
    const spot_advisor = {
      'c5.large@ap-south-1a': { code: 0 },
      'c5.large@ap-south-1': { code: 1 },
      'c5.large': { code: 2 },
      'm5.large': { code: 3 },
    };
    const tables = knowledgeTables({ ...nothing, file: fileOf({ spot_advisor }) });
    expect(tables.advisorBand(at('ap-south-1a'))?.code).to.equal(0);
    expect(tables.advisorBand(at('ap-south-1b'))?.code).to.equal(1);
    expect(tables.advisorBand(at('ap-south-1b', 'ap-south-1', 'm5.large'))?.code).to.equal(3);
    expect(tables.advisorBand(at('us-east-1a', 'us-east-1'))).to.equal(undefined);
    expect(tables.advisorBand(at('', '', 'm5.large'))?.code).to.equal(3);
  });

  it('keep the on-demand prices of regions apart', () => {
    const on_demand = { 'c5.large': 0.085, 'c5.large@us-east-1': 0.09 };
    const tables = knowledgeTables({ ...nothing, file: fileOf({ on_demand }) });
    expect(tables.onDemandPerHour('c5.large', 'ap-south-1')).to.equal(0.085);
    expect(tables.onDemandPerHour('c5.large', 'us-east-1')).to.equal(0.09);
    expect(tables.onDemandPerHour('c5.large', 'eu-west-1')).to.equal(undefined);
    expect(tables.prices(at('us-east-1a', ''), -Infinity)?.onDemandPerHour).to.equal(0.09);
  });

  it('find a pool by zone name and by zone id, as the file maps them', () => {
    const file = fileOf({
      zones: { 'ap-south-1a': 'aps1-az1', 'ap-south-1b': 'aps1-az3' },
      spot: { 'c5.large@aps1-az1': 0.03, 'c5.large@ap-south-1b': 0.04 },
    });
    const tables = knowledgeTables({ ...nothing, file });
    for (const zone of ['ap-south-1a', 'aps1-az1'])
      expect(tables.prices(at(zone), -Infinity)?.spotPerHour).to.equal(0.03);
    for (const zone of ['ap-south-1b', 'aps1-az3'])
      expect(tables.prices(at(zone), -Infinity)?.spotPerHour).to.equal(0.04);
  });

  it('believe the account’s own zone ids before the file’s', () => {
    const file = fileOf({
      zones: { 'ap-south-1a': 'aps1-az1', 'ap-south-1b': 'aps1-az3' },
      spot: { 'c5.large@aps1-az1': 0.03, 'c5.large@aps1-az3': 0.04 },
    });
    const accountZones = new Map([
      ['ap-south-1a', 'aps1-az3'],
      ['ap-south-1b', 'aps1-az1'],
    ]);
    const tables = knowledgeTables({ ...nothing, file, accountZones });
    expect(tables.prices(at('ap-south-1a'), -Infinity)?.spotPerHour).to.equal(0.04);
    expect(tables.prices(at('ap-south-1b'), -Infinity)?.spotPerHour).to.equal(0.03);
  });

  it('take the price that was observed last, from file or market', () => {
    const file = fileOf({ spot: { 'c5.large@ap-south-1a': 0.03, 'c5.large@ap-south-1b': 0.04 } });
    const marketPrices = new Map([
      ['c5.large@ap-south-1a', { pricePerHour: 0.05, observedAtMs: dated + 1 }],
      ['c5.large@ap-south-1b', { pricePerHour: 0.06, observedAtMs: dated - 1 }],
    ] as const);
    const tables = knowledgeTables({ ...nothing, file, marketPrices });
    expect(tables.prices(at('ap-south-1a'), -Infinity)).to.deep.equal({
      spotPerHour: 0.05,
      spotObservedAtMs: dated + 1,
    });
    expect(tables.prices(at('ap-south-1b'), -Infinity)?.spotPerHour).to.equal(0.04);
    expect(tables.newestSpotMs).to.equal(dated + 1);
  });

  it('leave out a Spot price that was observed too long ago, and keep its on-demand price', () => {
    const file = fileOf({ spot: { 'c5.large@ap-south-1a': 0.03 }, on_demand: { 'c5.large': 0.085 } });
    const tables = knowledgeTables({ ...nothing, file });
    expect(tables.prices(at('ap-south-1a'), dated)?.spotPerHour).to.equal(0.03);
    expect(tables.prices(at('ap-south-1a'), dated + 1)).to.deep.equal({ onDemandPerHour: 0.085 });
  });
});
