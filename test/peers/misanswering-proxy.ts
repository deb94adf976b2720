import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What a proxy, a load balancer or an API server in distress answers instead of what was asked for. */
const misanswers = ['half', 'page', 'failed', 'reset', 'failed-after', 'page-after', 'reset-after'] as const;
type Misanswer = (typeof misanswers)[number];

export interface MisansweringProxy {
  readonly kubeconfig: string;
  /** How many answers were not the API server's own. */
  readonly count: () => number;
  readonly close: () => void;
}

interface ClusterFile {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly { readonly user: { readonly token: string } }[];
}

/**
 * Between an agent and a real API server, without TLS. A share of all answers is another: half of the JSON, a page with status
 * 200, a 500, a reset; before the request has reached the API server or after it has been carried out. Evictions are also
 * answered with 429 and a wish to be left alone for an hour.
 */
export async function misansweringProxy(
  kubeconfig: string,
  share: number,
  chance: () => number,
): Promise<MisansweringProxy> {
  const { clusters, users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as ClusterFile;
  const { server: target, 'certificate-authority-data': authority } = clusters[0]!.cluster;
  const agent = new Agent({ keepAlive: true, maxSockets: 16, ca: Buffer.from(authority, 'base64') });
  let count = 0;

  function misanswerTo({ method, url = '' }: IncomingMessage): Misanswer | 'hour' | undefined {
    if (chance() >= share) return undefined;
    count += 1;
    if (url.includes('/eviction') && chance() < 0.5) return 'hour';
    // Half of an answer is something else for whoever has only read.
    const possible = method === 'GET' ? (['half', 'page', 'failed', 'reset'] as const) : misanswers;
    return possible[Math.floor(chance() * possible.length)];
  }

  async function passedOn(incoming: IncomingMessage, body: Buffer) {
    const headers = { ...incoming.headers, host: new URL(target).host };
    const path = incoming.url ?? '/';
    return new Promise<{ readonly response: IncomingMessage; readonly body: Buffer }>((resolve, reject) => {
      const sent = request(
        `${target}${path}`,
        { method: incoming.method, headers, agent, timeout: 30_000 },
        (response) => void buffer(response).then((whole) => resolve({ response, body: whole }), reject),
      );
      sent.on('error', reject);
      sent.on('timeout', () => sent.destroy(new Error('the API server is silent')));
      sent.end(body);
    });
  }

  async function answered(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const asked = await buffer(incoming);
    const misanswer = misanswerTo(incoming);
    const page = () =>
      outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<html>\r\nlogin\r\n</html>');
    const failed = () =>
      outgoing.writeHead(500, { 'content-type': 'text/plain' }).end('etcdserver: timed out');
    if (misanswer === 'reset') return void incoming.socket.resetAndDestroy();
    if (misanswer === 'page') return void page();
    if (misanswer === 'failed') return void failed();
    if (misanswer === 'hour') {
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'TooManyRequests',
        code: 429,
      };
      const headers = { 'content-type': 'application/json', 'retry-after': '3600' };
      return void outgoing.writeHead(429, headers).end(JSON.stringify(status));
    }
    const { response, body } = await passedOn(incoming, asked);
    if (misanswer === 'reset-after') return void incoming.socket.resetAndDestroy();
    if (misanswer === 'page-after') return void page();
    if (misanswer === 'failed-after') return void failed();
    const told = misanswer === 'half' ? body.subarray(0, body.length / 2) : body;
    const headers = { ...response.headers };
    delete headers['transfer-encoding'];
    outgoing.writeHead(response.statusCode ?? 502, { ...headers, 'content-length': told.length }).end(told);
  }

  const server = createServer((incoming, outgoing) => {
    answered(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const name = 'misanswering';
  return {
    kubeconfig: JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': name },
      contexts: [{ name, context: { cluster: name, user: name } }],
      clusters: [{ name, cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name, user: users[0]!.user }],
    }),
    count: () => count,
    close: () => {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}
