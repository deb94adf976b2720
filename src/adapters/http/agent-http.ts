import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface AgentHttpSources {
  readonly pollAgeMs: () => number | undefined;
  readonly maxPollAgeMs: number;
  readonly isRefusing: () => boolean;
  /** Why the agent should be started anew; undefined: it watches. */
  readonly stoodStill: () => string | undefined;
  readonly metricsText: () => Promise<string>;
  readonly metricsType: string;
}

/** What an address serves: all of it, or metrics apart from the probes. */
export type AgentPages = 'all' | 'health' | 'metrics';

/** A probe, a scraper or two and a person need a handful. */
const mostConnections = 32;
const maxHeaderBytes = 4_096;
const silentMs = 5_000;

/**
 * Liveness says that the agent watches; readiness says how old the last good poll is. Neither touches the network.
 *
 * Whoever reaches the port can open connections and say nothing, so what they cost is bounded: their number, the size of a
 * request, the time for its headers and for its answer. When all places are taken the one goes that has been silent longest,
 * so that a probe, which speaks at once, always finds one.
 */
export function agentHttp(sources: AgentHttpSources, pages: AgentPages = 'all'): Server {
  let text: Promise<string> | undefined;
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: silentMs,
      requestTimeout: silentMs,
      keepAliveTimeout: silentMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      // There is nothing to be said in a body.
      request.resume();
      if (
        Number(request.headers['content-length'] ?? 0) > 0 ||
        request.headers['transfer-encoding'] !== undefined
      )
        response.setHeader('connection', 'close');
      const path = (request.url ?? '').replace(/\?.*/s, '');
      if (pages !== 'metrics' && (path === '/healthz' || path === '/livez')) {
        const why = sources.stoodStill();
        send(response, why === undefined ? 200 : 503, 'text/plain', `${why ?? 'ok'}\n`);
      } else if (pages !== 'metrics' && path === '/readyz') {
        const { status, body } = readiness(sources);
        send(response, status, 'application/json', `${JSON.stringify(body)}\n`);
      } else if (pages !== 'health' && path === '/metrics') {
        // Made once for all who ask at the same time.
        text ??= sources.metricsText().finally(() => (text = undefined));
        text.then(
          (metrics) => send(response, 200, sources.metricsType, metrics),
          (error: unknown) => send(response, 500, 'text/plain', `${String(error)}\n`),
        );
      } else send(response, 404, 'text/plain', `there are ${known[pages]}\n`);
    },
  );
  return withFewConnections(server);
}

const known: Readonly<Record<AgentPages, string>> = {
  all: '/healthz, /readyz and /metrics',
  health: '/healthz and /readyz',
  metrics: '/metrics',
};

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}

/** The connections in the order of when they last did something, and never more than so many. */
function withFewConnections(server: Server): Server {
  const quiet = new Set<Socket>();
  const moved = (socket: Socket) => {
    quiet.delete(socket);
    quiet.add(socket);
  };
  server.on('connection', (socket: Socket) => {
    quiet.add(socket);
    // A reader that takes nothing holds its answer no longer than that either.
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on('close', () => quiet.delete(socket));
    if (quiet.size <= mostConnections) return;
    const [longest] = quiet;
    longest?.destroy();
    if (longest !== undefined) quiet.delete(longest);
  });
  server.on('request', ({ socket }) => moved(socket));
  return server;
}

function readiness(sources: AgentHttpSources): { readonly status: number; readonly body: unknown } {
  const ageMs = sources.pollAgeMs();
  const isReady = ageMs !== undefined && ageMs <= sources.maxPollAgeMs;
  const body = {
    ready: isReady,
    lastGoodPollSecondsAgo: ageMs === undefined ? null : Math.round(ageMs / 100) / 10,
    refusing: sources.isRefusing(),
  };
  return { status: isReady ? 200 : 503, body };
}
