import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { regionFactsColumns, regionFactsOf } from '../../../src/formats/region-facts.ts';

const dates = 'advisor_as_of,2025-07-28\non_demand_as_of,2024-11-03\n';
const header = `${regionFactsColumns.join(',')}\n`;
const rows = [
  'c5.large,2,4,x86_64,0,us-west-2,1,0.085',
  'c5.large,2,4,x86_64,0,sa-east-1,4,0.131',
  'p5.48xlarge,192,2048,x86_64,8,us-west-2,,55.04',
  'c6g.large,2,4,arm64,0,us-west-2,0,',
  '',
].join('\n');

function mistakes(text: string, region = 'us-west-2'): string {
  const reading = regionFactsOf(Buffer.from(text), region);
  return reading.kind === 'mistakes' ? reading.mistakes.join('; ') : '';
}

describe('a table of all regions', () => {
  it('gives the facts of one region, each kind with its day, and keeps nothing of the others', () => {
    const reading = regionFactsOf(Buffer.from(dates + header + rows), 'us-west-2');
    if (reading.kind === 'mistakes') throw new Error(reading.mistakes.join('; '));
    const { facts } = reading;
    expect(facts).to.deep.include({
      region: 'us-west-2',
      asOf: { advisor: '2025-07-28', onDemand: '2024-11-03' },
    });
    expect(Object.fromEntries(facts.onDemand)).to.deep.equal({
      'c5.large@us-west-2': 0.085,
      'p5.48xlarge@us-west-2': 55.04,
    });
    expect(Object.fromEntries(facts.advisor)).to.deep.equal({
      'c5.large@us-west-2': { interruptRate: 0.075, code: 1 },
      'c6g.large@us-west-2': { interruptRate: 0.025, code: 0 },
    });
    expect(facts.instanceTypes.get('p5.48xlarge')).to.include({ gpus: 8, vcpu: 192, family: 'p5' });
    expect(facts.spot.size).to.equal(0);
  });

  it('refuses a region that it does not know, and names those that it does', () => {
    expect(mistakes(dates + header + rows, 'cn-north-1')).to.equal(
      'this table of regions tells nothing of cn-north-1; it knows sa-east-1, us-west-2; for another region name its own file with --static-data, which spot-expander collect writes',
    );
  });

  for (const [fault, text, sentence] of [
    ['other columns', `${dates}a,b,c\n`, /the columns must be instance_type/],
    ['no dates', header + rows, /must be dates/],
    [
      'a band that is none',
      `${dates}${header}c5.large,2,4,x86_64,0,us-west-2,7,0.085\n`,
      /row 4: "7" is no band/,
    ],
    [
      'a price that is none',
      `${dates}${header}c5.large,2,4,x86_64,0,us-west-2,1,-1\n`,
      /row 4: "-1" is no price/,
    ],
    [
      'a type without a size',
      `${dates}${header}c5.large,,4,x86_64,0,us-west-2,1,1\n`,
      /c5.large has no size/,
    ],
  ] as const)
    it(`is refused for ${fault}`, () => {
      expect(mistakes(text)).to.match(sentence);
    });
});

describe('the bundled facts of all regions', () => {
  const bytes = gunzipSync(readFileSync('data/regions.csv.gz'));

  for (const region of [
    'us-east-1',
    'us-west-2',
    'eu-central-1',
    'ap-northeast-1',
    'sa-east-1',
    'il-central-1',
  ])
    it(`tell bands of ${region}`, () => {
      const reading = regionFactsOf(bytes, region);
      if (reading.kind === 'mistakes') throw new Error(reading.mistakes.join('; '));
      expect(reading.facts.advisor.size).to.be.greaterThan(200);
    });

  it('tell the published on-demand prices: c5.large 0.085 in us-east-1, 0.097 in eu-central-1', () => {
    const of = (region: string): number | undefined => {
      const reading = regionFactsOf(bytes, region);
      return reading.kind === 'facts' ? reading.facts.onDemand.get(`c5.large@${region}`) : undefined;
    };
    expect(of('us-east-1')).to.equal(0.085);
    expect(of('eu-central-1')).to.equal(0.097);
  });

  it('weigh less than 200 KB', () => {
    expect(readFileSync('data/regions.csv.gz').length).to.be.lessThan(200_000);
  });
});
