import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { expect } from 'chai';
import { devCertificateFiles } from '../../../src/adapters/files/dev-certificate.ts';
import { doorway, grpcDoorwayLimits } from '../../../src/adapters/doorway/doorway.ts';
import { startGrpcServer, type GrpcServer } from '../../../src/adapters/grpc/grpc-server.ts';
import { advisorHandlers } from '../../../src/server/advisor/advisor-handlers.ts';
import { localAdvisor, type OpenedLocalAdvisor } from '../../../src/processes/ask/local-advisor.ts';
import { commandContext } from '../commands/command-context.ts';
import { grpcurlLines } from './documented-lines.ts';
import { reflectingClient, type ReflectingClient } from './reflected-service.ts';

const service = 'spotadvisor.v1.SpotAdvisor';

interface Ranked {
  readonly candidates: readonly {
    readonly id: string;
    readonly is_valid?: boolean;
    readonly rank?: number;
  }[];
}

describe('the documented grpcurl lines, by reflection alone', () => {
  let directory: string;
  let server: GrpcServer;
  let local: OpenedLocalAdvisor;
  let client: ReflectingClient;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'reflection-'));
    const certificate = await devCertificateFiles(directory, new Date());
    local = await localAdvisor({}, commandContext(directory));
    server = await startGrpcServer({
      listen: { host: '127.0.0.1', port: 0 },
      doorway: doorway({ limits: grpcDoorwayLimits, hasHandshake: true }),
      tls: certificate,
      bestOptions: (request) => Promise.resolve(Uint8Array.from(request)),
      services: [
        {
          service,
          protoFile: 'spot_advisor.proto',
          handlers: advisorHandlers(local.advisor),
          requiresClientCertificate: false,
        },
      ],
    });
    server.setServing(true);
    client = reflectingClient(
      `localhost:${server.port}`,
      credentials.createSsl(readFileSync(certificate.certFile)),
    );
  });
  after(async () => {
    client.close();
    await server.drain(0);
    await local.close();
    await rm(directory, { recursive: true });
  });

  const lines = grpcurlLines();

  it('cover every method of the service', async () => {
    const definition = (await client.definitions(service))[service];
    const methods = Object.keys(definition ?? {}).map((name) => `${service}/${name}`);
    expect(methods).to.have.length(4);
    expect(lines.map(({ asks }) => asks)).to.include.members(methods);
  });

  it('list the services', async () => {
    expect(lines.map(({ asks }) => asks)).to.include('list');
    expect(await client.services()).to.include.members([
      service,
      'grpcplugin.Expander',
      'grpc.health.v1.Health',
    ]);
  });

  it('describe what is there', async () => {
    const described = lines.flatMap(({ asks }) => /^describe (\S+)$/.exec(asks)?.[1] ?? []);
    expect(described).not.to.deep.equal([]);
    for (const symbol of described) expect(await client.definitions(symbol)).to.include.keys(symbol);
  });

  for (const { line, asks, data } of lines.filter((one) => one.asks.includes('/'))) {
    it(`answer: ${line.replace('grpcurl -cacert $CACERT ', '')}`, async () => {
      const json: unknown = JSON.parse(data ?? '{}');
      // A field that the message does not have would be lost without a word; grpcurl refuses it.
      expect(await client.kept(asks, json)).to.deep.equal(json);
      const answer = await client.call(asks, json);
      if (asks.endsWith('/Rank')) {
        const { candidates } = answer as Ranked;
        expect(candidates.length).to.be.greaterThan(0);
        expect(candidates[0]).to.include({ rank: 1, is_valid: true });
      }
      if (asks.endsWith('/Evaluate')) expect(answer).to.include({ decision: 'DRAIN' });
      if (asks.endsWith('/Health/Check')) expect(answer).to.include({ status: 'SERVING' });
      if (asks.endsWith('/ListPools')) expect(answer).to.have.property('pools').with.length(5);
    });
  }

  it('end with INVALID_ARGUMENT and every mistake when the question is wrong', async () => {
    const error: unknown = await client
      .call(`${service}/Rank`, { pools: [{ pool: 'c5.large' }, { pool: 'c5.lrge@ap-south-1a' }] })
      .catch((caught: unknown) => caught);
    expect(error).to.include({ code: 3 });
    expect(String(error)).to.include('pools.0.pool: must be TYPE@ZONE');
  });

  it('end with NOT_FOUND for a decision that is gone', async () => {
    const error: unknown = await client
      .call(`${service}/Explain`, { decision_id: '000000000-0000' })
      .catch((caught: unknown) => caught);
    expect(error).to.include({ code: 5 });
  });
});
