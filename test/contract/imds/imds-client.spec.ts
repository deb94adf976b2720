import { expect } from 'chai';
import { imdsClient } from '../../../src/adapters/imds/imds-client.ts';
import type { MetadataProblemKind, MetadataSource } from '../../../src/ports/instance-metadata.ts';
import { fakeImds, interruption, type FakeImds, type ImdsFault } from '../../peers/fake-imds.ts';

const signal = new AbortController().signal;

describe('IMDSv2 client', () => {
  let imds: FakeImds;
  let nowMs: number;

  beforeEach(async () => {
    imds = await fakeImds();
    nowMs = Date.now();
  });
  afterEach(async () => {
    const withoutToken = imds.requests.filter((one) => one.method === 'GET' && !one.hasToken);
    await imds.close();
    expect(withoutToken, 'a request without a token is IMDSv1').to.deep.equal([]);
  });

  function client(over: { readonly timeoutMs?: number; readonly endpoint?: string } = {}) {
    return imdsClient({
      endpoint: imds.url,
      timeoutMs: 150,
      tokenTtlSeconds: 21_600,
      nowMs: () => nowMs,
      ...over,
    });
  }

  it('reads the identity document', async () => {
    expect(await client().identity(signal)).to.deep.equal({
      instanceId: 'i-0123456789abcdef0',
      instanceType: 'c5.large',
      zone: 'ap-south-1a',
      region: 'ap-south-1',
    });
  });

  it('takes 404 for no notice', async () => {
    const one = client();
    expect(await one.read('spot', signal)).to.deep.equal({ poll: { spot: 'none' }, problem: undefined });
    expect(await one.read('rebalance', signal)).to.deep.equal({
      poll: { rebalance: 'none' },
      problem: undefined,
    });
    expect(await one.read('group', signal)).to.deep.equal({ poll: { group: 'none' }, problem: undefined });
    expect(await one.read('maintenance', signal)).to.deep.equal({
      poll: { maintenance: [] },
      problem: undefined,
    });
  });

  it('reads each notice', async () => {
    imds.spot = () => ({ action: 'stop', time: '2026-03-01T10:02:00Z' });
    imds.rebalance = () => ({ noticeTime: '2026-03-01T10:00:00Z' });
    imds.groupState = 'Terminated';
    const one = client();
    expect((await one.read('spot', signal)).poll).to.deep.equal({
      spot: { action: 'stop', atMs: Date.parse('2026-03-01T10:02:00Z') },
    });
    expect((await one.read('rebalance', signal)).poll).to.deep.equal({
      rebalance: { noticeTimeMs: Date.parse('2026-03-01T10:00:00Z') },
    });
    expect((await one.read('group', signal)).poll).to.deep.equal({ group: 'terminated' });
  });

  it('reads scheduled events and leaves out what is cancelled, completed, in the history or unknown', async () => {
    const event = (EventId: string, over = {}) => ({
      Code: 'instance-stop',
      Description: 'The instance is running on degraded hardware',
      EventId,
      NotBefore: '21 Jan 2029 09:00:43 GMT',
      State: 'active',
      ...over,
    });
    imds.scheduled = [
      event('e-1'),
      event('e-2', { State: 'canceled' }),
      event('e-3', { Description: '[Completed] done' }),
      event('e-4'),
      event('e-5', { Code: 'something-new' }),
    ];
    imds.history = [event('e-4', { State: 'completed' })];
    expect((await client().read('maintenance', signal)).poll).to.deep.equal({
      maintenance: [
        {
          eventId: 'e-1',
          code: 'instance-stop',
          notBeforeMs: Date.parse('2029-01-21T09:00:43Z'),
          notAfterMs: undefined,
        },
      ],
    });
  });

  it('asks for one token however many sources ask at once, and renews it before it expires', async () => {
    const one = client();
    const tokens = () => imds.requests.filter((request) => request.method === 'PUT').length;
    await Promise.all(
      (['spot', 'rebalance', 'group', 'maintenance'] as const).map((source) => one.read(source, signal)),
    );
    expect(tokens()).to.equal(1);
    nowMs += 21_600_000 * 0.89;
    await one.read('spot', signal);
    expect(tokens()).to.equal(1);
    nowMs += 21_600_000 * 0.02;
    await one.read('spot', signal);
    expect(tokens()).to.equal(2);
  });

  it('renews a token once when it is refused', async () => {
    const one = client();
    await one.read('spot', signal);
    imds.expireTokens();
    imds.spot = interruption();
    expect((await one.read('spot', signal)).problem).to.equal(undefined);
    imds.faults.set('instance-action', '401');
    imds.requests.length = 0;
    expect((await one.read('spot', signal)).problem?.kind).to.equal('token-refused');
    expect(imds.requests.map((request) => request.method)).to.deep.equal(['GET', 'PUT', 'GET']);
  });

  const faults: readonly (readonly [string, ImdsFault, MetadataProblemKind, RegExp])[] = [
    ['instance-action', '403', 'switched-off', /HttpEndpoint/],
    ['instance-action', '500', 'server-error', /500/],
    ['instance-action', '503', 'throttled', /throttles/],
    ['instance-action', 'hang', 'timeout', /in time/],
    ['instance-action', 'slow-body', 'timeout', /unfinished/],
    ['instance-action', 'reset', 'unreachable', /instance-action/],
    ['instance-action', 'garbled', 'garbled', /does not document/],
    ['instance-action', 'huge', 'unreachable', /unfinished/],
    ['token', 'hang', 'hop-limit', /HttpPutResponseHopLimit to 2.*IMDSv1 is not tried/],
    ['token', '403', 'switched-off', /HttpEndpoint/],
    ['token', '503', 'throttled', /throttles/],
    ['token', 'reset', 'unreachable', /token/],
  ];
  for (const [path, fault, kind, advice] of faults)
    it(`tells ${fault} on ${path} apart as ${kind}, and the next read works again`, async () => {
      imds.faults.set(path, fault);
      const one = client();
      const { poll, problem } = await one.read('spot', signal);
      expect(poll).to.deep.equal({ spot: 'unread' });
      expect(problem?.kind).to.equal(kind);
      expect(problem?.advice).to.match(advice);
      imds.faults.clear();
      expect((await one.read('spot', signal)).poll).to.deep.equal({ spot: 'none' });
    });

  it('says when nothing listens at the endpoint', async () => {
    const { problem } = await client({ endpoint: 'http://127.0.0.1:1' }).read('spot', signal);
    expect(problem?.kind).to.equal('unreachable');
  });

  it('stops at once when told to', async () => {
    imds.faults.set('instance-action', 'hang');
    const stop = new AbortController();
    const reading = client({ timeoutMs: 10_000 }).read('spot', stop.signal);
    setTimeout(() => stop.abort(new Error('enough')), 20);
    expect(await reading.catch((error: unknown) => (error as Error).message)).to.equal('enough');
  });

  it('does not double the slash of an endpoint that ends in one', async () => {
    await client({ endpoint: `${imds.url}/` }).read('spot' satisfies MetadataSource, signal);
    expect(imds.requests.every((request) => request.path.startsWith('/latest/'))).to.equal(true);
  });

  it('speaks to an IPv6 endpoint', async function () {
    const six = await fakeImds('::1').catch(() => undefined);
    if (six === undefined) return this.skip();
    expect((await client({ endpoint: six.url }).read('spot', signal)).poll).to.deep.equal({ spot: 'none' });
    await six.close();
  });
});
