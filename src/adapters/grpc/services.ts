import { fileURLToPath } from 'node:url';
import type { PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { loadSync } from '@grpc/proto-loader';
import type { ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { GrpcEvent } from '../../ports/grpc-events.ts';
import { libraryUnary } from './library-unary.ts';
import type { CallStatus } from './statuses.ts';
import type { UnaryCall } from './unary-stream.ts';

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
  /** Calls without a certificate of the client roots are refused. Has no effect without client roots. */
  readonly requiresClientCertificate: boolean;
}

const noCertificate: CallStatus = {
  code: status.UNAUTHENTICATED,
  message: 'this service wants a client certificate of the configured roots',
};

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

/** The library's form of a service, with deadlines, cancellation, statuses and the client certificate check. */
export function implementationOf(
  service: OwnService,
  definition: ServiceDefinition,
  checksClients: boolean,
  onEvent: (event: GrpcEvent) => void,
): UntypedServiceImplementation {
  const checked = checksClients && service.requiresClientCertificate;
  const refusal = (
    call: Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext'>,
  ): CallStatus | undefined =>
    checked && call.getAuthContext().sslPeerCertificate === undefined ? noCertificate : undefined;
  return Object.fromEntries(
    Object.entries(definition).map(([name, { path }]) => {
      const handler = service.handlers[name];
      if (handler === undefined) throw new Error(`no handler for ${path}`);
      return [name, libraryUnary({ method: path, handler, refusal, requestBytes: () => 0, onEvent })];
    }),
  );
}
