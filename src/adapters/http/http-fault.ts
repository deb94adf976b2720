import { InvalidRequest } from '../../errors/invalid-request.ts';
import { NotFound } from '../../errors/not-found.ts';
import { Overloaded } from '../../errors/overloaded.ts';
import { jsonAnswer, type HttpAnswer } from './route.ts';

/** A request that HTTP itself forbids: its status, and what the caller should change. */
export class HttpFault extends Error {
  override readonly name = 'HttpFault';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = status;
    this.headers = headers;
  }
}

/** The one place where an error becomes an answer; undefined for a fault of ours, whose cause stays off the wire. */
export function answerToFault(error: unknown): HttpAnswer | undefined {
  if (error instanceof InvalidRequest)
    return jsonAnswer(400, { error: 'the request is not valid', details: error.details });
  if (error instanceof NotFound) return jsonAnswer(404, { error: error.message, details: [] });
  if (error instanceof Overloaded)
    return jsonAnswer(
      429,
      { error: error.message, details: [] },
      { 'retry-after': String(Math.ceil(error.retryAfterMs / 1_000)) },
    );
  if (error instanceof HttpFault)
    return jsonAnswer(error.status, { error: error.message, details: [] }, error.headers);
  return undefined;
}
