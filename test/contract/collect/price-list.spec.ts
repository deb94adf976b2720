import { expect } from 'chai';
import { publicDocuments } from '../../../src/adapters/advisor-feed/advisor-feed.ts';
import { priceListReader } from '../../../src/offline/collect/price-list.ts';
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
