import { isIPv6 } from 'node:net';
import type { Poll } from '../../drain/episodes.ts';
import { MetadataUnavailable } from '../../errors/metadata-unavailable.ts';
import type {
  InstanceIdentity,
  InstanceMetadata,
  MetadataProblem,
  MetadataReading,
  MetadataSource,
} from '../../ports/instance-metadata.ts';
import {
  identityDocument,
  instanceAction,
  rebalanceRecommendation,
  scheduledEvents,
  targetLifecycleState,
} from './metadata-documents.ts';
import { answerOf, HttpSilence, metadataHttp, type HttpAnswer } from './metadata-http.ts';

export interface ImdsOptions {
  /** `http://169.254.169.254`, `http://[fd00:ec2::254]`, or a test's. */
  readonly endpoint: string;
  /** For each request, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** 1..21600. */
  readonly tokenTtlSeconds: number;
  readonly nowMs: () => number;
}

interface Token {
  readonly value: string;
  readonly renewAtMs: number;
}

const paths = {
  spot: '/latest/meta-data/spot/instance-action',
  rebalance: '/latest/meta-data/events/recommendations/rebalance',
  group: '/latest/meta-data/autoscaling/target-lifecycle-state',
  maintenance: '/latest/meta-data/events/maintenance/scheduled',
} as const;

const historyPath = '/latest/meta-data/events/maintenance/history';
const identityPath = '/latest/dynamic/instance-identity/document';
const hostnamePath = '/latest/meta-data/local-hostname';
/** The identity document knows the private IPv4 address alone, which no Node of an IPv6 cluster has. */
const ipv6Path = '/latest/meta-data/ipv6';

/** A token is one word that may stand in a header. A page of a proxy is none, whatever its status. */
const tokenShape = /^[\w+/=.~-]{1,1024}$/;

/** The service's clock at one moment of ours. An HTTP date leaves out the second's fraction: half a second is right on average. */
interface HeardDate {
  readonly atMs: number;
  readonly monotonicMs: number;
}

/** IMDSv2 only: every request carries a token, and without a token there is no request. */
export function imdsClient(options: ImdsOptions): InstanceMetadata {
  const http = metadataHttp(options.endpoint, options.timeoutMs);
  let token: Token | undefined;
  let renewal: Promise<Token> | undefined;
  let heard: HeardDate | undefined;

  function hear({ dateMs }: HttpAnswer): void {
    if (dateMs !== undefined) heard = { atMs: dateMs + 500, monotonicMs: performance.now() };
  }

  async function freshToken(signal: AbortSignal): Promise<Token> {
    if (token !== undefined && options.nowMs() < token.renewAtMs) return token;
    // Four sources ask at once; one request serves them all.
    renewal ??= requestedToken(signal).finally(() => (renewal = undefined));
    token = await renewal;
    return token;
  }

  async function requestedToken(signal: AbortSignal): Promise<Token> {
    const headers = { 'X-aws-ec2-metadata-token-ttl-seconds': String(options.tokenTtlSeconds) };
    let answer: HttpAnswer;
    try {
      answer = await answerOf(http, 'PUT', '/latest/api/token', headers, signal);
    } catch (error) {
      throw silentToken(error, options.endpoint);
    }
    hear(answer);
    if (answer.status !== 200) throw refusal(answer.status, 'the token');
    const value = answer.body.trim();
    if (!tokenShape.test(value))
      throw unavailable(
        'token-garbled',
        `the metadata service gave something that is no token: ${JSON.stringify(value.slice(0, 80))}; does a proxy stand before it?`,
      );
    return { value, renewAtMs: options.nowMs() + options.tokenTtlSeconds * 900 };
  }

  async function got(path: string, signal: AbortSignal): Promise<HttpAnswer> {
    for (let attempt = 0; ; attempt += 1) {
      const { value } = await freshToken(signal);
      let answer: HttpAnswer;
      try {
        answer = await answerOf(http, 'GET', path, { 'X-aws-ec2-metadata-token': value }, signal);
      } catch (error) {
        throw silence(error, path, options.endpoint);
      }
      hear(answer);
      // 401 is what AWS says of a token that it does not know; what stands before it may say it in other words.
      const isRefused = answer.status === 401 || answer.status === 400 || answer.status === 403;
      if (isRefused && token?.value === value) token = undefined;
      if (answer.status !== 401) return answer;
      if (attempt === 1) throw refusal(401, path);
    }
  }

  /** The text; undefined on 404. */
  async function document(path: string, signal: AbortSignal): Promise<string | undefined> {
    const answer = await got(path, signal);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refusal(answer.status, path);
    return answer.body;
  }

  async function reading(source: MetadataSource, signal: AbortSignal): Promise<Partial<Poll>> {
    const text = await document(paths[source], signal);
    if (text === undefined) return source === 'maintenance' ? { maintenance: [] } : { [source]: 'none' };
    switch (source) {
      case 'spot':
        return { spot: instanceAction(text) ?? garbled(paths.spot, text) };
      case 'rebalance':
        return { rebalance: rebalanceRecommendation(text) ?? garbled(paths.rebalance, text) };
      case 'group':
        return { group: targetLifecycleState(text) ?? garbled(paths.group, text) };
      case 'maintenance': {
        const history = text.includes('EventId') ? await pastEvents(signal) : '[]';
        return { maintenance: scheduledEvents(text, history) ?? garbled(paths.maintenance, text) };
      }
    }
  }

  /** An event says itself when it is over; without the history, only one that does not say so is taken for ahead. */
  async function pastEvents(signal: AbortSignal): Promise<string> {
    try {
      return (await document(historyPath, signal)) ?? '[]';
    } catch (error) {
      if (error instanceof MetadataUnavailable) return '[]';
      throw error;
    }
  }

  return {
    async identity(signal: AbortSignal): Promise<InstanceIdentity> {
      const text = await document(identityPath, signal);
      return identityDocument(text ?? '') ?? garbled(identityPath, text ?? '');
    },
    async hostname(signal: AbortSignal): Promise<string> {
      const text = (await document(hostnamePath, signal))?.trim() ?? '';
      return /^[\w.-]{1,253}$/.test(text) ? text : garbled(hostnamePath, text);
    },
    async ipv6(signal: AbortSignal): Promise<string> {
      const text = (await document(ipv6Path, signal))?.trim() ?? '';
      return text === '' || isIPv6(text) ? text : garbled(ipv6Path, text);
    },
    awsNowMs: () => heard && heard.atMs + performance.now() - heard.monotonicMs,
    async read(source: MetadataSource, signal: AbortSignal): Promise<MetadataReading> {
      try {
        return { poll: await reading(source, signal), problem: undefined };
      } catch (error) {
        if (!(error instanceof MetadataUnavailable)) throw error;
        return { poll: { [source]: 'unread' }, problem: problemOf(error) };
      }
    },
  };
}

