import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { Metadata, status } from '@grpc/grpc-js';
import type { GrpcEvent } from '../../ports/grpc-events.ts';
import type { CallStatus } from './statuses.ts';
import { statusOf } from './statuses.ts';
import type { UnaryCall } from './unary-stream.ts';

export interface LibraryUnaryOptions<Request, Answer> {
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly handler: (request: Request, call: UnaryCall) => Promise<Answer>;
  /** Asked before the handler; a status ends the call. */
  readonly refusal: (call: ServerUnaryCall<Request, Answer>) => CallStatus | undefined;
  readonly requestBytes: (request: Request) => number;
  readonly onEvent: (event: GrpcEvent) => void;
}

/** An async handler in the library's form, with the same signal, statuses and events as the direct path has. */
export function libraryUnary<Request, Answer>(
  options: LibraryUnaryOptions<Request, Answer>,
): (call: ServerUnaryCall<Request, Answer>, callback: sendUnaryData<Answer>) => void {
  const { method, handler, refusal, onEvent } = options;
  return (call, callback) => {
    const startedMs = performance.now();
    const abort = new AbortController();
    let isEnded = false;
    const ended = (code: number): void => {
      if (isEnded) return;
      isEnded = true;
      const requestBytes = options.requestBytes(call.request);
      onEvent({
        kind: 'call-ended',
        method,
        code,
        durationMs: performance.now() - startedMs,
        requestBytes,
      });
    };
    const fail = ({ code, message }: CallStatus): void => {
      ended(code);
      callback({ code, details: message.toWellFormed(), metadata: new Metadata() });
    };
    call.on('cancelled', () => {
      abort.abort();
      ended(status.CANCELLED);
    });
    const refused = refusal(call);
    if (refused !== undefined) {
      fail(refused);
      return;
    }
    const deadline = call.getDeadline();
    const deadlineMs = deadline instanceof Date ? deadline.getTime() : deadline;
    // Within a promise, so that a handler that throws at once is no different from one that rejects.
    const answered = async (): Promise<Answer> =>
      handler(call.request, {
        signal: abort.signal,
        deadlineMs: Number.isFinite(deadlineMs) ? deadlineMs : undefined,
        peer: call.getPeer(),
      });
    answered().then(
      (answer) => {
        ended(status.OK);
        callback(null, answer);
      },
      (error: unknown) => {
        const failed = statusOf(error);
        if (failed.isOurFault) onEvent({ kind: 'handler-failed', method, error });
        fail(failed);
      },
    );
  };
}
