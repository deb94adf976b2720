import type { Http2Session } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { Seat } from '../../ports/doorway.ts';
import type { CallStatus } from './statuses.ts';

/** Up to here a message is small: it comes in one or a few pieces, within the window that every connection has. */
export const smallMessageBytes = 128 * 1024;
/** Large messages that come in at once: an autoscaler sends one after the other. */
const most = { ofOneConnection: 16, ofOneClient: 32 } as const;
/** The same of clients that have not read an answer yet, and of all of those together. */
const mostOfStrangers = { ofOneConnection: 8, ofOneClient: 16, inAll: 24 } as const;

interface Begun {
  readonly session: Http2Session | undefined;
  readonly client: string;
  readonly isKnown: boolean;
}

/**
 * Counts the large messages that have begun and are not whole. Their bytes are decrypted and put into place on the event loop, and
 * few at once keep each look at the network short, however many clients begin one.
 */
export class LargeMessages {
  readonly #begun = new Set<Begun>();
  readonly #endSlowest: () => boolean;

  /** `endSlowest` ends the message that comes too slowly, if one does. */
  constructor(endSlowest: () => boolean) {
    this.#endSlowest = endSlowest;
  }

  /** A message begins; the result tells that it has come or will not, or why it may not come. */
  begin(session: Http2Session | undefined, seat: Seat | undefined, bytes: number): (() => void) | CallStatus {
    if (bytes <= smallMessageBytes) return () => undefined;
    const one: Begun = { session, client: seat?.client ?? '', isKnown: seat?.isKnown() ?? false };
    const all = [...this.#begun];
    const { ofOneConnection, ofOneClient } = one.isKnown ? most : mostOfStrangers;
    if (all.filter((other) => other.session === session).length >= ofOneConnection)
      return tooMany(ofOneConnection, 'on this connection');
    if (all.filter(({ client }) => client === one.client).length >= ofOneClient)
      return tooMany(ofOneClient, 'of this client');
    if (
      !one.isKnown &&
      all.filter(({ isKnown }) => !isKnown).length >= mostOfStrangers.inAll &&
      !this.#endSlowest()
    )
      return tooMany(mostOfStrangers.inAll, 'of new clients');
    this.#begun.add(one);
    return () => void this.#begun.delete(one);
  }
}

function tooMany(count: number, whose: string): CallStatus {
  return {
    code: status.RESOURCE_EXHAUSTED,
    message: `${count} large messages ${whose} have begun and are not whole; send one after the other`,
  };
}