function problemOf(error: MetadataUnavailable): MetadataProblem {
  // Every MetadataUnavailable of this file is made with a kind of this list.
  return { kind: error.kind as MetadataProblem['kind'], advice: error.message };
}

function unavailable(kind: MetadataProblem['kind'], message: string, cause?: unknown): MetadataUnavailable {
  return new MetadataUnavailable(kind, message, { cause });
}

function garbled(path: string, text: string): never {
  throw unavailable(
    'garbled',
    `${path} gave something that AWS does not document: ${JSON.stringify(text.slice(0, 80))}`,
  );
}

function refusal(status: number, what: string): MetadataUnavailable {
  if (status === 401)
    return unavailable('token-refused', `the metadata service refused a fresh token for ${what} (401)`);
  if (status === 403)
    return unavailable(
      'switched-off',
      `the metadata service answers 403 for ${what}: it is switched off for this instance (set HttpEndpoint to enabled) or a firewall on the node forbids it`,
    );
  if (status === 503 || status === 429)
    return unavailable('throttled', `the metadata service throttles this instance (${status} for ${what})`);
  return unavailable('server-error', `the metadata service answered ${status} for ${what}`);
}

/** A token request that connects and is never answered is what a hop limit of 1 looks like from a pod. */
function silentToken(error: unknown, endpoint: string): Error {
  if (!(error instanceof HttpSilence)) return error instanceof Error ? error : new Error(String(error));
  if (error.stage === 'no-answer' && error.isTimeout)
    return unavailable(
      'hop-limit',
      `${endpoint} takes the connection and its token never arrives: from a pod off the host network this is a hop limit of 1; set HttpPutResponseHopLimit to 2 or run with hostNetwork. IMDSv1 is not tried`,
      error,
    );
  return silence(error, 'the token', endpoint);
}

function silence(error: unknown, what: string, endpoint: string): Error {
  if (!(error instanceof HttpSilence)) return error instanceof Error ? error : new Error(String(error));
  if (error.stage === 'not-connected')
    return unavailable(
      'unreachable',
      `${endpoint} cannot be reached; is this an EC2 instance, and does a network policy forbid it?`,
      error,
    );
  return unavailable(
    error.isTimeout ? 'timeout' : 'unreachable',
    `${what}: ${error.message} from ${endpoint}`,
    error,
  );
}
