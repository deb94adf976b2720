import { EventEmitter } from 'node:events';
import type { Server, status } from '@grpc/grpc-js';
import type { MethodDefinition, PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { GrpcFailure } from './statuses.ts';
import type { BytesHandler, GrpcMethod, MessageStream } from './grpc-method.ts';
import { withMapEntryNames } from './map-entry-names.ts';

/** A name of a service or of a file is all that these are ever asked for. */
const smallMessageBytes = 4 * 1024;

type AnyMethod = MethodDefinition<object, object>;
type LibraryHandler = (...args: unknown[]) => void;

/** Health and reflection as their libraries have them, served by us, so that their messages are bounded like all others. */
export interface LibraryServices {
  readonly methods: readonly GrpcMethod[];
  readonly setHealth: (service: string, status: 'SERVING' | 'NOT_SERVING') => void;
}

export function libraryServices(reflected: PackageDefinition): LibraryServices {
  const health = new HealthImplementation();
  const reflection = new ReflectionService(withMapEntryNames(reflected));
  return {
    methods: [health, reflection].flatMap(methodsOf),
    setHealth: (service, status) => health.setStatus(service, status),
  };
}

/** The libraries add themselves to a server of the gRPC library; of it they use one method. */
function methodsOf(service: { addToServer: (server: Server) => void }): readonly GrpcMethod[] {
  const methods: GrpcMethod[] = [];
  const server = {
    addService: (
      definition: Readonly<Record<string, AnyMethod>>,
      handlers: Readonly<Record<string, LibraryHandler>>,
    ) => {
      for (const [name, method] of Object.entries(definition)) {
        const handler = handlers[name] ?? handlers[method.originalName ?? ''];
        if (handler === undefined) throw new Error(`no handler for ${method.path}`);
        methods.push(methodOf(method, handler));
      }
    },
  };
  service.addToServer(server as unknown as Server);
  return methods;
}

function methodOf(method: AnyMethod, handler: LibraryHandler): GrpcMethod {
  const common = { path: method.path, maxMessageBytes: smallMessageBytes, access: 'everyone' } as const;
  if (!method.requestStream && !method.responseStream)
    return { ...common, kind: 'unary', handler: unaryHandler(method, handler) };
  return { ...common, kind: 'stream', served: (stream) => serveUnary(method, handler, stream) };
}

function unaryHandler(method: AnyMethod, handler: LibraryHandler): BytesHandler {
  return (bytes) =>
    new Promise((resolve, reject) => {
      const request = method.requestDeserialize(Buffer.from(bytes));
      handler({ request }, (error: { code: status; details: string } | null, answer: object) => {
        if (error === null) resolve(method.responseSerialize(answer));
        else reject(new GrpcFailure(error.code, error.details));
      });
    });
}

/** The library's stream: an emitter of messages that can be written to. */
class LibraryStream extends EventEmitter {
  readonly request: object | undefined;
  readonly write: (answer: object) => void;
  readonly end: () => void;

  constructor(method: AnyMethod, stream: MessageStream, request: object | undefined) {
    super();
    this.request = request;
    this.write = (answer) => stream.write(method.responseSerialize(answer));
    this.end = () => stream.end();
    stream.onClose(() => this.emit('cancelled', 'cancelled'));
  }
}

function serveUnary(method: AnyMethod, handler: LibraryHandler, stream: MessageStream): void {
  if (method.requestStream) {
    const given = new LibraryStream(method, stream, undefined);
    stream.onMessage((message) => given.emit('data', method.requestDeserialize(message)));
    stream.onEnd(() => given.emit('end'));
    handler(given);
    return;
  }
  let isBegun = false;
  stream.onMessage((message) => {
    if (isBegun) return;
    isBegun = true;
    handler(new LibraryStream(method, stream, method.requestDeserialize(message)));
  });
}
