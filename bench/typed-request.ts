import { loadSync } from '@grpc/proto-loader';

const here = new URL('.', import.meta.url).pathname;
const proto = new URL('../proto/', import.meta.url).pathname;

const definition = loadSync('typed_expander.proto', { includeDirs: [here, proto] });

/** The request as proto-loader's objects: every pod and node decoded, repeated ones too. */
export function typedRequest(message: Buffer): object {
  const service = definition['bench.TypedExpander'];
  const method = service !== undefined && !('format' in service) ? service['BestOptions'] : undefined;
  if (method === undefined) throw new Error('typed_expander.proto has lost its method');
  return method.requestDeserialize(message);
}
