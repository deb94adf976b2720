import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { GrpcObject, ServiceClientConstructor } from '@grpc/grpc-js';
import { credentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { expect } from 'chai';
import { protoPath as healthProto } from 'grpc-health-check';
import type { OwnService } from '../../../src/adapters/grpc/services.ts';
import { loadedProto } from '../../../src/adapters/grpc/services.ts';
import { NotFound } from '../../../src/errors/not-found.ts';
import type { CertificateFiles } from '../../../src/adapters/files/dev-certificate.ts';
import type { RunningServer } from './peers.ts';
import {
  called,
  clientOf,
  failure,
  freshCertificate,
  freshIdentity,
  started,
  stopAll,
  until,
} from './peers.ts';

type Callback = (error: Error | null, answer: Record<string, unknown>) => void;
type UnaryMethod = (request: object, callback: Callback) => void;
interface AnyClient {
  close(): void;
  readonly [method: string]: unknown;
}

const open: AnyClient[] = [];

/** A client of `service` with its own connection. */
function typedClient(
  { port, certificate }: RunningServer,
  proto: ReturnType<typeof loadSync>,
  service: string,
  identity?: CertificateFiles,
): AnyClient {
  let at: unknown = loadPackageDefinition(proto);
  for (const part of service.split('.')) at = (at as GrpcObject)[part];
  const Constructor = at as ServiceClientConstructor;
  const tls = credentials.createSsl(
    readFileSync(certificate.certFile),
    identity === undefined ? null : readFileSync(identity.keyFile),
    identity === undefined ? null : readFileSync(identity.certFile),
  );
  const client = new Constructor(`localhost:${port}`, tls, { 'grpc.use_local_subchannel_pool': 1 });
  open.push(client);
  return client;
}

const ask = (client: AnyClient, method: string, request: object): Promise<Record<string, unknown>> =>
  new Promise((resolve, reject) => {
    (client[method] as UnaryMethod).call(client, request, (error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });

const healthOf = async (server: RunningServer, service: string): Promise<unknown> => {
  const client = typedClient(server, loadedProto(healthProto), 'grpc.health.v1.Health');
  return (await ask(client, 'check', { service }))['status'];
};

const reflectionProto = join(
  dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json')),
  'build/proto/grpc/reflection/v1/reflection.proto',
);

/** A minimal SpotAdvisor: each method answers what `handlers` say, the others nothing. */
function advisor(handlers: OwnService['handlers'] = {}, requiresClientCertificate = false): OwnService {
  const none = (): Promise<object> => Promise.resolve({});
  return {
    service: 'spotadvisor.v1.SpotAdvisor',
    protoFile: 'spot_advisor.proto',
    handlers: { Rank: none, Evaluate: none, Explain: none, ListPools: none, ...handlers },
    requiresClientCertificate,
  };
}

const advisorClient = (server: RunningServer, identity?: CertificateFiles): AnyClient =>
  typedClient(server, loadedProto('spot_advisor.proto'), 'spotadvisor.v1.SpotAdvisor', identity);

const afterAll = async (): Promise<void> => {
  for (const client of open.splice(0)) client.close();
  await stopAll();
};

describe('health', () => {
  afterEach(afterAll);

  it('is NOT_SERVING until it is told otherwise, for the whole and for each service', async () => {
    const server = await started({ services: [advisor()] });
    for (const service of ['', 'grpcplugin.Expander', 'spotadvisor.v1.SpotAdvisor']) {
      server.server.setServing(false);
      expect(await healthOf(server, service)).to.equal('NOT_SERVING');
      server.server.setServing(true);
      expect(await healthOf(server, service)).to.equal('SERVING');
    }
    expect((await failure(healthOf(server, 'unknown')))[0]).to.equal(status.NOT_FOUND);
  });
});

describe('reflection', () => {
  afterEach(afterAll);

  it('names the services and finds their messages', async () => {
    const server = await started({ services: [advisor()] });
    const client = typedClient(
      server,
      loadSync(reflectionProto, { keepCase: true }),
      'grpc.reflection.v1.ServerReflection',
    );
    const stream = (client['ServerReflectionInfo'] as () => NodeJS.ReadWriteStream).call(client);
    const answers: Record<string, { service?: { name: string }[]; file_descriptor_proto?: Buffer[] }>[] = [];
    stream.on('data', (answer) => answers.push(answer as (typeof answers)[number]));
    stream.on('error', () => undefined);
    stream.write({ list_services: '*' } as unknown as string);
    stream.write({ file_containing_symbol: 'grpcplugin.Expander.BestOptions' } as unknown as string);
    stream.write({ file_containing_symbol: 'spotadvisor.v1.RankRequest' } as unknown as string);
    await until(() => answers.length === 3);
    stream.end();
    expect(answers[0]!['list_services_response']!.service!.map(({ name }) => name)).to.include.members([
      'grpcplugin.Expander',
      'spotadvisor.v1.SpotAdvisor',
      'grpc.health.v1.Health',
    ]);
    for (const [index, name] of [
      [1, 'nodeBytesMap'],
      [2, 'resource_requirements'],
    ] as const) {
      expect(String(answers[index]!['file_descriptor_response']!.file_descriptor_proto)).to.include(name);
    }
  });
});

describe('a service of plain objects', () => {
  afterEach(afterAll);

  it('is asked and answers by the names in its proto file', async () => {
    const requests: unknown[] = [];
    const server = await started({
      services: [
        advisor({
          ListPools: (request) => {
            requests.push(request);
            return Promise.resolve({});
          },
        }),
      ],
    });
    await ask(advisorClient(server), 'ListPools', {});
    expect(requests).to.have.length(1);
    await until(() => server.events.length === 1);
    expect(server.events[0]).to.include({ kind: 'call-ended', code: status.OK });
  });

  it('ends with a clear status when a handler throws', async () => {
    const server = await started({
      services: [
        advisor({
          Explain: () => Promise.reject(new NotFound('no decision d-1')),
          Rank: () => Promise.reject(new TypeError('secret')),
        }),
      ],
    });
    const client = advisorClient(server);
    expect(await failure(ask(client, 'Explain', {}))).to.deep.equal([status.NOT_FOUND, 'no decision d-1']);
    expect(await failure(ask(client, 'Rank', {}))).to.deep.equal([
      status.INTERNAL,
      'internal fault; the server log has the cause',
    ]);
    expect(server.events.filter(({ kind }) => kind === 'handler-failed')).to.have.length(1);
  });

  it('wants a client certificate where it says so; the autoscaler is never asked for one', async () => {
    const [identity, stranger] = [await freshIdentity(), await freshIdentity()];
    const certificate = await freshCertificate();
    const running = await started({
      tls: { ...certificate, clientCaFile: identity.certFile },
      services: [advisor({}, true)],
    });
    const server = { ...running, certificate };
    expect(await ask(advisorClient(server, identity), 'ListPools', {})).to.be.an('object');
    expect((await failure(ask(advisorClient(server), 'ListPools', {})))[0]).to.equal(status.UNAUTHENTICATED);
    expect((await failure(ask(advisorClient(server, stranger), 'ListPools', {})))[0]).to.equal(
      status.UNAUTHENTICATED,
    );
    expect(await called(clientOf(server), new Uint8Array(3))).to.have.length(3);
    expect(await healthOf(server, '')).to.equal('NOT_SERVING');
  });

  it('is found out at start when a handler is missing', async () => {
    const incomplete = { ...advisor(), handlers: {} };
    const error: unknown = await started({ services: [incomplete] }).catch((reason: unknown) => reason);
    expect(String(error)).to.match(/no handler for \/spotadvisor\.v1\.SpotAdvisor\//);
  });
});

describe('a drain', () => {
  afterEach(afterAll);

  it('lets open calls end, takes no new ones, and does not wait for health watches', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const server = await started({
      bestOptions: async (request) => {
        await held;
        return Uint8Array.from(request);
      },
    });
    const statuses: unknown[] = [];
    const watcher = typedClient(server, loadedProto(healthProto), 'grpc.health.v1.Health');
    const watch = (watcher['Watch'] as (request: object) => NodeJS.ReadableStream).call(watcher, {
      service: '',
    });
    watch.on('data', (answer: unknown) => statuses.push((answer as { status: unknown }).status));
    watch.on('error', () => undefined);
    server.server.setServing(true);
    await until(() => statuses.at(-1) === 'SERVING');

    const answer = called(clientOf(server), new Uint8Array(3));
    await until(() => server.server.transportReport().openCalls === 1);
    const drained = server.server.drain(60_000);
    await until(() => statuses.at(-1) === 'NOT_SERVING');
    expect((await failure(called(clientOf(server), new Uint8Array(3))))[0]).to.equal(status.UNAVAILABLE);
    release();
    expect(await answer).to.have.length(3);
    await drained;
  });

  it('ends after its grace, whatever is still open', async () => {
    const signals: AbortSignal[] = [];
    const server = await started({
      bestOptions: (_, { signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    });
    const failed = failure(called(clientOf(server), new Uint8Array(3)));
    await until(() => signals.length === 1);
    await server.server.drain(50);
    expect([status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]).to.include((await failed)[0]);
    await until(() => signals[0]!.aborted);
  });
});

describe('the age of a connection', () => {
  afterEach(afterAll);

  it('is bounded, without failing a call', async () => {
    const peers = new Set<string>();
    const server = await started({
      maxConnectionAgeMs: 150,
      bestOptions: async (request, { peer }) => {
        peers.add(peer);
        await new Promise((resolve) => setTimeout(resolve, 20));
        return Uint8Array.from(request);
      },
    });
    const client = clientOf(server);
    while (peers.size < 3) expect(await called(client, new Uint8Array(3))).to.have.length(3);
  });
});
