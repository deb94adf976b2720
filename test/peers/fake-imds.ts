import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a path misbehaves. */
export type ImdsFault = '401' | '403' | '500' | '503' | 'hang' | 'slow-body' | 'reset' | 'garbled' | 'huge';

export interface ImdsRequest {
  readonly method: string;
  readonly path: string;
  readonly hasToken: boolean;
  readonly atMs: number;
}

/** What a metadata service says, speaking version 2 as AWS documents it, and how it misbehaves when told to. */
export interface MetadataState {
  readonly requests: ImdsRequest[];
  instanceId: string;
  instanceType: string;
  zone: string;
  /** Called on each request, so that a time can move. */
  spot: (() => { readonly action: string; readonly time: string }) | undefined;
  rebalance: (() => { readonly noticeTime: string }) | undefined;
  groupState: string | undefined;
  /** Undefined: none, as for most instances. */
  privateIp: string | undefined;
  ipv6: string | undefined;
  hostname: string | undefined;
  scheduled: readonly Readonly<Record<string, string>>[];
  history: readonly Readonly<Record<string, string>>[];
  /** Fault by path part; `token` is the token request. */
  readonly faults: Map<string, ImdsFault>;
  /** What the next requests for a token are answered with, status 200 each. */
  readonly nextTokens: string[];
  /** Forgets every token given out, as an expiry does. */
  expireTokens(): void;
}

export interface FakeImds extends MetadataState {
  readonly url: string;
  close(): Promise<void>;
}

/** @param host `127.0.0.1` or `::1`. */
export async function fakeImds(host = '127.0.0.1'): Promise<FakeImds> {
  const { state, answer } = metadataResponder();
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

export interface MetadataResponder {
  readonly state: MetadataState;
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** The answers of one instance's metadata service, for whoever listens. */
export function metadataResponder(): MetadataResponder {
  const tokens = new Map<string, number>();
  let issued = 0;

  const imds: MetadataState = {
    requests: [],
    instanceId: 'i-0123456789abcdef0',
    instanceType: 'c5.large',
    zone: 'ap-south-1a',
    spot: undefined,
    rebalance: undefined,
    groupState: 'InService',
    privateIp: undefined,
    ipv6: undefined,
    hostname: undefined,
    scheduled: [],
    history: [],
    faults: new Map(),
    nextTokens: [],
    expireTokens: () => tokens.clear(),
  };

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const token = request.headers['x-aws-ec2-metadata-token'];
    imds.requests.push({
      method: request.method ?? '',
      path,
      hasToken: token !== undefined,
      atMs: Date.now(),
    });
    const fault = [...imds.faults].find(([part]) => path.includes(part))?.[1];
    if (fault !== undefined && misbehaves(fault, response)) return;
    if (path === '/latest/api/token') {
      const ttl = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds']);
      if (request.method !== 'PUT' || !(ttl >= 1 && ttl <= 21_600)) {
        send(response, 400, '');
        return;
      }
      const odd = imds.nextTokens.shift();
      if (odd !== undefined) {
        send(response, 200, odd);
        return;
      }
      const value = `token-${(issued += 1)}`;
      tokens.set(value, Date.now() + ttl * 1_000);
      send(response, 200, value);
      return;
    }
    if (typeof token !== 'string' || (tokens.get(token) ?? 0) < Date.now()) {
      send(response, 401, '');
      return;
    }
    const body = documentAt(path);
    body === undefined ? send(response, 404, '') : send(response, 200, body);
  }

  function documentAt(path: string): string | undefined {
    switch (path) {
      case '/latest/dynamic/instance-identity/document':
        return JSON.stringify({
          instanceId: imds.instanceId,
          instanceType: imds.instanceType,
          availabilityZone: imds.zone,
          region: imds.zone.slice(0, -1),
          privateIp: imds.privateIp,
        });
      case '/latest/meta-data/ipv6':
        return imds.ipv6;
      case '/latest/meta-data/local-hostname':
        return imds.hostname;
      case '/latest/meta-data/spot/instance-action':
        return imds.spot && JSON.stringify(imds.spot());
      case '/latest/meta-data/events/recommendations/rebalance':
        return imds.rebalance && JSON.stringify(imds.rebalance());
      case '/latest/meta-data/autoscaling/target-lifecycle-state':
        return imds.groupState;
      case '/latest/meta-data/events/maintenance/scheduled':
        return JSON.stringify(imds.scheduled);
      case '/latest/meta-data/events/maintenance/history':
        return JSON.stringify(imds.history);
      default:
        return undefined;
    }
  }

  return { state: imds, answer };
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function misbehaves(fault: ImdsFault, response: ServerResponse): boolean {
  switch (fault) {
    case '401':
    case '403':
    case '500':
    case '503':
      send(response, Number(fault), '');
      return true;
    case 'hang':
      return true;
    case 'slow-body':
      response.writeHead(200, { 'content-length': 100 });
      response.write('{');
      return true;
    case 'reset':
      response.socket?.resetAndDestroy();
      return true;
    case 'garbled':
      send(response, 200, '<html>not what you asked</html>');
      return true;
    case 'huge':
      send(response, 200, 'x'.repeat(1024 * 1024));
      return true;
  }
}

/** `terminate` in two minutes, or as told. */
export function interruption(inMs = 120_000, action = 'terminate') {
  const notice = { action, time: `${new Date(Date.now() + inMs).toISOString().slice(0, 19)}Z` };
  return () => notice;
}
