import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** What the peer does with one request instead of answering it. */
export type Fault =
  | 'throttle'
  | 'throttle-a-second'
  | 'deny'
  | 'server-error'
  | 'bad-parameter'
  | 'hang'
  | 'hang-midway'
  | 'reset'
  | 'half-answer'
  | 'not-xml';

export interface PriceRow {
  readonly zone: string;
  readonly type: string;
  readonly price: string;
  readonly at: string;
}

export type Parameters = Readonly<Record<string, string>>;

/** Answers of the query protocol: parameters in a form, XML back; paged, with faults first when some are queued. */
export interface AwsPeer {
  readonly endpoint: string;
  /** Every request's parameters, in order. */
  readonly requests: readonly Parameters[];
  /** The next requests meet these, one each. */
  readonly queueFaults: (...faults: readonly Fault[]) => void;
  /** Every request, or every one that `meets` says yes to, meets this until it is cleared. */
  readonly setFault: (fault: Fault | undefined, meets?: (parameters: Parameters) => boolean) => void;
  /** Idle and open ones: the next call has to connect. */
  readonly dropConnections: () => void;
  readonly close: () => Promise<void>;
}

/** @param region of the request's signature */
export type Answer = (parameters: Parameters, region: string) => string;

/** EC2 wraps its errors in one more element than the other services of the query protocol. */
export type Dialect = 'ec2' | 'query';

/** AWS refuses what was signed longer ago than this, or for later. */
const signatureSlackMs = 5 * 60_000;

export interface PeerShape {
  /** Requests whose date is off are refused, as AWS does. */
  readonly checksDate?: boolean;
  readonly host?: string;
}

export async function awsPeer(
  answers: Readonly<Record<string, Answer>>,
  dialect: Dialect = 'ec2',
  shape: PeerShape = {},
): Promise<AwsPeer> {
  const error = (response: ServerResponse, status: number, code: string, message: string) =>
    xml(response, status, errorBody(dialect, code, message));
  const requests: Record<string, string>[] = [];
  const queue: Fault[] = [];
  let standing: Fault | undefined;
  let standingMeets: (parameters: Parameters) => boolean = () => true;
  const server = createServer((request, response) => {
    // A client that gives up in the middle of its request is none of our faults.
    request.on('error', () => undefined);
    void parametersOf(request).then(
      (parameters) => {
        requests.push(parameters);
        const fault = queue.shift() ?? (standingMeets(parameters) ? standing : undefined);
        if (fault !== undefined) meet(fault, response, error);
        else if (shape.checksDate === true && isOff(request.headers['x-amz-date']))
          error(response, 400, 'RequestExpired', 'Request has expired.');
        else {
          const answer = answers[parameters['Action'] ?? ''];
          if (answer === undefined) error(response, 400, 'InvalidAction', 'no such action');
          else xml(response, 200, answer(parameters, signedRegion(request.headers.authorization)));
        }
      },
      () => undefined,
    );
  });
  server.listen(0, shape.host ?? '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    queueFaults: (...faults) => void queue.push(...faults),
    setFault: (fault, meets = () => true) => {
      standing = fault;
      standingMeets = meets;
    },
    dropConnections: () => server.closeAllConnections(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** `20261125T075500Z`, in the request's own header. */
function isOff(header: string | readonly string[] | undefined): boolean {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(header));
  if (parts === null) return true;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  return Math.abs(Date.UTC(year, month - 1, day, hour, minute, second) - Date.now()) > signatureSlackMs;
}

/** `Credential=KEY/DATE/REGION/SERVICE/aws4_request`. */
function signedRegion(authorization: string | undefined): string {
  return /Credential=[^/]*\/\d+\/([^/]+)\//.exec(authorization ?? '')?.[1] ?? '';
}

async function parametersOf(request: IncomingMessage): Promise<Record<string, string>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString('utf8')));
}

type ErrorAnswer = (response: ServerResponse, status: number, code: string, message: string) => void;

