import type { IncomingHttpHeaders } from 'node:http';
import { HttpFault } from './http-fault.ts';
import type { RouteAccess } from './route.ts';

export interface RouteGuardOptions {
  /** Whether this is the token; undefined: none is configured. */
  readonly isToken?: ((text: string) => boolean) | undefined;
  /** Clients of the gRPC API must show a certificate, which nobody can here: only the token names a caller. */
  readonly wantsNames: boolean;
  /** Names beside the usual ones that this server is reached by. */
  readonly hosts: readonly string[];
}

/**
 * Refuses what a page of another site makes a browser send, and callers without a name where names are wanted.
 * @throws HttpFault 401 or 403 that says what to change.
 */
export type RouteGuard = (access: RouteAccess, headers: IncomingHttpHeaders) => void;

export function routeGuard({ isToken, wantsNames, hosts }: RouteGuardOptions): RouteGuard {
  return (access, headers) => {
    if (access === 'probe' || access === 'open') return;
    const { host, origin } = headers;
    if (!isOwnHost(host, hosts))
      throw new HttpFault(
        403,
        `this server is not reached by the name ${JSON.stringify(host ?? '')}; if it is meant to be, add it to api_hosts`,
      );
    if (headers['sec-fetch-site'] === 'cross-site' || (origin !== undefined && hostOf(origin) !== host))
      throw new HttpFault(403, 'this server does not answer pages of other sites');
    if (access === 'read' && isToken === undefined && !wantsNames) return;
    if (isToken === undefined)
      throw new HttpFault(
        403,
        access === 'write'
          ? 'this changes something and needs a token: set api_token_file'
          : 'this server tells only named clients: ask over gRPC with a client certificate, or set api_token_file',
      );
    if (isToken(tokenIn(headers.authorization))) return;
    throw new HttpFault(
      401,
      'this server wants its token: Authorization: Bearer …, or as the password in a browser',
      {
        'www-authenticate': 'Basic realm="spot-expander", charset="UTF-8"',
      },
    );
  };
}

function tokenIn(authorization = ''): string {
  const [, scheme = '', value = ''] = /^(\w+) +(.+)$/.exec(authorization) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return value.trim();
    case 'basic': {
      const text = Buffer.from(value, 'base64').toString('utf8');
      return text.slice(text.indexOf(':') + 1);
    }
    default:
      return '';
  }
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

/**
 * Names that no page of the internet can have: addresses, localhost, names without a dot, and those of clusters and private
 * networks. With any other name a site whose name was pointed here could read what is answered.
 */
function isOwnHost(host: string | undefined, more: readonly string[]): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return (
    /^\[[0-9a-f:.]+\]$/.test(name) ||
    /^\d{1,3}(\.\d{1,3}){3}$/.test(name) ||
    /^[a-z0-9-]+$/.test(name) ||
    /\.(localhost|svc|local|internal)$/.test(name) ||
    more.includes(name)
  );
}
