import { Client, Metadata, credentials, status, type ServiceError } from '@grpc/grpc-js';
import { InvalidRequest } from '../../errors/invalid-request.ts';
import { NotFound } from '../../errors/not-found.ts';
import { ServerUnavailable } from '../../errors/server-unavailable.ts';
import { loadedProto, serviceIn } from './services.ts';

export interface AdvisorClientOptions {
  /** `host:port`; the host must be one that the server's certificate names. */
  readonly target: string;
  /** PEM of the roots that the server's certificate is checked by; undefined: the machine's own. */
  readonly rootCertificates: Buffer | undefined;
  /** Presented when the server asks for one. */
  readonly clientCertificate: { readonly certificate: Buffer; readonly key: Buffer } | undefined;
  /** Sent with every call, for a server that wants one (`api_token_file`). */
  readonly token?: string | undefined;
  readonly timeoutMs: number;
}

export type AdvisorMethod = 'Rank' | 'Evaluate' | 'Explain' | 'ListPools';

export interface AdvisorClient {
  /**
   * The answer as a plain object in the proto's field names; what is absent there is absent here.
   * @throws InvalidRequest, NotFound as the server said so; ServerUnavailable when it cannot be reached or does not answer in time.
   */
  readonly call: (method: AdvisorMethod, request: object, signal: AbortSignal) => Promise<unknown>;
  readonly close: () => void;
}

/** A client of the SpotAdvisor service of another process. */
export function advisorClient(options: AdvisorClientOptions): AdvisorClient {
  const service = serviceIn(loadedProto('spot_advisor.proto'), 'spotadvisor.v1.SpotAdvisor');
  const { clientCertificate, rootCertificates, target, timeoutMs, token } = options;
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  const client = new Client(
    target,
    credentials.createSsl(
      rootCertificates ?? null,
      clientCertificate?.key ?? null,
      clientCertificate?.certificate ?? null,
    ),
    { 'grpc.max_receive_message_length': 64 * 1024 * 1024 },
  );
  return {
    call: (name, request, signal) =>
      new Promise((resolve, reject) => {
        const method = service[name];
        if (method === undefined) {
          reject(new Error(`the service has no method ${name}`));
          return;
        }
        const call = client.makeUnaryRequest<object, unknown>(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request,
          metadata,
          { deadline: Date.now() + timeoutMs },
          (error, answer) => {
            if (error === null) resolve(answer);
            else reject(plainError(error, target));
          },
        );
        signal.addEventListener('abort', () => call.cancel(), { once: true });
      }),
    close: () => client.close(),
  };
}

function plainError(error: ServiceError, target: string): Error {
  const because = { cause: error };
  if (error.code === status.INVALID_ARGUMENT)
    return new InvalidRequest([{ path: '', message: error.details }], because);
  if (error.code === status.NOT_FOUND) return new NotFound(error.details, because);
  if (error.code === status.DEADLINE_EXCEEDED)
    return new ServerUnavailable(`${target} did not answer in time`, because);
  if (error.code === status.UNAVAILABLE)
    return new ServerUnavailable(`${target} cannot be reached: ${unreachable(error.details)}`, because);
  return new ServerUnavailable(`${target} answered ${status[error.code]}: ${error.details}`, because);
}

/** The library ends its sentence with the heading of a note that is empty for plain addresses. */
function unreachable(details: string): string {
  return details.replace(/\s*Resolution note:\s*$/, '');
}
