import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { messageOf } from '../../errors/message-of.ts';
import { askedPauseMs, usualJitter } from '../../patience/pace.ts';
import { patiently } from '../../patience/patiently.ts';
import type { Webhook, WebhookMessage } from '../../ports/webhook.ts';

export interface WebhookOptions {
  readonly url: string;
  /** Body with `{{field}}` places; undefined: all fields as JSON. */
  readonly template: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** What stands at `{{key}}` of the template. */
  readonly key?: string;
  /** `http://host:port` or `https://host:port` of a proxy, with its user and password if it has them; undefined: none. */
  readonly proxy: string | undefined;
  /** Hosts that are asked without it, as NO_PROXY lists them; undefined: none. */
  readonly noProxy?: string | undefined;
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

/** A receiver that names a pause in `Retry-After` is obeyed up to half a minute: a notice's two minutes must see the message. */
const pace = { firstPauseMs: 1_000, greatestPauseMs: 10_000, jitter: usualJitter, greatestAskedMs: 30_000 };

class Refused extends Error {
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor({ status, retryAfterMs }: Answer) {
    super(`status ${status}`);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Posts each message; what fails is tried again with growing pauses, apart from whatever the agent does meanwhile. */
export function webhook(options: WebhookOptions): Webhook {
  return {
    async send(message, signal) {
      const body = webhookBody(options.template, message, options.key);
      const attempt = async (): Promise<'sent'> => {
        const limit = AbortSignal.timeout(options.timeoutMs);
        const answer = await posted(options, body, message.id, AbortSignal.any([signal, limit]));
        if (answer.status >= 300) throw new Refused(answer);
        return 'sent';
      };
      return patiently(attempt, {
        pace,
        attempts: options.attempts,
        signal,
        askedMs: (error) => (error instanceof Refused ? error.retryAfterMs : undefined),
        onFailure(error, number) {
          // The URL may carry a secret and stays out of the log.
          if (error instanceof Refused)
            options.warn(
              { status: error.status, attempt: number, event: message.id },
              'the webhook refused a message',
            );
          else
            options.warn(
              { attempt: number, event: message.id, error: messageOf(error) },
              'the webhook could not be reached',
            );
        },
      }).catch(() => 'failed');
    },
  };
}

/** A place takes the field escaped for a JSON string, so that a template of JSON stays JSON. */
export function webhookBody(template: string | undefined, message: WebhookMessage, key = ''): string {
  if (template === undefined) return JSON.stringify(message);
  const fields: Readonly<Record<string, string>> = { ...message, key };
  return template.replaceAll(/\{\{\s*\.?(\w+)\s*\}\}/g, (place, name: string) =>
    fields[name] === undefined ? place : JSON.stringify(fields[name]).slice(1, -1),
  );
}

interface Answer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
}

async function posted(
  { url, proxy, noProxy = '', timeoutMs, headers }: WebhookOptions,
  body: string,
  id: string,
  signal: AbortSignal,
): Promise<Answer> {
  const target = new URL(url);
  const [{ Agent }, request] = target.protocol === 'https:' ? [https, https.request] : [http, http.request];
  const exempt = agentNoProxy(target, noProxy);
  const proxyEnv =
    proxy === undefined ? undefined : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: exempt };
  // A request's signal does not end the wait for a proxy that never answers CONNECT; the agent's own time-out does.
  const agent = new Agent({ timeout: timeoutMs, ...(proxyEnv === undefined ? {} : { proxyEnv }) });
  const sent = request(target, {
    method: 'POST',
    agent,
    signal,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'x-spot-expander-event-id': id,
      ...headers,
    },
  });
  sent.on('error', () => undefined);
  sent.end(body);
  try {
    const [response] = (await once(sent, 'response', { signal })) as [IncomingMessage];
    response.resume();
    return {
      status: response.statusCode ?? 0,
      retryAfterMs: askedPauseMs(response.headers['retry-after'], Date.now()),
    };
  } finally {
    agent.destroy();
  }
}

/**
 * NO_PROXY as people write it, in the words of Node's agent, which takes a bare domain for that one host, and an IPv6
 * address without brackets: `localhost,.internal,10.0.0.5:8080`, `*`. A domain covers what is in it, with or without a
 * leading dot; an entry with another port than the target's covers nothing. Networks such as 10.0.0.0/8 are unknown.
 */
function agentNoProxy(target: URL, noProxy: string): string {
  const port = target.port === '' ? (target.protocol === 'https:' ? '443' : '80') : target.port;
  return noProxy
    .split(/[\s,]+/)
    .flatMap((entry) => {
      const [, bracketed, plain, onPort] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
      const name = bracketed ?? plain?.replace(/^\*?\./, '') ?? entry;
      const isNone = name === '' || (onPort !== undefined && onPort !== port);
      return isNone ? [] : [name, `*.${name}`];
    })
    .join(',');
}
