import type { SpotAdvisor } from '../../ports/advisor.ts';
import { jsonAnswer, textAnswer, type Route } from './route.ts';

/** Whether the server can do its work; `reasons` say what is missing or degraded, each as a sentence. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface ApiRoutesOptions {
  readonly advisor: Pick<SpotAdvisor, 'rank' | 'evaluate'>;
  readonly metrics: { readonly text: () => Promise<string>; readonly contentType: string };
  readonly readiness: () => Readiness;
  /** Facts for a person who asks `/health`: version, mode, model, ages. */
  readonly health: () => Readonly<Record<string, unknown>>;
}

/** Everything that the HTTP address answers. */
export function apiRoutes({ advisor, metrics, readiness, health }: ApiRoutesOptions): readonly Route[] {
  return [
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
