import type { SpotAdvisor } from '../../api/messages.ts';
import { dashboardPage } from './dashboard-page.ts';
import { queryFields } from './query-fields.ts';
import { jsonAnswer, longJsonAnswer, textAnswer, type HttpAnswer, type Route } from './route.ts';

/** Whether the server can do its work; `reasons` say what is missing or degraded, each as a sentence. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface ProbeRoutesOptions {
  readonly metrics: { readonly text: () => Promise<string>; readonly contentType: string };
  readonly readiness: () => Readiness;
}

export interface ApiRoutesOptions extends ProbeRoutesOptions {
  readonly advisor: SpotAdvisor;
  /** Facts for a person who asks `/health`: version, mode, model, ages. */
  readonly health: () => Readonly<Record<string, unknown>>;
}

const decisionFields = { decision_id: 'text', last: 'number', without_candidates: 'yes-no' } as const;

const poolFields = {
  region: 'text',
  instance_type_prefix: 'text',
  hot_only: 'yes-no',
  page_size: 'number',
  page_token: 'text',
} as const;

/** What kubelets and Prometheus ask: on a port of their own, and on the API's. */
export function probeRoutes({ metrics, readiness }: ProbeRoutesOptions): readonly Route[] {
  return [
    // Alive means that this line runs; whether it can answer well is /readyz.
    { method: 'GET', path: '/healthz', access: 'probe', answer: () => textAnswer(200, 'ok\n') },
    { method: 'GET', path: '/readyz', access: 'probe', answer: () => readyAnswer(readiness()) },
    {
      method: 'GET',
      path: '/metrics',
      access: 'open',
      answer: async () => textAnswer(200, await metrics.text(), metrics.contentType),
    },
  ];
}

/** Everything that the HTTP address answers. */
export function apiRoutes({ advisor, metrics, readiness, health }: ApiRoutesOptions): readonly Route[] {
  // Read when it is first asked for: a server without its page still answers scale-ups.
  let page: HttpAnswer | undefined;
  const dashboard = () => (page ??= dashboardPage());
  const read = 'read' as const;
  return [
    { method: 'GET', path: '/', access: read, answer: dashboard },
    { method: 'GET', path: '/dashboard', access: read, answer: dashboard },
    { method: 'GET', path: '/health', access: read, answer: () => healthAnswer(readiness(), health()) },
    ...probeRoutes({ metrics, readiness }),
    {
      method: 'GET',
      path: '/api/v1/decisions',
      access: read,
      answer: async ({ query }) => jsonAnswer(200, await advisor.explain(queryFields(query, decisionFields))),
    },
    {
      method: 'GET',
      path: '/api/v1/pools',
      access: read,
      answer: async ({ query }) => jsonAnswer(200, await advisor.listPools(queryFields(query, poolFields))),
    },
    // Questions, though they are posted: nothing but the history of this server changes.
    {
      method: 'POST',
      path: '/api/v1/evaluate',
      access: read,
      answer: async ({ json, client }) => jsonAnswer(200, await advisor.evaluate(json, client)),
    },
    {
      method: 'POST',
      path: '/api/v1/rank',
      access: read,
      answer: async ({ json, client }) => longJsonAnswer(200, await advisor.rank(json, client), 'candidates'),
    },
  ];
}

function healthAnswer({ ready, reasons }: Readiness, facts: Readonly<Record<string, unknown>>) {
  const status = ready ? (reasons.length === 0 ? 'healthy' : 'degraded') : 'unavailable';
  return jsonAnswer(200, { status, reasons, ...facts });
}

function readyAnswer({ ready, reasons }: Readiness) {
  return jsonAnswer(ready ? 200 : 503, { ready, reasons });
}
