import { expect } from 'chai';
import { publicDocuments } from '../../../src/adapters/advisor-feed/advisor-feed.ts';
import { priceListReader, priceListUrlOf } from '../../../src/offline/collect/price-list.ts';
import { lastMadePrice, madeTypes, priceListPeer, type PriceListPeer } from '../../peers/price-list-peer.ts';

const { signal } = new AbortController();
const megabyte = 1_000_000;

describe('a large price list', () => {
  let peer: PriceListPeer;
  beforeEach(async () => (peer = await priceListPeer(64 * megabyte)));
  afterEach(() => peer.close());

  it('is taken as it comes: never more than 16 MB lie between the sender and the reader', async () => {
    const reader = priceListReader('ap-south-1');
    let taken = 0;
    let mostBetween = 0;
    for await (const piece of publicDocuments().stream(peer.url.replace('{region}', 'ap-south-1'), signal)) {
      mostBetween = Math.max(mostBetween, peer.sent() - taken);
      reader.push(piece);
      taken += piece.length;
    }
    const prices = reader.prices();
    expect(taken).to.be.greaterThan(64 * megabyte);
    expect(prices.size).to.equal(madeTypes);
    expect(prices.get(lastMadePrice.type)).to.equal(lastMadePrice.pricePerHour);
    expect(mostBetween).to.be.lessThan(16 * megabyte);
  });

  it('waits for a reader that takes its time, and is let go when the reader stops', async () => {
    const pieces = publicDocuments().stream(peer.url.replace('{region}', 'ap-south-1'), signal);
    let taken = 0;
    for await (const piece of pieces) {
      taken += piece.length;
      if (taken < megabyte) continue;
      // Till nothing moves any more: what the sender may send by then is what the buffers between hold.
      let sent = -1;
      while (sent !== peer.sent()) {
        sent = peer.sent();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(sent).to.be.lessThan(32 * megabyte);
      break;
    }
    expect(taken).to.be.lessThan(2 * megabyte);
  });
});

describe('a price list of several places', () => {
  const columns = [
    'TermType',
    'Unit',
    'PricePerUnit',
    'Currency',
    'Instance Type',
    'Location Type',
    'Region Code',
    'Operating System',
    'Tenancy',
    'CapacityStatus',
    'Pre Installed S/W',
    'MarketOption',
  ];

  interface Row {
    readonly price: string;
    readonly type?: string;
    readonly currency?: string;
    readonly place?: string;
    readonly region?: string;
    readonly market?: string;
  }

  function listed(region: string, rows: readonly Row[]) {
    const reader = priceListReader(region);
    const line = (cells: readonly string[]): string => `${cells.map((cell) => `"${cell}"`).join(',')}\n`;
    const text = rows.map(
      ({ price, type = 'c5.large', currency = 'USD', place = 'AWS Region', market = 'OnDemand', ...row }) =>
        line([
          'OnDemand',
          'Hrs',
          price,
          currency,
          type,
          place,
          row.region ?? region,
          'Linux',
          'Shared',
          'Used',
          'NA',
          market,
        ]),
    );
    reader.push(Buffer.from(line(columns) + text.join('')));
    return reader;
  }

  it('gives the price of the region itself: not of its Local Zones, not of another region, not of capacity blocks', () => {
    const prices = listed('us-west-2', [
      { price: '0.0850000000' },
      { price: '0.1020000000', place: 'AWS Local Zone', region: 'us-west-2-lax-1' },
      { price: '0.1310000000', region: 'sa-east-1' },
      { price: '55.0400000000', type: 'p5.48xlarge' },
      { price: '0.0100000000', type: 'p5.48xlarge', market: 'CapacityBlock' },
    ]).prices();
    expect(Object.fromEntries(prices)).to.deep.equal({ 'c5.large': 0.085, 'p5.48xlarge': 55.04 });
  });

  it('is in yuan for China and in dollars elsewhere', () => {
    const rows = [
      { price: '0.6010000000', currency: 'CNY' },
      { price: '0.0000000000', currency: 'USD' },
    ];
    expect(listed('cn-north-1', rows).prices().get('c5.large')).to.equal(0.601);
    expect(() => listed('us-east-1', rows.slice(0, 1)).prices()).to.throw(
      'the price list names no on-demand price of us-east-1: 1 rows have Currency CNY',
    );
  });

  it('that is another region’s says so', () => {
    expect(() => listed('us-west-2', [{ price: '0.1', region: 'sa-east-1' }]).prices()).to.throw(
      'the price list names no on-demand price of us-west-2: 1 rows have Region Code sa-east-1',
    );
  });

  for (const [region, host] of [
    [
      'us-gov-west-1',
      'https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/us-gov-west-1/index.csv',
    ],
    [
      'cn-north-1',
      'https://pricing.cn-northwest-1.amazonaws.com.cn/offers/v1.0/cn/AmazonEC2/current/cn-north-1/index.csv',
    ],
  ] as const)
    it(`is published for ${region} at ${new URL(host).host}`, () => {
      expect(priceListUrlOf(region)).to.equal(host);
    });
});
