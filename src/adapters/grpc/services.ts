import { fileURLToPath } from 'node:url';
import type { MethodDefinition, PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { loadSync } from '@grpc/proto-loader';
import { InvalidRequest } from '../../errors/invalid-request.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { BytesHandler, GrpcMethod, UnaryCall } from './grpc-method.ts';

export const expanderService = 'grpcplugin.Expander';
export const bestOptionsMethod = '/grpcplugin.Expander/BestOptions';

/** A handler of plain objects, field for field as the proto file has them; enums are their names. */
export type ObjectHandler = (request: Readonly<Record<string, unknown>>, call: UnaryCall) => Promise<object>;

/** A service of ours beside the expander. */
export interface OwnService {
  /** Full name, `spotadvisor.v1.SpotAdvisor`. */
  readonly service: string;
  /** File name in the package's proto directory. */
  readonly protoFile: string;
  /** By method name as the proto file has it. */
  readonly handlers: Readonly<Record<string, ObjectHandler>>;
  /** Only who shows a certificate of the client roots, or the token, may call. Has no effect without either. */
  readonly requiresClientCertificate: boolean;
}

/** A list of some thousand pools; only BestOptions carries pods. */
const ownMessageBytes = 1024 * 1024;

const protoDirectory = fileURLToPath(new URL('../../../proto/', import.meta.url));

/** A proto file of this package: snake_case names stay, absent fields carry their defaults, absent messages are null. */
export function loadedProto(file: string): PackageDefinition {
  return loadSync(file, {
    includeDirs: [protoDirectory],
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
  });
}

/** @throws Error when the file has no such service: a mistake of ours, found at start. */
export function serviceIn(definition: PackageDefinition, service: string): ServiceDefinition {
  const found = definition[service];
  if (found === undefined || 'format' in found) throw new Error(`no service ${service} in its proto file`);
  return found;
}

/** BestOptions on bytes: the only method whose messages may be large. */
export function bestOptionsUnary(handler: BytesHandler, maxMessageBytes: number): GrpcMethod {
  return { kind: 'unary', path: bestOptionsMethod, maxMessageBytes, access: 'everyone', handler };
}

/** The methods of a service of plain objects. */
export function ownMethods(service: OwnService, definition: ServiceDefinition): readonly GrpcMethod[] {
  return Object.entries(definition).map(([name, method]) => {
    const handler = service.handlers[name];
    if (handler === undefined) throw new Error(`no handler for ${method.path}`);
    return {
      kind: 'unary',
      path: method.path,
      maxMessageBytes: ownMessageBytes,
      access: service.requiresClientCertificate ? 'named' : 'everyone',
      handler: async (bytes, call) =>
        method.responseSerialize(await handler(readMessage(method, bytes), call)),
    };
  });
}

function readMessage(
  method: MethodDefinition<object, object>,
  bytes: Uint8Array,
): Readonly<Record<string, unknown>> {
  try {
    return method.requestDeserialize(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) as Readonly<
      Record<string, unknown>
    >;
  } catch (cause) {
    throw new InvalidRequest([{ path: '', message: `the message cannot be read: ${messageOf(cause)}` }], {
      cause,
    });
  }
}
