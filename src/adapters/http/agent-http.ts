import { createServer, type Server } from 'node:http';

export interface AgentHttpSources {
  readonly pollAgeMs: () => number | undefined;
  readonly maxPollAgeMs: number;
  readonly isRefusing: () => boolean;
  readonly metricsText: () => Promise<string>;
  readonly metricsType: string;
}

/** Liveness says that the process answers; readiness says how old the last good poll is. Neither touches the network. */
export function agentHttp(sources: AgentHttpSources): Server {
  return createServer((request, response) => {
    const send = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    };
    switch ((request.url ?? '').replace(/\?.*/, '')) {
      case '/healthz':
      case '/livez':
        send(200, 'text/plain', 'ok\n');
        return;
      case '/readyz': {
        const { status, body } = readiness(sources);
        send(status, 'application/json', `${JSON.stringify(body)}\n`);
        return;
      }
      case '/metrics':
        sources.metricsText().then(
          (text) => send(200, sources.metricsType, text),
          (error: unknown) => send(500, 'text/plain', `${String(error)}\n`),
        );
        return;
      default:
        send(404, 'text/plain', 'there are /healthz, /readyz and /metrics\n');
    }
  });
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
