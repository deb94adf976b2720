import { expect } from 'chai';
import fc from 'fast-check';
import { priceCsv } from '../../../../src/offline/history/price-csv.ts';
import { priceJson } from '../../../../src/offline/history/price-json.ts';
import { PointGatherer, type HistoryQuery } from '../../../../src/offline/history/pool-points.ts';
import { regionOfZone } from '../../../../src/decision/zone-region.ts';

const nowMs = Date.parse('2024-02-01T00:00:00Z');
const header = 'timestamp_utc,region,availability_zone,instance_type,product,price_usd';

function read(text: string, query: HistoryQuery = {}, cut = text.length) {
  const gatherer = new PointGatherer(query, nowMs);
  const reader =
    text.trimStart().startsWith('{') || text.startsWith('[') ? priceJson(gatherer) : priceCsv(gatherer);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += cut) reader.push(bytes.subarray(at, at + cut));
  const problem = reader.end();
  const series = gatherer.series();
  return {
    series,
    problem,
    dropped: gatherer.dropped,
    unchanged: gatherer.unchanged,
    notAskedFor: gatherer.notAskedFor,
  };
}

function points(text: string, query: HistoryQuery = {}) {
  return read(text, query).series.map(({ zone, instanceType, atMs, pricePerHour }) => [
    `${instanceType}@${zone}`,
    [...atMs].map((at, index) => [new Date(at).toISOString().slice(0, 16), pricePerHour[index]]),
  ]);
}

const small = [
  header,
  '2023-11-01T00:00:00Z,ap-south-1,aps1-az1,c5.large,Linux/UNIX,0.03',
  '2023-11-02T00:00:00Z,ap-south-1,aps1-az1,c5.large,Linux/UNIX,',
  '2023-11-03T00:00:00Z,ap-south-1,aps1-az1,c5.large,Linux/UNIX,0.04',
  '2023-11-01T00:00:00Z,ap-south-1,aps1-az2,c5.large,Linux/UNIX,0.05',
].join('\n');

describe('price changes in CSV', () => {
  it('become one series per pool, absence as NaN', () => {
    expect(points(small)).to.deep.equal([
      [
        'c5.large@aps1-az1',
        [
          ['2023-11-01T00:00', 0.03],
          ['2023-11-02T00:00', NaN],
          ['2023-11-03T00:00', 0.04],
        ],
      ],
      ['c5.large@aps1-az2', [['2023-11-01T00:00', 0.05]]],
    ]);
  });

  it('read the same however the bytes are cut', () => {
    const whole = read(small).series;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 }), (cut) => {
        expect(read(small, {}, cut).series).to.deep.equal(whole);
      }),
    );
  });

  it('are taken from exports with other names, order, quotes and line ends', () => {
    const exported = [
      '"SpotPrice","InstanceType","Timestamp","AvailabilityZone","ProductDescription"',
      '"0.0300","m5.large","2023-11-01 00:00:00+00:00","eu-west-1a","Linux/UNIX (Amazon VPC)"',
      '"0.0900","m5.large","2023-11-01 00:00:00+00:00","eu-west-1a","Windows"',
    ].join('\r\n');
    const { series, notAskedFor } = read(exported);
    expect(series).to.have.length(1);
    expect(series[0]).to.include({ region: 'eu-west-1', zone: 'eu-west-1a', instanceType: 'm5.large' });
    expect([...(series[0]?.pricePerHour ?? [])]).to.deep.equal([0.03]);
    expect(notAskedFor).to.equal(1);
  });

  it('in any order of rows give the ordered series', () => {
    const rows = small.split('\n').slice(1);
    const whole = read(small).series;
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        expect(read([header, ...shuffled].join('\n')).series).to.deep.equal(whole);
      }),
    );
  });

  it('that cannot be used are dropped, each kind counted, the rest kept', () => {
    const row = (time: string, type: string, price: string, zone = 'aps1-az1') =>
      `${time},ap-south-1,${zone},${type},Linux/UNIX,${price}`;
    const { series, dropped, unchanged } = read(
      [
        header,
        row('2023-11-01T00:00:00Z', 'c5.large', '0.03'),
        row('2023-11-01T00:00:00Z', 'c5.large', '0.03'),
        row('2023-11-02T00:00:00Z', 'c5.large', '0.03'),
        row('2023-11-03T00:00:00Z', 'c5.large', '0.05'),
        row('2023-11-03T00:00:00Z', 'c5.large', '0.06'),
        row('2023-11-04T00:00:00Z', 'c5.large', '0'),
        row('2023-11-04T00:00:00Z', 'c5.large', '-1'),
        row('2023-11-04T00:00:00Z', 'c5.large', 'dear'),
        row('never', 'c5.large', '0.03'),
        row('2031-01-01T00:00:00Z', 'c5.large', '0.03'),
        row('1999-01-01T00:00:00Z', 'c5.large', '0.03'),
        row('2023-11-05T00:00:00Z', 'large', '0.03'),
        'too,short',
      ].join('\n'),
    );
    expect([...(series[0]?.pricePerHour ?? [])]).to.deep.equal([0.03, 0.06]);
    expect(unchanged).to.equal(1);
    expect(dropped).to.deep.equal({
      malformed: 1,
      'malformed-time': 1,
      'malformed-price': 1,
      'price-not-positive': 2,
      'time-in-future': 1,
      'time-before-spot': 1,
      'ambiguous-time': 0,
      'too-many-pools': 0,
      'malformed-type': 1,
      'unknown-zone': 0,
      duplicate: 1,
      conflicting: 1,
    });
  });

  it('begin with the price in force when the span begins', () => {
    const query = { fromMs: Date.parse('2023-11-02T12:00:00Z'), toMs: Date.parse('2023-11-10T00:00:00Z') };
    expect(points(small, query)).to.deep.equal([
      [
        'c5.large@aps1-az1',
        [
          ['2023-11-02T00:00', NaN],
          ['2023-11-03T00:00', 0.04],
        ],
      ],
      ['c5.large@aps1-az2', [['2023-11-01T00:00', 0.05]]],
    ]);
  });

  it('under zone ids and names become one pool when the mapping is known', () => {
    const mixed = `${small}\n2023-11-04T00:00:00Z,ap-south-1,ap-south-1a,c5.large,Linux/UNIX,0.07`;
    expect(read(mixed).series).to.have.length(3);
    const { series } = read(mixed, { zoneIds: new Map([['ap-south-1a', 'aps1-az1']]) });
    expect(series.map(({ zone }) => zone)).to.deep.equal(['ap-south-1a', 'aps1-az2']);
    expect(series[0]?.pricePerHour.at(-1)).to.equal(0.07);
  });

  it('of only the wanted regions and types are taken', () => {
    expect(read(small, { regions: ['us-east-1'] }).series).to.be.empty;
    expect(read(small, { instanceTypes: ['c5.xlarge'] }).notAskedFor).to.equal(4);
  });

  it('without a needed column are refused with the columns that are there', () => {
    expect(read('a,b,c\n1,2,3').problem).to.equal(
      'not a price history: no column for time, zone, type, price among "a, b, c"',
    );
  });

  it('do not fill the memory when there is no line end', () => {
    const { problem, series } = read(
      `${small}\n${'x'.repeat(3_000_000)}\n${small.split('\n')[1] ?? ''}`,
      {},
      65_536,
    );
    expect(problem).to.contain('over 1 MiB');
    expect(series).to.have.length(2);
  });
});

