import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { admission } from '../../../src/adapters/doorway/admission.ts';
import { clientOf } from '../../../src/adapters/doorway/client-of.ts';
import { ClientRate } from '../../../src/adapters/doorway/client-rate.ts';
import { doorway, grpcDoorwayLimits, type DoorwayLimits } from '../../../src/adapters/doorway/doorway.ts';
import type { OpenDoorway, Seat } from '../../../src/ports/doorway.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a doorway', () => {
  const open: { close: () => void }[] = [];
  afterEach(() => {
    for (const one of open.splice(0)) one.close();
  });

  async function opened(limits: Partial<DoorwayLimits> = {}) {
    const refusals: string[] = [];
    const seats: Seat[] = [];
    const door: OpenDoorway = await doorway({
      limits: { ...grpcDoorwayLimits, ...limits },
      hasHandshake: true,
      onRefused: (why) => refusals.push(why),
    }).open({ host: '127.0.0.1', port: 0 }, (_, seat) => seats.push(seat));
    open.push({
      close: () => {
        door.close();
        door.closeConnections();
      },
    });
    const come = async (from = '127.0.0.2'): Promise<Socket & { isOver?: boolean }> => {
      const socket: Socket & { isOver?: boolean } = connect({
        port: door.port,
        host: '127.0.0.1',
        localAddress: from,
      });
      socket.on('error', () => undefined);
      socket.on('close', () => (socket.isOver = true));
      socket.resume();
      open.push({ close: () => socket.destroy() });
      await pause(30);
      return socket;
    };
    return { door, seats, refusals, come };
  }

  it('lets the one go that has shown the least when there are too many of one client: never one that works', async () => {
    const { seats, come, refusals } = await opened({ connectionsOfOneClient: 3 });
    const [working, answered, silent] = [await come(), await come(), await come()];
    seats[0]?.busy();
    seats[1]?.busy()(true);
    const fourth = await come();
    expect([working.isOver, answered.isOver, silent.isOver]).to.deep.equal([undefined, undefined, true]);
    seats[3]?.established();
    await come();
    expect([working.isOver, answered.isOver, fourth.isOver]).to.deep.equal([undefined, undefined, true]);
    expect(refusals).to.deep.equal(['full', 'full']);
  });

  it('refuses another when all of a client’s are at work, and takes those of others', async () => {
    const { seats, come } = await opened({ connectionsOfOneClient: 2 });
    await come();
    await come();
    for (const seat of seats) seat.busy();
    expect((await come()).isOver).to.equal(true);
    expect((await come('127.0.0.3')).isOver).to.equal(undefined);
  });

  it('is full for nobody who has something to ask while others only hold their handshakes', async () => {
    const { door, seats, come } = await opened({ connections: 5, connectionsOfOneClient: 100 });
    for (let index = 0; index < 12; index += 1) await come(`127.0.0.${10 + index}`);
    expect(door.connections()).to.equal(5);
    const autoscaler = await come('127.0.0.99');
    seats.at(-1)?.established();
    for (let index = 0; index < 4; index += 1) await come(`127.0.0.${30 + index}`);
    expect(autoscaler.isOver).to.equal(undefined);
  });

  it('ends handshakes, connections without use, idle ones and unread answers, each in its time', async () => {
    const { seats, come, refusals } = await opened({
      handshakeMs: 100,
      unusedMs: 100,
      idleMs: 100,
      unreadMs: 100,
    });
    const sockets = [await come(), await come(), await come(), await come(), await come()];
    const [, unused, idle, unread, working] = seats;
    unused?.established();
    idle?.busy()(true);
    unread?.busy();
    unread?.unread();
    working?.busy();
    await pause(1_200);
    expect(sockets.map(({ isOver }) => isOver)).to.deep.equal([true, true, true, true, undefined]);
    expect(refusals.toSorted()).to.deep.equal(['handshake', 'idle', 'unread', 'unused']);
  });

  it('takes so many new connections of a client in a second and no more', async () => {
    const { seats, come, refusals } = await opened({ burstOfOneClient: 5, perSecondOfOneClient: 0.001 });
    await Promise.all(Array.from({ length: 9 }, () => come()));
    await pause(200);
    expect(seats).to.have.length(5);
    expect(refusals).to.deep.equal(['too-often', 'too-often', 'too-often', 'too-often']);
    expect((await come('127.0.0.4')).isOver).to.equal(undefined);
  });

  it('says so when its address is taken', async () => {
    const { door } = await opened();
    const error: unknown = await doorway({ limits: grpcDoorwayLimits, hasHandshake: false })
      .open({ host: '127.0.0.1', port: door.port }, () => undefined)
      .catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'EADDRINUSE');
  });
});

describe('whom an address belongs to', () => {
  for (const [address, client] of [
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::7', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, 'unknown'],
  ] as const)
    it(`is ${client} for ${address ?? 'none'}`, () => expect(clientOf(address)).to.equal(client));
});

describe('the rate of a client', () => {
  it('fills again with time, and is kept for no more than ten thousand clients', () => {
    const rate = new ClientRate(2, 1);
    expect([rate.admits('a', 0), rate.admits('a', 0), rate.admits('a', 0)]).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect([rate.admits('a', 1_000), rate.admits('a', 1_000)]).to.deep.equal([true, false]);
    for (let index = 0; index < 50_000; index += 1)
      expect(rate.admits(`client-${index}`, 2_000)).to.equal(true);
  });
});

describe('admission', () => {
  const limits = {
    openOfOneClient: 2,
    open: 3,
    burstOfOneClient: 10,
    perSecondOfOneClient: 1,
    burst: 15,
    perSecond: 1,
  };

  it('lets in so many at once of one client and in all, and others when they have left', () => {
    const desk = admission(limits, () => 0);
    const first = desk.enter('a');
    desk.enter('a');
    expect(desk.enter('a').isIn).to.equal(false);
    expect(desk.enter('b').isIn).to.equal(true);
    expect(desk.enter('c')).to.include({ isIn: false, why: '3 questions are still being answered' });
    if (first.isIn) first.left();
    expect(desk.enter('c').isIn).to.equal(true);
  });

  it('lets in so many in a second of one client and in all', () => {
    const desk = admission(limits, () => 0);
    const asked = (client: string): boolean => {
      const entry = desk.enter(client);
      if (entry.isIn) entry.left();
      return entry.isIn;
    };
    expect(Array.from({ length: 12 }, () => asked('a')).filter(Boolean)).to.have.length(10);
    expect(Array.from({ length: 12 }, () => asked('b')).filter(Boolean)).to.have.length(5);
  });
});
