import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Client } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import type { MethodDefinition, PackageDefinition } from '@grpc/proto-loader';
import { loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader';

/** A client that knows nothing but reflection, as grpcurl does. */
export interface ReflectingClient {
  readonly services: () => Promise<readonly string[]>;
  /** What the server says of the file that defines this symbol, with the files that it needs. */
  readonly definitions: (symbol: string) => Promise<PackageDefinition>;
  /** Calls `package.Service/Method` with JSON, by the reflected definitions alone. */
  readonly call: (fullMethod: string, json: unknown) => Promise<unknown>;
  /** The JSON as the reflected message type keeps it: what it does not know is gone. */
  readonly kept: (fullMethod: string, json: unknown) => Promise<unknown>;
  readonly close: () => void;
}

interface ReflectionAnswer {
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] } | null;
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] } | null;
  readonly error_response?: { readonly error_message: string } | null;
}

const reflectionPackage = dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json'));
const reflectionProto = join(reflectionPackage, 'build/proto/grpc/reflection/v1/reflection.proto');
const infoMethod = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const asJson = { keepCase: true, longs: Number, enums: String };

export function reflectingClient(target: string, credentials: ChannelCredentials): ReflectingClient {
  const client = new Client(target, credentials);
  const service = loadSync(reflectionProto, { keepCase: true })['grpc.reflection.v1.ServerReflection'];
  const info = methodOf({ 'grpc.reflection.v1.ServerReflection': service ?? {} }, infoMethod);

  const asked = (request: object): Promise<ReflectionAnswer> =>
    new Promise((resolve, reject) => {
      const stream = client.makeBidiStreamRequest(info.path, info.requestSerialize, (bytes) =>
        info.responseDeserialize(bytes),
      );
      stream.on('data', (answer: ReflectionAnswer) => {
        stream.end();
        if (answer.error_response) reject(new Error(answer.error_response.error_message));
        else resolve(answer);
      });
      stream.on('error', reject);
      stream.write(request);
    });

  const definitions = async (symbol: string): Promise<PackageDefinition> => {
    const { file_descriptor_response } = await asked({ file_containing_symbol: symbol });
    return loadFileDescriptorSetFromBuffer(
      descriptorSet(file_descriptor_response?.file_descriptor_proto ?? []),
      asJson,
    );
  };

  const method = async (fullMethod: string) => {
    const [symbol = ''] = fullMethod.split('/');
    return methodOf(await definitions(symbol), `/${fullMethod}`);
  };

  return {
    services: async () =>
      ((await asked({ list_services: '*' })).list_services_response?.service ?? []).map(({ name }) => name),
    definitions,
    kept: async (fullMethod, json) => {
      const { requestSerialize, requestDeserialize } = await method(fullMethod);
      return requestDeserialize(requestSerialize(json as object));
    },
    call: async (fullMethod, json) => {
      const { path, requestSerialize, responseDeserialize } = await method(fullMethod);
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          json as object,
          (error, answer) => {
            if (error === null) resolve(answer);
            else reject(error);
          },
        );
      });
    },
    close: () => client.close(),
  };
}

function methodOf(definitions: PackageDefinition, path: string): MethodDefinition<object, object> {
  for (const definition of Object.values(definitions)) {
    if ('format' in definition) continue;
    const found = Object.values(definition).find((method) => method.path === path);
    if (found !== undefined) return found;
  }
  throw new Error(`the server reflects no method ${path}`);
}

/** FileDescriptorSet: field 1, once for each file. */
function descriptorSet(files: readonly Buffer[]): Buffer {
  return Buffer.concat(files.flatMap((file) => [Buffer.from([0x0a, ...varint(file.length)]), file]));
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
