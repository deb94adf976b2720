import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { codeOfInterruptRate, interruptRateOfCode } from '../../../../src/formats/advisor-bands.ts';
import { knowledgeTables } from '../../../../src/server/knowledge/knowledge-tables.ts';
import {
  staticIntelligenceOf,
  type StaticReading,
} from '../../../../src/formats/static-intelligence-document.ts';

const good = {
  metadata: { last_updated: '2025-07-28T00:00:00Z', region: 'ap-south-1', source: 'a test' },
  spot_advisor: {
    'c5.large@ap-south-1a': { interrupt_rate: 0.075, interrupt_rate_code: 1 },
    'c5.large@ap-south-1': { code: 4 },
    'm5.large': { interrupt_rate: 0.12, last_updated: 'yesterday' },
  },
  instance_metadata: {
    'c5.large': { vcpu: 2, memory_gb: 4, architecture: 'amd64' },
    'g5.xlarge': { vcpu: 4, memory_gb: 16, architecture: 'x86_64', family: 'g5', gpu: 1 },
  },
  on_demand: { 'c5.large': 0.085, 'm5.large@us-east-1': 0.096 },
  spot: {
    'c5.large@ap-south-1a': 0.031,
    'c5.large@aps1-az2': { price: 0.03, observed_at: '2025-07-27T12:00:00+05:30' },
  },
};

function reading(value: unknown): StaticReading {
  return staticIntelligenceOf(typeof value === 'string' ? value : JSON.stringify(value));
}

function mistakes(value: unknown): readonly string[] {
  const result = reading(value);
  return result.kind === 'mistakes' ? result.mistakes : [];
}

function facts(value: unknown) {
  const result = reading(value);
  if (result.kind === 'mistakes') throw new Error(result.mistakes.join('; '));
  return result.facts;
}

describe('static intelligence', () => {
  it('is read with bands by rate or code, prices with their times, and architectures by either name', () => {
    const read = facts(good);
    expect(read.advisor.get('c5.large@ap-south-1a')).to.deep.equal({ interruptRate: 0.075, code: 1 });
    expect(read.advisor.get('c5.large@ap-south-1')).to.deep.equal({ interruptRate: 0.25, code: 4 });
    expect(read.advisor.get('m5.large')).to.deep.equal({ interruptRate: 0.12, code: 2 });
    expect(read.instanceTypes.get('c5.large')).to.include({ architecture: 'x86_64', family: 'c5', gpus: 0 });
    expect(read.instanceTypes.get('g5.xlarge')).to.include({ gpus: 1 });
    expect(read.spot.get('c5.large@ap-south-1a')?.observedAtMs).to.equal(Date.parse('2025-07-28T00:00:00Z'));
    expect(read.spot.get('c5.large@aps1-az2')).to.deep.equal({
      pricePerHour: 0.03,
      observedAtMs: Date.parse('2025-07-27T06:30:00Z'),
    });
  });

  it('names every mistake with its place', () => {
    const broken = {
      metadata: { last_updated: 'last week', region: 'ap-south-1' },
      spot_advisor: {
        'c5.large@ap-south-1a': { interrupt_rate: 7.5 },
        'c5.large': { interrupt_rate_code: 5 },
        'm5.large': {},
        c5large: { code: 1 },
      },
      instance_metadata: { 'c5.large': { vcpu: 0, memory_gb: '4' } },
      on_demand: { 'c5.large': -1 },
      spot: {
        'c5.large': 0.03,
        'c5.large@ap-south-1a': 0,
        'c5.large@ap-south-1b': '0.03',
        'c5.large@ap-south-1c': { price: 'x' },
      },
    };
    const all = mistakes(broken).join('\n');
    for (const place of [
      'metadata.last_updated: must be an ISO 8601 time',
      'spot_advisor["c5.large@ap-south-1a"].interrupt_rate: must be a share from 0 to 1, not a percentage',
      'spot_advisor["c5.large"].interrupt_rate_code',
      'spot_advisor["m5.large"]: needs interrupt_rate or interrupt_rate_code',
      'spot_advisor.c5large: must be type, type@region or type@zone',
      'instance_metadata["c5.large"].vcpu',
      'instance_metadata["c5.large"].memory_gb',
      'on_demand["c5.large"]: must be above 0',
      'spot["c5.large"]: must be type@zone',
      'spot["c5.large@ap-south-1a"]: must be above 0',
      'spot["c5.large@ap-south-1b"]: must be a price or { price, observed_at }',
      'spot["c5.large@ap-south-1c"].price: must be a price in USD per hour',
    ])
      expect(all).to.include(place);
  });

  it('names twenty mistakes and counts the rest', () => {
    const onDemand = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`c5.${index}xlarge`, -1]));
    const named = mistakes({ ...good, on_demand: onDemand });
    expect(named).to.have.length(21);
    expect(named.at(-1)).to.equal('and 30 more');
  });

  it('says that an empty file is empty and that half a file is not JSON', () => {
    expect(mistakes('')).to.deep.equal(['the file is empty']);
    expect(mistakes(JSON.stringify(good).slice(0, 300))[0]).to.match(/^not JSON: /);
    expect(mistakes('[]')[0]).to.match(/^document: /);
    expect(mistakes('null')[0]).to.match(/^document: /);
  });

  it('notes an unknown section instead of refusing the file', () => {
    const result = reading({ ...good, spot_adviser: {} });
    expect(result.kind === 'facts' && result.notes).to.deep.equal([
      'spot_adviser: unknown section, not read',
    ]);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(['facts', 'mistakes']).to.include(staticIntelligenceOf(text).kind);
      }),
    );
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (from, length) => {
        const text = JSON.stringify(good);
        const start = from % text.length;
        const cut = text.slice(0, start) + text.slice(start + (length % 40));
        expect(['facts', 'mistakes']).to.include(staticIntelligenceOf(cut).kind);
      }),
    );
  });

  it('bands keep their code on the way to a rate and back', () => {
    for (const code of [0, 1, 2, 3, 4])
      expect(codeOfInterruptRate(interruptRateOfCode(code)!)).to.equal(code);
    expect([0, 0.05, 0.051, 0.2, 0.2001, 1].map(codeOfInterruptRate)).to.deep.equal([0, 0, 1, 3, 4, 4]);
    expect(interruptRateOfCode(7)).to.equal(undefined);
  });
});