function meet(fault: Fault, response: ServerResponse, error: ErrorAnswer): void {
  switch (fault) {
    case 'throttle': {
      error(response, 503, 'RequestLimitExceeded', 'Request limit exceeded.');
      return;
    }
    case 'throttle-a-second': {
      response.setHeader('retry-after', '1');
      error(response, 503, 'RequestLimitExceeded', 'Request limit exceeded.');
      return;
    }
    case 'deny': {
      error(response, 403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.');
      return;
    }
    case 'server-error': {
      error(response, 500, 'InternalError', 'An internal error has occurred');
      return;
    }
    case 'bad-parameter': {
      error(response, 400, 'InvalidParameterValue', 'Value is invalid');
      return;
    }
    case 'hang':
      return;
    case 'hang-midway':
      response.writeHead(200, { 'content-type': 'text/xml', 'content-length': '4096' });
      response.write('<DescribeSpotPriceHistoryResponse><spotPriceHistorySet><item>');
      return;
    case 'reset':
      response.socket?.destroy();
      return;
    case 'half-answer':
      response.writeHead(200, { 'content-type': 'text/xml', 'content-length': '4096' });
      response.write('<DescribeSpotPriceHistoryResponse><spotPriceHistorySet><item>');
      response.socket?.end();
      return;
    case 'not-xml':
      xml(response, 200, 'This is not the service you are looking for.');
  }
}

function errorBody(dialect: Dialect, code: string, message: string): string {
  const one = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return dialect === 'ec2'
    ? `<Response><Errors>${one}</Errors><RequestID>r-1</RequestID></Response>`
    : `<ErrorResponse>${one}<RequestId>r-1</RequestId></ErrorResponse>`;
}

function xml(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/xml;charset=UTF-8' });
  response.end(body.startsWith('<') ? `<?xml version="1.0" encoding="UTF-8"?>${body}` : body);
}

/**
 * DescribeSpotPriceHistory as AWS answers it: newest first, the filters and the time span honoured, with each pool's price
 * in force at the start; `pageSize` rows a page, and an empty page with a token before every page of `emptyBefore`.
 */
export function spotPriceHistory(
  rows: readonly PriceRow[],
  pageSize: number,
  emptyBefore: ReadonlySet<number> = new Set(),
): Answer {
  const timed = rows
    .map((row) => ({ row, atMs: Date.parse(row.at), pool: `${row.type}@${row.zone}` }))
    .sort((a, b) => b.atMs - a.atMs);
  return (parameters) => {
    const types = filterValues(parameters, 'instance-type');
    const start = Date.parse(parameters['StartTime'] ?? '1970-01-01T00:00:00Z');
    const end = Date.parse(parameters['EndTime'] ?? '2999-01-01T00:00:00Z');
    // Newest first: the first change of a pool at or before the start is the one that was in force then.
    const inForce = new Set<string>();
    const chosen = timed.filter(({ row, atMs, pool }) => {
      if (atMs > end || (types !== undefined && !types.includes(row.type))) return false;
      if (atMs > start) return true;
      if (inForce.has(pool)) return false;
      inForce.add(pool);
      return true;
    });
    const [page = 0, afterEmpty = 0] = (parameters['NextToken'] ?? '0.0').split('.').map(Number);
    if (emptyBefore.has(page) && afterEmpty === 0) return history([], `${page}.1`);
    const more = (page + 1) * pageSize < chosen.length;
    const items = chosen.slice(page * pageSize, (page + 1) * pageSize).map(({ row }) => row);
    return history(items, more ? `${page + 1}.0` : '');
  };
}

export function history(rows: readonly PriceRow[], nextToken: string): string {
  const items = rows.map(
    (row) =>
      `<item><instanceType>${row.type}</instanceType><productDescription>Linux/UNIX</productDescription><spotPrice>${row.price}</spotPrice><timestamp>${row.at}</timestamp><availabilityZone>${row.zone}</availabilityZone></item>`,
  );
  return `<DescribeSpotPriceHistoryResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-2</requestId><spotPriceHistorySet>${items.join('')}</spotPriceHistorySet><nextToken>${nextToken}</nextToken></DescribeSpotPriceHistoryResponse>`;
}

function filterValues(
  parameters: Readonly<Record<string, string>>,
  name: string,
): readonly string[] | undefined {
  for (const [key, value] of Object.entries(parameters)) {
    const index = /^Filter\.(\d+)\.Name$/.exec(key)?.[1];
    if (index === undefined || value !== name) continue;
    return Object.entries(parameters)
      .filter(([one]) => one.startsWith(`Filter.${index}.Value.`))
      .map(([, one]) => one);
  }
  return undefined;
}
