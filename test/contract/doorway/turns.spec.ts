import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { doorway, grpcDoorwayLimits } from '../../../src/adapters/doorway/doorway.ts';
import { FairQueue } from '../../../src/adapters/doorway/fair-queue.ts';
import { KnownClients } from '../../../src/adapters/doorway/known-clients.ts';
import { WorkTurns } from '../../../src/adapters/doorway/work-turns.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('whose turn it is', () => {
  const taken = (queue: FairQueue<string>, count: number): readonly (string | undefined)[] =>
    Array.from({ length: count }, () => queue.take()?.item);

  it('goes round among clients, so that who brings much waits for himself', () => {
    const queue = new FairQueue<string>();
    for (const item of ['a1', 'a2', 'a3']) queue.put('a', true, item);
    queue.put('b', true, 'b1');
    queue.put('c', true, 'c1');
    expect(taken(queue, 6)).to.deep.equal(['a1', 'b1', 'c1', 'a2', 'a3', undefined]);
    expect(queue.size).to.equal(0);
  });

  it('is that of known clients three times of four while strangers wait', () => {
    const queue = new FairQueue<string>();
    for (let index = 0; index < 4; index += 1) queue.put('stranger', false, `s${index}`);
    for (let index = 0; index < 4; index += 1) queue.put('known', true, `k${index}`);
    expect(taken(queue, 8)).to.deep.equal(['k0', 'k1', 'k2', 's0', 'k3', 's1', 's2', 's3']);
  });

  it('is no stranger’s while strangers may not be taken', () => {
    const queue = new FairQueue<string>();
    queue.put('stranger', false, 's');
    expect(queue.take(false)).to.equal(undefined);
    expect(queue.size).to.equal(1);
    expect(queue.take(true)).to.deep.equal({ item: 's', isKnown: false });
  });

  it('is given up for the newest of the stranger that has most waiting', () => {
    const queue = new FairQueue<string>();
    queue.put('known', true, 'k');
    for (const item of ['a1', 'a2']) queue.put('a', false, item);
    queue.put('b', false, 'b1');
    expect([queue.giveUp(), queue.giveUp(), queue.giveUp(), queue.giveUp(), queue.giveUp()]).to.deep.equal([
      'a2',
      'a1',
      'b1',
      'k',
      undefined,
    ]);
    expect(queue.size).to.equal(0);
  });
});

describe('work for calls', () => {
  /** A clock that only work moves, and an event loop that turns by hand. */
  function loop() {
    let nowMs = 0;
    const next: (() => void)[] = [];
    const rests: (() => void)[] = [];
    const turns = new WorkTurns({
      nowMs: () => nowMs,
      afterReading: (then) => next.push(then),
      afterRest: (then) => rests.push(then),
    });
    const done: string[] = [];
    return {
      turns,
      done,
      work: (name: string, ms: number) => () => {
        nowMs += ms;
        done.push(name);
      },
      turn: () => {
        for (const then of next.splice(0)) then();
      },
      rested: (ms: number) => {
        nowMs += ms;
        for (const then of rests.splice(0)) then();
      },
    };
  }

  it('is done at once where nothing waits', () => {
    const { turns, done, work } = loop();
    turns.do('autoscaler', false, work('first', 2));
    expect(done).to.deep.equal(['first']);
  });

  it('waits for one turn, and not for all that came before, when the client is known', () => {
    const { turns, done, work, turn } = loop();
    for (let index = 0; index < 1_000; index += 1) turns.do('flood', true, work('flood', 2));
    turns.do('autoscaler', true, work('autoscaler', 2));
    expect(done).to.have.length(2);
    turn();
    expect(done).to.deep.equal(['flood', 'flood', 'flood', 'autoscaler']);
  });

  it('of strangers takes a part of the time, and known clients’ is done in between', () => {
    const { turns, done, work, turn, rested } = loop();
    for (let index = 0; index < 100; index += 1) turns.do(`s${index}`, false, work('stranger', 2));
    for (let index = 0; index < 50; index += 1) turn();
    const before = done.length;
    expect(before).to.be.within(25, 40);
    turns.do('autoscaler', true, work('autoscaler', 2));
    turn();
    rested(0);
    turn();
    expect(done.slice(before)).to.include('autoscaler');
    rested(8);
    turn();
    expect(done.filter((one) => one === 'stranger')).to.have.length.above(before);
  });
});

describe('a known client', () => {
  it('is one that has read an answer within the hour, and one of at most a thousand', () => {
    const known = new KnownClients();
    known.sawRead('a', 0);
    expect([
      known.isKnown('a', 3_000_000),
      known.isKnown('a', 3_700_000),
      known.isKnown('b', 0),
    ]).to.deep.equal([true, false, false]);
    for (let index = 0; index < 1_000; index += 1) known.sawRead(`c${index}`, 1);
    expect(known.isKnown('a', 1)).to.equal(false);
  });
});

describe('new connections', () => {
  const open: (() => void)[] = [];
  afterEach(() => {
    for (const close of open.splice(0)) close();
  });

  it('begin at their pace, those of a client that has read an answer before hundreds of others', async () => {
    const begun: string[] = [];
    const door = await doorway({
      limits: { ...grpcDoorwayLimits, beginning: { burst: 1, perSecond: 20, waiting: 100 } },
      hasHandshake: true,
    }).open({ host: '127.0.0.1', port: 0 }, (_, seat) => {
      begun.push(seat.client);
      if (seat.client === '127.0.0.2') seat.unread()(true);
    });
    open.push(() => {
      door.close();
      door.closeConnections();
    });
    const come = (from: string): Socket => {
      const socket = connect({ port: door.port, host: '127.0.0.1', localAddress: from });
      socket.on('error', () => undefined);
      open.push(() => socket.destroy());
      return socket;
    };
    come('127.0.0.2');
    await pause(100);
    expect(begun).to.deep.equal(['127.0.0.2']);
    for (let index = 0; index < 60; index += 1) come(`127.0.1.${1 + index}`);
    await pause(100);
    come('127.0.0.2');
    await pause(400);
    expect(begun.filter((client) => client === '127.0.0.2')).to.have.length(2);
    expect(begun.length).to.be.below(30);
  });

  it('wait only so many at a time: the newest of who brings most is closed', async () => {
    const refusals: string[] = [];
    const door = await doorway({
      limits: { ...grpcDoorwayLimits, beginning: { burst: 1, perSecond: 0.001, waiting: 5 } },
      hasHandshake: true,
      onRefused: (why) => refusals.push(why),
    }).open({ host: '127.0.0.1', port: 0 }, () => undefined);
    open.push(() => door.close());
    const ends: string[] = [];
    const come = async (from: string): Promise<void> => {
      const socket = connect({ port: door.port, host: '127.0.0.1', localAddress: from });
      socket.on('error', () => undefined);
      socket.on('close', () => ends.push(from));
      socket.resume();
      open.push(() => socket.destroy());
      await pause(20);
    };
    await come('127.0.0.9');
    for (let index = 0; index < 5; index += 1) await come('127.0.0.2');
    await come('127.0.0.3');
    expect(ends).to.deep.equal(['127.0.0.2']);
    expect(refusals).to.deep.equal(['full']);
  });
});