describe('price changes in JSON', () => {
  const rows = [
    {
      AvailabilityZone: 'us-east-1a',
      InstanceType: 'c5.large',
      ProductDescription: 'Linux/UNIX',
      SpotPrice: '0.0300',
      Timestamp: '2023-11-01T00:00:00+00:00',
    },
    {
      AvailabilityZone: 'us-east-1a',
      InstanceType: 'c5.large',
      ProductDescription: 'Linux/UNIX',
      SpotPrice: '0.0400',
      Timestamp: '2023-11-02T00:00:00.000Z',
    },
  ];
  const dump = JSON.stringify({ SpotPriceHistory: rows, NextToken: 'a {"quoted} brace' }, null, 4);

  for (const [form, text] of [
    ['as the AWS CLI prints them', dump],
    ['as several dumps in one file', `${dump}\n${dump}`],
    ['as an array', JSON.stringify(rows)],
    ['as one row a line', rows.map((row) => JSON.stringify(row)).join('\n')],
  ] as const)
    it(`are read ${form}, however the bytes are cut`, () => {
      for (const cut of [1, 7, 64, text.length]) {
        const { series, problem } = read(text, {}, cut);
        expect(problem).to.equal(undefined);
        expect(series.map(({ pricePerHour }) => [...pricePerHour])).to.deep.equal([[0.03, 0.04]]);
        expect(series[0]?.region).to.equal('us-east-1');
      }
    });

  it('are used up to where a broken file ends', () => {
    const { series, problem } = read(dump.slice(0, dump.indexOf('0.0400')));
    expect(problem).to.contain('ends within a row');
    expect([...(series[0]?.pricePerHour ?? [])]).to.deep.equal([0.03]);
  });
});

describe('zones', () => {
  for (const [zone, region] of [
    ['ap-south-1a', 'ap-south-1'],
    ['aps1-az1', 'ap-south-1'],
    ['apse1-az2', 'ap-southeast-1'],
    ['apne3-az1', 'ap-northeast-3'],
    ['use1-az6', 'us-east-1'],
    ['usw2-az4', 'us-west-2'],
    ['euc1-az1', 'eu-central-1'],
    ['usgw1-az1', 'us-gov-west-1'],
    ['usw2-lax1-az1', 'us-west-2'],
    ['eun1-cph1-az1', 'eu-north-1'],
    ['use1-bos1-az1', 'us-east-1'],
    ['use1-wl1-bos-wlz1', 'us-east-1'],
    ['usw2-wl1-las-wlz1', 'us-west-2'],
    ['us-west-2-lax-1a', 'us-west-2'],
    ['us-east-1-wl1-bos-wlz-1', 'us-east-1'],
    ['cnnw1-az2', 'cn-northwest-1'],
    ['mec1-az3', 'me-central-1'],
    ['eu-west-1', 'eu-west-1'],
    ['nowhere', undefined],
    ['az1', undefined],
    ['usw2-', undefined],
    ['eu-west-1-wl1', undefined],
  ] as const)
    it(`${zone} is in ${region ?? 'no region'}`, () => expect(regionOfZone(zone)).to.equal(region));
});
