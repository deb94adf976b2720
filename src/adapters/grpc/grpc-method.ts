/** What a handler is told about its call. */
export interface UnaryCall {
  /** Aborts when the client gives up, its deadline passes or the connection breaks. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds; undefined when the client set no deadline. */
  readonly deadlineMs: number | undefined;
  /** `address:port` of the client. */
  readonly peer: string;
  /** The host and port that the client dialled; empty when it did not say. */
  readonly authority: string;
}

/** The answer as a marshalled message. `request` is only valid until the promise settles: its memory is used again. */
export type BytesHandler = (request: Uint8Array, call: UnaryCall) => Promise<Uint8Array>;

/** What a streaming method is given: one client's messages, and the way back. */
export interface MessageStream {
  readonly onMessage: (listener: (message: Buffer) => void) => void;
  /** The client has said all it had to say. */
  readonly onEnd: (listener: () => void) => void;
  /** The call is over, whoever ended it. */
  readonly onClose: (listener: () => void) => void;
  readonly write: (message: Uint8Array) => void;
  readonly end: () => void;
}

interface AnyMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Larger messages end the call with RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes: number;
  /** Who may call: decided by the headers, before a byte of the message is read. */
  readonly access: 'everyone' | 'named';
}

export type GrpcMethod =
  | (AnyMethod & { readonly kind: 'unary'; readonly handler: BytesHandler })
  | (AnyMethod & { readonly kind: 'stream'; readonly served: (stream: MessageStream) => void });
