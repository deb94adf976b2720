import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Doorway, DoorwayAddress, DoorwayRefusal, OpenDoorway, Seat } from '../../ports/doorway.ts';
import { clientOf } from './client-of.ts';
import { ClientRate } from './client-rate.ts';
import { KnownClients } from './known-clients.ts';
import { isSpared, TakenSeat, type SeatTimes } from './taken-seat.ts';
import { WaitingRoom, type WaitingLimits } from './waiting-room.ts';
import { WorkTurns } from './work-turns.ts';

export interface DoorwayLimits extends SeatTimes {
  readonly connections: number;
  readonly connectionsOfOneClient: number;
  /** Connections that have not finished their handshake, of all clients together. */
  readonly handshakes: number;
  /** New connections of one client: at once, and a second in the long run. */
  readonly burstOfOneClient: number;
  readonly perSecondOfOneClient: number;
  /** At what pace connections begin, and how many wait for it. */
  readonly beginning: WaitingLimits;
}

export interface DoorwayOptions {
  readonly limits: DoorwayLimits;
  /** Whether a connection begins with a handshake of its own. */
  readonly hasHandshake: boolean;
  readonly onRefused?: (why: DoorwayRefusal) => void;
  readonly nowMs?: () => number;
}

/** For TLS with few clients that come to stay: an autoscaler has one connection, a command line one for a moment. */
export const grpcDoorwayLimits: DoorwayLimits = {
  connections: 512,
  connectionsOfOneClient: 64,
  handshakes: 64,
  burstOfOneClient: 200,
  perSecondOfOneClient: 50,
  beginning: { burst: 4, perSecond: 60, waiting: 256 },
  handshakeMs: 5_000,
  unusedMs: 30_000,
  idleMs: 600_000,
  unreadMs: 10_000,
};

/** For people, scripts and their browsers. */
export const apiDoorwayLimits: DoorwayLimits = {
  connections: 256,
  connectionsOfOneClient: 64,
  handshakes: 256,
  burstOfOneClient: 400,
  perSecondOfOneClient: 100,
  beginning: { burst: 32, perSecond: 100, waiting: 256 },
  handshakeMs: 5_000,
  unusedMs: 20_000,
  idleMs: 65_000,
  unreadMs: 20_000,
};

/** For kubelets and Prometheus. */
export const probeDoorwayLimits: DoorwayLimits = {
  ...apiDoorwayLimits,
  connections: 64,
  connectionsOfOneClient: 16,
};

const lookEveryMs = 500;
/** All that wait to be accepted are, one after the other, before anything else is done. */
const backlog = 256;

/**
 * A listener whose connections are bounded: in total, for each client, in handshakes, and in time without use. Where one more
 * would be too many, the connection that has shown the least gives way; one that works for a call never does.
 */
export function doorway(options: DoorwayOptions): Doorway<Socket> {
  return { open: (address, taken) => opened(address, taken, options) };
}

async function opened(
  address: DoorwayAddress,
  taken: (socket: Socket, seat: Seat) => void,
  { limits, hasHandshake, onRefused = () => undefined, nowMs = () => performance.now() }: DoorwayOptions,
): Promise<OpenDoorway> {
  const seats = new Map<string, TakenSeat>();
  const rate = new ClientRate(limits.burstOfOneClient, limits.perSecondOfOneClient);
  const known = new KnownClients();
  const turns = new WorkTurns({ nowMs });
  const room = new WaitingRoom(limits.beginning, nowMs, () => onRefused('full'));
  const end = (seat: TakenSeat, why: DoorwayRefusal): void => {
    onRefused(why);
    // Its seat is free at once; the socket tells of its end a little later.
    seats.delete(seat.peer);
    seat.socket.destroy();
  };
  /** Frees a seat among these, if they are too many for one more; false where all of them are at work. */
  const hasRoom = (among: readonly TakenSeat[], most: number): boolean => {
    if (among.length < most) return true;
    const least = leastOf(among);
    if (least === undefined) return false;
    end(least, 'full');
    return true;
  };
  const begin = (socket: Socket, client: string): void => {
    const all = [...seats.values()];
    if (
      !hasRoom(
        all.filter((one) => one.client === client),
        limits.connectionsOfOneClient,
      ) ||
      !hasRoom(hasHandshake ? all.filter((one) => one.rank().worth === 0) : [], limits.handshakes) ||
      (seats.size >= limits.connections && !hasRoom([...seats.values()], limits.connections))
    ) {
      onRefused('full');
      socket.destroy();
      return;
    }
    const seat = new TakenSeat(socket, { client, hasHandshake, nowMs, known, turns });
    seats.set(seat.peer, seat);
    socket.once('close', () => {
      if (seats.get(seat.peer) === seat) seats.delete(seat.peer);
    });
    taken(socket, seat);
  };
  const server = createServer({ noDelay: true }, (socket) => {
    // What goes wrong with a connection ends it, and its end is seen by whoever has taken it.
    socket.on('error', () => undefined);
    const client = clientOf(socket.remoteAddress);
    if (!rate.admits(client, nowMs())) {
      onRefused('too-often');
      socket.destroy();
      return;
    }
    room.enter(socket, client, known.isKnown(client, nowMs()), () => begin(socket, client));
  });
  const timer = setInterval(() => {
    for (const seat of seats.values()) {
      const why = seat.overdue(limits);
      if (why !== undefined) end(seat, why);
    }
  }, lookEveryMs);
  timer.unref();
  await listening(server, address).catch((error: unknown) => {
    clearInterval(timer);
    throw error;
  });
  const { address: host, port } = server.address() as AddressInfo;
  return {
    host,
    port,
    close: () => {
      room.close();
      server.close(() => clearInterval(timer));
    },
    closeConnections: () => {
      for (const { socket } of seats.values()) socket.destroy();
    },
    connections: () => seats.size,
    seatOf: (peer) => seats.get(peer),
  };
}

function leastOf(seats: readonly TakenSeat[]): TakenSeat | undefined {
  let least: TakenSeat | undefined;
  let rank = { worth: Infinity, sinceMs: Infinity };
  for (const seat of seats) {
    if (isSpared(seat)) continue;
    const one = seat.rank();
    if (one.worth < rank.worth || (one.worth === rank.worth && one.sinceMs < rank.sinceMs)) {
      least = seat;
      rank = one;
    }
  }
  return least;
}

function listening(server: Server, { host, port }: DoorwayAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog }, () => {
      server.off('error', reject);
      // Out of file descriptors, for one: connections are lost, the server is not.
      server.on('error', () => undefined);
      resolve();
    });
  });
}
