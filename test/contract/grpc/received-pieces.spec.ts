import { constants, PerformanceObserver } from 'node:perf_hooks';
import { expect } from 'chai';
import { ReceiveBuffers } from '../../../src/adapters/grpc/receive-buffers.ts';
import { ReceivedPieces } from '../../../src/adapters/grpc/received-pieces.ts';
import { until } from './peers.ts';

const mebibyte = 1024 * 1024;

describe('received pieces', () => {
  it('are collected young after every 8 MiB', () => {
    let collections = 0;
    const pieces = new ReceivedPieces(() => (collections += 1));
    for (let received = 0; received < 64 * mebibyte; received += 16_384) pieces.received(16_384);
    expect(collections).to.equal(8);
  });

  it('are really collected by this Node', async () => {
    const kinds: unknown[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries())
        kinds.push(Reflect.get(Object(Reflect.get(entry, 'detail')), 'kind'));
    });
    observer.observe({ entryTypes: ['gc'] });
    const pieces = new ReceivedPieces();
    await until(() => {
      pieces.received(8 * mebibyte);
      return kinds.includes(constants.NODE_PERFORMANCE_GC_MINOR);
    });
    observer.disconnect();
  });
});

describe('receive buffers', () => {
  it('lend a large buffer again, with room to grow, never beyond the largest message', () => {
    const buffers = new ReceiveBuffers(10 * mebibyte, 60_000);
    const first = buffers.taken(4 * mebibyte);
    buffers.returned(first, 4 * mebibyte);
    expect(buffers.taken(4 * mebibyte + 1)).to.equal(first);
    expect(buffers.keptBytes).to.equal(0);
    expect(buffers.taken(10 * mebibyte)).to.have.length(10 * mebibyte);
    buffers.close();
  });

  it('lend to two at once without mixing them up, and keep the larger', () => {
    const buffers = new ReceiveBuffers(100 * mebibyte, 60_000);
    const [small, large] = [buffers.taken(2 * mebibyte), buffers.taken(4 * mebibyte)];
    expect(small.buffer).to.not.equal(large.buffer);
    buffers.returned(large, 4 * mebibyte);
    buffers.returned(small, 2 * mebibyte);
    expect(buffers.keptBytes).to.equal(large.length);
    buffers.close();
    expect(buffers.keptBytes).to.equal(0);
  });

  it('give memory back at once when it is not kept, without waiting for a collection', () => {
    const buffers = new ReceiveBuffers(100 * mebibyte, 60_000);
    const [small, large, larger] = [2, 4, 8].map((size) => buffers.taken(size * mebibyte));
    buffers.returned(large!, 4 * mebibyte);
    buffers.returned(small!, 2 * mebibyte);
    expect([small, large].map((one) => one?.length)).to.deep.equal([0, 5 * mebibyte]);
    buffers.returned(larger!, 8 * mebibyte);
    expect(large).to.have.length(0);
    buffers.close();
    expect(larger).to.have.length(0);
  });

  it('lend no more at once than two of the largest messages', () => {
    const buffers = new ReceiveBuffers(4 * mebibyte, 60_000);
    const [first] = [buffers.taken(4 * mebibyte), buffers.taken(3 * mebibyte)];
    expect(() => buffers.taken(2 * mebibyte)).to.throw(RangeError, 'too many large requests at once');
    buffers.returned(first, 4 * mebibyte);
    expect(buffers.taken(2 * mebibyte)).to.equal(first);
    buffers.close();
  });

  it('let go of what nobody needed for a while, also when small requests go on', async () => {
    const buffers = new ReceiveBuffers(100 * mebibyte, 30);
    buffers.returned(buffers.taken(40 * mebibyte), 40 * mebibyte);
    await until(() => {
      buffers.returned(buffers.taken(mebibyte), mebibyte);
      return buffers.keptBytes < 40 * mebibyte;
    });
    buffers.close();
  });
});