describe('the bundled snapshot', () => {
  const text = readFileSync(new URL('../../../../data/ap-south-1.json', import.meta.url), 'utf8');

  it('is small, without mistakes or notes, and dates its parts', () => {
    const result = staticIntelligenceOf(text);
    expect(text.length).to.be.lessThan(600_000);
    expect(result).to.include({ kind: 'facts' });
    expect(result.kind === 'facts' && result.notes).to.deep.equal([]);
    expect(text)
      .to.include('"spot_observed_at":"2024-01-31T21:12:42Z"')
      .and.include('"advisor_as_of":"2025-07-28"');
  });

  it('knows type, band, on-demand and Spot price of every pool it has', () => {
    const snapshot = facts(text);
    expect(snapshot.spot.size).to.be.greaterThan(1_400);
    for (const key of snapshot.spot.keys()) {
      const type = key.slice(0, key.indexOf('@'));
      expect(snapshot.instanceTypes.has(type), type).to.equal(true);
      expect(snapshot.onDemand.has(`${type}@ap-south-1`), type).to.equal(true);
      expect(snapshot.advisor.has(`${type}@ap-south-1`), type).to.equal(true);
      expect([...snapshot.zoneIds.values()]).to.include(key.slice(key.indexOf('@') + 1));
    }
  });

  it('has prices under this region’s usual zone names for the pools that people try first', () => {
    const tables = knowledgeTables({
      file: facts(text),
      accountZones: new Map(),
      accountTypes: new Map(),
      marketPrices: new Map(),
    });
    for (const name of [
      'c5.large@ap-south-1a',
      'c5.large@ap-south-1b',
      'c5.xlarge@ap-south-1b',
      'm5.large@ap-south-1c',
      'm5.2xlarge@ap-south-1a',
      'r5.large@ap-south-1b',
      'm6g.large@ap-south-1a',
      't3.medium@ap-south-1c',
      'm5.large@ap-south-1a',
    ]) {
      const [instanceType = '', zone = ''] = name.split('@');
      const prices = tables.prices({ instanceType, zone, region: 'ap-south-1' }, -Infinity);
      expect(prices?.spotPerHour, name).to.be.greaterThan(0);
      expect(prices?.onDemandPerHour, name).to.be.greaterThan(prices?.spotPerHour ?? Infinity);
    }
  });
});
