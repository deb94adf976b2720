import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as tlsConnect } from 'node:tls';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../errors/message-of.ts';
import type { Webhook, WebhookMessage } from '../../ports/webhook.ts';

export interface WebhookOptions {
  readonly url: string;
  /** Body with `{{field}}` places; undefined: all fields as JSON. */
  readonly template: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** `http://host:port` of a proxy; undefined: none. */
  readonly proxy: string | undefined;
  /** Hosts that are asked without it, as NO_PROXY lists them; undefined: none. */
  readonly noProxy?: string | undefined;
  readonly timeoutMs: number;
  readonly attempts: number;
  readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

/** Posts each message; what fails is tried again with growing pauses, apart from whatever the agent does meanwhile. */
export function webhook(options: WebhookOptions): Webhook {
  return {
    async send(message, signal) {
      const body = webhookBody(options.template, message);
      for (let attempt = 1; attempt <= options.attempts; attempt += 1) {
        try {
          const status = await posted(
            options,
            body,
            message.id,
            AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]),
          );
          if (status < 300) return 'sent';
          // The URL may carry a secret and stays out of the log.
          options.warn({ status, attempt, event: message.id }, 'the webhook refused a message');
        } catch (error) {
          options.warn(
            { attempt, event: message.id, error: messageOf(error) },
            'the webhook could not be reached',
          );
        }
        if (attempt < options.attempts)
          await sleep(500 * 2 ** attempt, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return 'failed';
      }
      return 'failed';
    },
  };
}

/** A place takes the field escaped for a JSON string, so that a template of JSON stays JSON. */
export function webhookBody(template: string | undefined, message: WebhookMessage): string {
  if (template === undefined) return JSON.stringify(message);
  const fields: Readonly<Record<string, string>> = { ...message };
  return template.replaceAll(/\{\{\s*\.?(\w+)\s*\}\}/g, (place, name: string) =>
    fields[name] === undefined ? place : JSON.stringify(fields[name]).slice(1, -1),
  );
}

async function posted(
  options: WebhookOptions,
  body: string,
  id: string,
  signal: AbortSignal,
): Promise<number> {
  const target = new URL(options.url);
  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'x-spot-expander-event-id': id,
    ...options.headers,
  };
  const isTls = target.protocol === 'https:';
  if (options.proxy === undefined || isExempt(target, options.noProxy ?? '')) {
    const sent = (isTls ? httpsRequest : httpRequest)(target, { method: 'POST', headers, signal });
    return statusOf(sent, body);
  }
  const proxy = new URL(options.proxy);
  const via = {
    host: proxy.hostname,
    port: proxy.port === '' ? 80 : Number(proxy.port),
    signal,
    ...proxyCredentials(proxy),
  };
  if (!isTls)
    return statusOf(
      httpRequest({
        ...via,
        method: 'POST',
        path: target.href,
        headers: { host: target.host, ...via.headers, ...headers },
      }),
      body,
    );
  const socket = await tunnelled(
    httpRequest({
      ...via,
      method: 'CONNECT',
      path: `${target.hostname}:${target.port === '' ? '443' : target.port}`,
    }),
  );
  const secured = tlsConnect({ socket, servername: target.hostname });
  return statusOf(
    httpsRequest(target, { method: 'POST', headers, signal, createConnection: () => secured }),
    body,
  );
}

/**
 * Whether a list such as `localhost,.internal,10.0.0.5:8080` names the host: itself, a domain it is in (with or without
 * a leading dot), or `*`. Networks such as 10.0.0.0/8 are not understood and name nothing.
 */
export function isExempt(target: URL, noProxy: string): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const port = target.port === '' ? (target.protocol === 'https:' ? '443' : '80') : target.port;
  return noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, bracketed, plain, onPort] = /^(?:\[([^\]]+)\]|(.*?))(?::(\d+))?$/.exec(entry) ?? [];
      // An IPv6 address without brackets has colons of its own and no port.
      const isBareIpv6 = bracketed === undefined && entry.split(':').length > 2;
      const name = (isBareIpv6 ? entry : (bracketed ?? plain ?? '')).toLowerCase().replace(/^\*?\./, '');
      if (!isBareIpv6 && onPort !== undefined && onPort !== port) return false;
      return name !== '' && (host === name || host.endsWith(`.${name}`));
    });
}

function proxyCredentials(proxy: URL): { readonly headers: Readonly<Record<string, string>> } {
  if (proxy.username === '') return { headers: {} };
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { headers: { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` } };
}

function tunnelled(asked: ClientRequest): Promise<Socket> {
  return new Promise((resolve, reject) => {
    asked.on('connect', (response: IncomingMessage, socket: Socket) => {
      if (response.statusCode === 200) resolve(socket);
      else reject(new Error(`the proxy answered ${response.statusCode ?? 0}`));
    });
    asked.on('error', reject);
    asked.end();
  });
}

function statusOf(sent: ClientRequest, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    sent.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
