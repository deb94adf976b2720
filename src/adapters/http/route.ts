import { setImmediate as nextTurn } from 'node:timers/promises';
/** What a route is given: read, bounded and parsed. */
export interface HttpQuestion {
  readonly path: string;
  readonly query: URLSearchParams;
  /** The JSON body of a POST; undefined for a GET. */
  readonly json: unknown;
  /** Whom the request comes from. */
  readonly client: string;
  /** Aborted when the caller goes away or the server stops. */
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Who may ask. `probe`: everyone, at any time, for it costs nothing. `open`: everyone, as often as is admitted; it tells nothing of
 * single decisions. `read`: whoever may see decisions, from this server's own pages or without a browser. `write`: only who has the
 * token.
 */
export type RouteAccess = 'probe' | 'open' | 'read' | 'write';

/** One line of the route table. A GET answers HEAD as well. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly access: RouteAccess;
  readonly answer: (question: HttpQuestion) => HttpAnswer | Promise<HttpAnswer>;
}

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n`, headers };
}

export function textAnswer(
  status: number,
  text: string,
  contentType = 'text/plain; charset=utf-8',
): HttpAnswer {
  return { status, contentType, body: text };
}

const itemsOfPiece = 100;

/**
 * The same for an answer whose list may be long: its text is made in pieces of a millisecond or so, and the event loop turns in
 * between. The list comes first.
 */
export async function longJsonAnswer<Key extends string>(
  status: number,
  value: Readonly<Record<Key, readonly unknown[]>>,
  key: Key,
): Promise<HttpAnswer> {
  const { [key]: items, ...others } = value;
  const pieces: string[] = [];
  for (let at = 0; at < items.length; at += itemsOfPiece) {
    if (at > 0) await nextTurn();
    pieces.push(JSON.stringify(items.slice(at, at + itemsOfPiece)).slice(1, -1));
  }
  const rest = JSON.stringify(others).slice(1);
  const body = `{${JSON.stringify(key)}:[${pieces.join(',')}]${rest === '}' ? '' : ','}${rest}\n`;
  return { status, contentType: 'application/json', body };
}
