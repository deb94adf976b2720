import type { Http2Session } from 'node:http2';
import { status } from '@grpc/grpc-js';
import type { Seat } from '../../ports/doorway.ts';
import type { CallStatus } from './statuses.ts';

/** Up to here a message is small: it comes in one or a few pieces, within the window that every connection has. */
export const smallMessageBytes = 128 * 1024;
/** Large messages that come in at once: an autoscaler sends one after the other. */
const mostOfOneConnection = 4;
const mostOfOneClient = 8;
/** Of clients that have not read an answer yet, together. */
const mostOfStrangers = 24;

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
    if (all.filter((other) => other.session === session).length >= mostOfOneConnection)
      return tooMany(mostOfOneConnection, 'on this connection');
    if (all.filter(({ client }) => client === one.client).length >= mostOfOneClient)
      return tooMany(mostOfOneClient, 'of this client');
    if (
      !one.isKnown &&
      all.filter(({ isKnown }) => !isKnown).length >= mostOfStrangers &&
      !this.#endSlowest()
    )
      return tooMany(mostOfStrangers, 'of new clients');
    this.#begun.add(one);
    return () => void this.#begun.delete(one);
  }
}

function tooMany(most: number, whose: string): CallStatus {
  return {
    code: status.RESOURCE_EXHAUSTED,
    message: `${most} large messages ${whose} have begun and are not whole; send one after the other`,
  };
}
