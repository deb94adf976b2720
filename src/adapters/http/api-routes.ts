import type { SpotAdvisor } from '../../api/messages.ts';
import { dashboardPage } from './dashboard-page.ts';
import { queryFields } from './query-fields.ts';
import { jsonAnswer, textAnswer, type HttpAnswer, type Route } from './route.ts';

/** Whether the server can do its work; `reasons` say what is missing or degraded, each as a sentence. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface ApiRoutesOptions {
  readonly advisor: SpotAdvisor;
  readonly metrics: { readonly text: () => Promise<string>; readonly contentType: string };
  readonly readiness: () => Readiness;
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

/** Everything that the HTTP address answers. */
export function apiRoutes({ advisor, metrics, readiness, health }: ApiRoutesOptions): readonly Route[] {
  // Read when it is first asked for: a server without its page still answers scale-ups.
  let page: HttpAnswer | undefined;
  const dashboard = () => (page ??= dashboardPage());
  return [
    { method: 'GET', path: '/', answer: dashboard },
    { method: 'GET', path: '/dashboard', answer: dashboard },
    { method: 'GET', path: '/health', answer: () => healthAnswer(readiness(), health()) },
    // Alive means that this line runs; whether it can answer well is /readyz.
    { method: 'GET', path: '/healthz', answer: () => textAnswer(200, 'ok\n') },
    { method: 'GET', path: '/readyz', answer: () => readyAnswer(readiness()) },
    {
      method: 'GET',
      path: '/metrics',
      answer: async () => textAnswer(200, await metrics.text(), metrics.contentType),
    },
    {
      method: 'GET',
      path: '/api/v1/decisions',
      answer: async ({ query }) => jsonAnswer(200, await advisor.explain(queryFields(query, decisionFields))),
    },
    {
      method: 'GET',
      path: '/api/v1/pools',
      answer: async ({ query }) => jsonAnswer(200, await advisor.listPools(queryFields(query, poolFields))),
    },
    {
      method: 'POST',
      path: '/api/v1/evaluate',
      answer: async ({ json }) => jsonAnswer(200, await advisor.evaluate(json)),
    },
    {
      method: 'POST',
      path: '/api/v1/rank',
      answer: async ({ json }) => jsonAnswer(200, await advisor.rank(json)),
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
