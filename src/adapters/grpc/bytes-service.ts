import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import type { GrpcEvent } from '../../ports/grpc-events.ts';
import { libraryUnary } from './library-unary.ts';
import type { BytesHandler } from './unary-stream.ts';

export const expanderService = 'grpcplugin.Expander';
export const bestOptionsMethod = '/grpcplugin.Expander/BestOptions';

/**
 * The Expander service for the library, on bytes in and bytes out: it serves compressed requests, and all of them where
 * the direct path cannot be taken.
 */
export function serviceOfBytes(
  definition: ServiceDefinition,
  handler: BytesHandler,
  onEvent: (event: GrpcEvent) => void,
): [ServiceDefinition, UntypedServiceImplementation] {
  const { BestOptions: described } = definition;
  if (described === undefined) throw new Error('no BestOptions in expander.proto');
  const method = {
    ...described,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
  };
  const unary = libraryUnary<Buffer, Uint8Array>({
    method: bestOptionsMethod,
    handler,
    refusal: () => undefined,
    requestBytes: (request) => request.length,
    onEvent,
  });
  return [{ ...definition, BestOptions: method as unknown as typeof described }, { BestOptions: unary }];
}
