import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { apiRoutes } from '../../../src/adapters/http/api-routes.ts';
import { startHttpServer, type HttpServer } from '../../../src/adapters/http/http-server.ts';
import type { ExplainResponse, ListPoolsResponse } from '../../../src/api/messages.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { smallAdvisor, smallMarket, smallMarketNowMs } from '../../unit/server/advisor/small-market.ts';
import { wideDoorway } from './wide-doorway.ts';

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const hostile = `<script>document.title='owned'</script><img src=x onerror="document.title='owned'">`;

describe('the dashboard', () => {
  let server: HttpServer;
  let hash: string;
  const hot = {
    kind: 'TERMINATION',
    atMs: smallMarketNowMs,
    expiresAtMs: smallMarketNowMs + 3_600_000,
    heat: 1,
  } as const;
  const { advisor } = smallAdvisor(smallMarket(new Map([['c5.large@ap-south-1b', hot]])));

  before(async () => {
    server = await startHttpServer({
      host: '127.0.0.1',
      doorway: wideDoorway,
      port: 0,
      log: silentLog,
      routes: apiRoutes({
        advisor,
        metrics: { text: () => Promise.resolve(''), contentType: 'text/plain' },
        readiness: () => ({ ready: true, reasons: [`a reason with ${hostile}`] }),
        health: () => ({
          version: '1',
          mode: 'TEST',
          region: hostile,
          risk: { model: hostile, pools: 5 },
          spot_prices: { pools: 5 },
          age_seconds: { spot_prices: 90, node_watch: null },
          transport: {
            openConnections: 0,
            certificate: { validToMs: smallMarketNowMs, subjectAltName: hostile },
          },
        }),
      }),
    });
    const { decision_id } = await advisor.rank({
      node_groups: [
        {
          id: hostile,
          instance_types: ['c5.large'],
          availability_zones: ['ap-south-1a'],
          capacity_type: 'SPOT',
        },
        {
          id: 'plain',
          instance_types: ['r5.large'],
          availability_zones: ['ap-south-1a'],
          capacity_type: 'SPOT',
        },
      ],
    });
    hash = decision_id;
  });
  after(() => server.close(0));

  const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);

  it('is one page at / and /dashboard that nothing outside is asked for', async () => {
    const [root, named] = await Promise.all([get('/'), get('/dashboard')]);
    const text = await root.text();
    expect(await named.text()).to.equal(text);
    expect(root.headers.get('content-type')).to.equal('text/html; charset=utf-8');
    expect(text).not.to.match(/(?:src|href)="(?!\/)/);
    expect(text).not.to.match(/https?:\/\//);
  });

  it('may run its own script and style by their hashes and nothing else', async () => {
    const response = await get('/');
    const text = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).to.include("default-src 'none'").and.include("frame-ancestors 'none'");
    expect(policy).not.to.include('unsafe');
    for (const [tag, directive] of [
      ['script', 'script-src'],
      ['style', 'style-src'],
    ] as const) {
      const parts = [...text.matchAll(new RegExp(`<${tag}[^>]*>([\\s\\S]*?)</${tag}>`, 'g'))];
      expect(parts).to.have.length(1);
      const digest = createHash('sha256')
        .update(parts[0]?.[1] ?? '')
        .digest('base64');
      expect(policy).to.include(`${directive} 'sha256-${digest}'`);
    }
    expect(response.headers.get('referrer-policy')).to.equal('no-referrer');
    expect(response.headers.get('x-content-type-options')).to.equal('nosniff');
  });

  it('writes text, never markup', async () => {
    const text = await (await get('/')).text();
    expect(text).not.to.match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/);
    expect(text).not.to.match(/ on\w+="/);
  });

  it('is fed by decisions over HTTP as gRPC tells them', async () => {
    const { decisions } = (await (
      await get(`/api/v1/decisions?decision_id=${hash}`)
    ).json()) as ExplainResponse;
    expect(decisions.map(({ decision_id }) => decision_id)).to.deep.equal([hash]);
    expect(decisions[0]?.candidates).to.have.length(2);
    const short = (await (
      await get('/api/v1/decisions?last=5&without_candidates=true')
    ).json()) as ExplainResponse;
    expect(short.decisions[0]).to.deep.include({ candidates: [], candidate_count: 2 });
    expect((await get('/api/v1/decisions?decision_id=unknown')).status).to.equal(404);
  });

  it('is fed by pools over HTTP, page by page', async () => {
    const page = async (query: string) =>
      (await (await get(`/api/v1/pools?${query}`)).json()) as ListPoolsResponse;
    const first = await page('page_size=3');
    const second = await page(`page_size=3&page_token=${encodeURIComponent(first.next_page_token)}`);
    expect([...first.pools, ...second.pools].map(({ pool }) => pool)).to.deep.equal(
      (await page('')).pools.map(({ pool }) => pool),
    );
    expect((await page('hot_only=true')).pools.map(({ pool }) => pool)).to.deep.equal([
      'c5.large@ap-south-1b',
    ]);
    expect((await page('instance_type_prefix=m6g.&hot_only=false')).total).to.equal(1);
  });

  for (const query of [
    'page_size=many',
    'page_size=-1',
    'page_size=0',
    'hot_only=yes',
    'page_size=1&page_size=2',
    'region=a&region=b',
    'nonsense=1',
    '__proto__=1',
    'page_token=%00',
  ])
    it(`answers 400 to pools?${query}`, async () => {
      const response = await get(`/api/v1/pools?${query}`);
      expect(response.status).to.equal(400);
      const { details } = (await response.json()) as { readonly details: readonly unknown[] };
      expect(details).not.to.deep.equal([]);
    });

  it('shows hostile names as text in a browser', async function () {
    // apt-get install chromium
    if (chromium === undefined) return this.skip();
    this.timeout(60_000);
    const profile = mkdtempSync(join(tmpdir(), 'spot-expander-chromium-'));
    try {
      const flags =
        '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
      const { stdout } = await promisify(execFile)(
        chromium,
        [
          ...flags.split(' '),
          `--user-data-dir=${profile}`,
          '--virtual-time-budget=8000',
          '--dump-dom',
          `http://127.0.0.1:${server.port}/dashboard#${hash}`,
        ],
        { timeout: 50_000, maxBuffer: 2 ** 24 },
      );
      const shown = stdout.replace(/<script type="module">[\s\S]*?<\/script>/, '');
      expect(shown).to.include('<title>spot-expander</title>');
      expect(shown).not.to.match(/<script|<img/);
      const escaped = "&lt;script&gt;document.title='owned'&lt;/script&gt;";
      // The candidate, the answer, the reason, the region, the model and the certificate.
      expect(shown.split(escaped).length - 1).to.be.at.least(6);
      expect(shown).to.include('TERMINATION').and.include('probability of an interruption 0.95');
    } finally {
      rmSync(profile, { recursive: true, force: true });
    }
  });
});
