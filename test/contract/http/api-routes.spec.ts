import { expect } from 'chai';
import fc from 'fast-check';
import { apiRoutes, type Readiness } from '../../../src/adapters/http/api-routes.ts';
import { startHttpServer, type HttpServer } from '../../../src/adapters/http/http-server.ts';
import type { EvaluateResponse, RankResponse } from '../../../src/api/messages.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { smallAdvisor } from '../../unit/server/advisor/small-market.ts';
import { wideDoorway } from './wide-doorway.ts';

interface Mistakes {
  readonly error: string;
  readonly details: readonly { readonly path: string; readonly message: string }[];
}

describe('the HTTP API', () => {
  let server: HttpServer;
  let readiness: Readiness = { ready: true, reasons: [] };
  const { advisor, told } = smallAdvisor();

  before(async () => {
    server = await startHttpServer({
      host: '127.0.0.1',
      doorway: wideDoorway,
      port: 0,
      log: silentLog,
      routes: apiRoutes({
        advisor,
        metrics: {
          text: () => Promise.resolve('spot_hot_pools 0\n'),
          contentType: 'text/plain; version=0.0.4',
        },
        readiness: () => readiness,
        health: () => ({ mode: 'TEST', version: '1' }),
      }),
    });
  });
  after(() => server.close(0));

  const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);
  const post = (path: string, body: unknown) =>
    fetch(`http://127.0.0.1:${server.port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  it('evaluates an instance with the fields that its callers know', async () => {
    const response = await post('/api/v1/evaluate', {
      instance_type: 'c5.large',
      availability_zone: 'ap-south-1a',
      region: 'ap-south-1',
      aws_signal: 'NONE',
      instance_id: 'i-0123456789abcdef0',
    });
    expect(response.status).to.equal(200);
    const answer = (await response.json()) as EvaluateResponse;
    expect(answer).to.have.all.keys(
      'decision',
      'reason',
      'crash_probability',
      'expected_frequency',
      'aws_signal',
      'signal_time',
      'selected_candidate',
      'degradation',
      'decision_id',
      'execution_time_ms',
      'instance_id',
    );
    expect(answer).to.include({ decision: 'STAY', aws_signal: 'NONE', crash_probability: 0.2 });
    expect(told.at(-1)?.decision_id).to.equal(answer.decision_id);
  });

  for (const [signal, decision] of [
    ['REBALANCE', 'DRAIN'],
    ['REBALANCE_RECOMMENDATION', 'DRAIN'],
    ['TERMINATION', 'EVACUATE'],
    ['INSTANCE_TERMINATION', 'EVACUATE'],
  ] as const) {
    it(`answers ${signal} with ${decision}`, async () => {
      const body = { instance_type: 'c5.large', availability_zone: 'ap-south-1a', aws_signal: signal };
      const answer = (await (await post('/api/v1/evaluate', body)).json()) as EvaluateResponse;
      expect(answer.decision).to.equal(decision);
    });
  }

  it('ranks by requirements with the fields that its callers know', async () => {
    const response = await post('/api/v1/rank', {
      resource_requirements: { vcpu: 2, memory_gb: 4, architecture: 'x86_64' },
      region: 'ap-south-1',
    });
    expect(response.status).to.equal(200);
    const answer = (await response.json()) as RankResponse;
    expect(answer).to.include.all.keys('candidates', 'degradation', 'decision_id', 'execution_time_ms');
    expect(answer.candidates).to.have.length(4);
    for (const candidate of answer.candidates)
      expect(candidate).to.include.all.keys(
        'instance_type',
        'availability_zone',
        'spot_price',
        'on_demand_price',
        'crash_probability',
        'historic_interrupt_rate',
        'discount_depth',
        'waste_cost',
        'tco',
        'yield_score',
        'vcpu',
        'memory_gb',
        'architecture',
        'is_valid',
        'filtered_reason',
        'filtered_by',
      );
    const dropped = answer.candidates.filter(({ is_valid }) => !is_valid);
    expect(dropped.map(({ id, filtered_by }) => [id, filtered_by])).to.deep.equal([
      ['r5.large@ap-south-1a', 'optimizer'],
    ]);
  });

  it('ranks pools that are given as text and as objects', async () => {
    const response = await post('/api/v1/rank', {
      pools: ['c5.large@ap-south-1a', { instance_type: 'c5.large', availability_zone: 'ap-south-1b' }],
    });
    const { candidates } = (await response.json()) as RankResponse;
    expect(candidates.map(({ id }) => id)).to.have.members(['c5.large@ap-south-1a', 'c5.large@ap-south-1b']);
  });

  it('answers 400 with the names that a mistyped type may have meant', async () => {
    for (const [path, body] of [
      ['/api/v1/evaluate', { instance_type: 'c5.lrge', availability_zone: 'ap-south-1a' }],
      ['/api/v1/rank', { pools: ['c5.lrge@ap-south-1a'] }],
    ] as const) {
      const response = await post(path, body);
      expect(response.status).to.equal(400);
      const { error, details } = (await response.json()) as Mistakes;
      expect(error).to.equal('the request is not valid');
      expect(details[0]?.path).to.match(/instance_type$/);
      expect(details[0]?.message).to.include('did you mean c5.large');
    }
  });

  it('answers 400 to JSON that is no request', async () => {
    for (const body of [
      '[]',
      '"text"',
      'null',
      '{}',
      '{"pools":{}}',
      '{"instance_type":{}}',
      '{"__proto__":{}}',
    ])
      for (const path of ['/api/v1/evaluate', '/api/v1/rank']) {
        const response = await post(path, body);
        expect([path, body, response.status]).to.deep.equal([path, body, 400]);
        expect(((await response.json()) as Mistakes).details).not.to.deep.equal([]);
      }
  });

  it('answers whatever JSON is sent with 200 or 400', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.constantFrom('/api/v1/evaluate', '/api/v1/rank'), async (body, path) => {
        expect((await post(path, body)).status).to.be.oneOf([200, 400]);
      }),
      { numRuns: 60 },
    );
  });

  it('serves metrics with their content type', async () => {
    const response = await get('/metrics');
    expect([response.status, response.headers.get('content-type'), await response.text()]).to.deep.equal([
      200,
      'text/plain; version=0.0.4',
      'spot_hot_pools 0\n',
    ]);
  });

  it('is alive while it runs, and ready only when it is; the reasons are told', async () => {
    readiness = { ready: false, reasons: ['the model is not loaded'] };
    expect((await get('/healthz')).status).to.equal(200);
    const unready = await get('/readyz');
    expect([unready.status, await unready.json()]).to.deep.equal([
      503,
      { ready: false, reasons: ['the model is not loaded'] },
    ]);
    expect(await (await get('/health')).json()).to.deep.include({ status: 'unavailable', mode: 'TEST' });

    readiness = { ready: true, reasons: ['prices are old'] };
    expect((await get('/readyz')).status).to.equal(200);
    expect(await (await get('/health')).json()).to.deep.include({ status: 'degraded' });
    readiness = { ready: true, reasons: [] };
    expect(await (await get('/health')).json()).to.deep.include({ status: 'healthy', reasons: [] });
  });
});
