import { status } from '@grpc/grpc-js';
import { InvalidRequest } from '../../errors/invalid-request.ts';
import { MalformedRequest } from '../../errors/malformed-request.ts';
import { NotFound } from '../../errors/not-found.ts';
import { Overloaded } from '../../errors/overloaded.ts';
import { UsageError } from '../../errors/usage-error.ts';

/** How a call ends. */
export interface CallStatus {
  readonly code: status;
  readonly message: string;
}

/** A status that a library's handler asked for. */
export class GrpcFailure extends Error {
  override readonly name = 'GrpcFailure';
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

const longestMessage = 2_048;

/** The status for an error that a handler threw. The caller's own mistakes are told in full; a fault of ours stays off the wire. */
export function statusOf(error: unknown): CallStatus & { readonly isOurFault: boolean } {
  if (error instanceof GrpcFailure) return { code: error.code, message: error.message, isOurFault: false };
  if (error instanceof Overloaded)
    return { code: status.RESOURCE_EXHAUSTED, message: error.message, isOurFault: false };
  if (error instanceof MalformedRequest || error instanceof InvalidRequest || error instanceof UsageError) {
    return { code: status.INVALID_ARGUMENT, message: error.message, isOurFault: false };
  }
  if (error instanceof NotFound) {
    return { code: status.NOT_FOUND, message: error.message, isOurFault: false };
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return { code: status.CANCELLED, message: 'the call was given up', isOurFault: false };
  }
  return {
    code: status.INTERNAL,
    message: 'internal fault; the server log has the cause',
    isOurFault: true,
  };
}

/** `grpc-message` as the protocol wants it: percent-encoded, and short enough for a header. */
export function encodedMessage(message: string): string {
  return encodeURI(message.slice(0, longestMessage).toWellFormed());
}
