/** Where connections come in, bounded in number and in what they may leave undone. `Socket` is the platform's. */
export interface Doorway<Socket> {
  /**
   * Listens, and hands over each connection that finds a seat.
   * @throws the platform's error when the address cannot be taken.
   */
  readonly open: (
    address: DoorwayAddress,
    taken: (socket: Socket, seat: Seat) => void,
  ) => Promise<OpenDoorway>;
}

export interface DoorwayAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface OpenDoorway {
  readonly host: string;
  readonly port: number;
  /** Takes no new connection; those that are there stay. */
  readonly close: () => void;
  /** Ends every connection. */
  readonly closeConnections: () => void;
  readonly connections: () => number;
  /** The seat of a peer, `address:port`. */
  readonly seatOf: (peer: string) => Seat | undefined;
}

/** What a connection is worth: where there are too many, the one goes first that has shown the least. */
export interface Seat {
  /** `address:port`. */
  readonly peer: string;
  /** The client's address without its port; networks of one host (IPv6 /64) are one client. */
  readonly client: string;
  /** The handshake is done. */
  readonly established: () => void;
  /** A call has begun; its end must be told by the returned function, with whether it was answered. */
  readonly busy: () => (isAnswered: boolean) => void;
  /** An answer is not read; the returned function tells that it was, or that it never will be. */
  readonly unread: () => (isRead: boolean) => void;
  /** Whether this client has read answers before. */
  readonly isKnown: () => boolean;
  /** Does this work for a call when it is the client's turn: at once where nobody waits. */
  readonly inTurn: (work: () => void) => void;
}

/** Why a connection was refused or closed by us. A closed set: it is a metric's label. */
export type DoorwayRefusal = 'full' | 'too-often' | 'handshake' | 'unused' | 'idle' | 'unread';

export const doorwayRefusals: readonly DoorwayRefusal[] = [
  'full',
  'too-often',
  'handshake',
  'unused',
  'idle',
  'unread',
];
