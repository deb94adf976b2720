import type { Knowledge } from '../../decision/knowledge.ts';
import { poolKey, type Pool } from '../../decision/pool.ts';
import type { HotState, ListPoolsResponse, PoolFacts } from '../../api/messages.ts';
import { InvalidRequest } from '../../errors/invalid-request.ts';
import type { ListPoolsQuestion } from '../../api/asked-questions.ts';

/**
 * One page of pools in the order of region, type and zone. The page token names the last pool of the page before,
 * so that pools which come or go meanwhile neither repeat nor hide others.
 * @throws InvalidRequest for a token that no page gave.
 */
export function poolsPage(
  question: ListPoolsQuestion,
  pools: readonly Pool[],
  knowledge: Knowledge,
  nowMs: number,
): ListPoolsResponse {
  const after = question.pageToken === '' ? '' : keyOfToken(question.pageToken);
  const matching = pools
    .filter((pool) => question.region === undefined || pool.region === question.region)
    .filter((pool) => pool.instanceType.startsWith(question.instanceTypePrefix))
    .filter((pool) => !question.hotOnly || hotState(pool, knowledge, nowMs) !== null)
    .map((pool) => ({ pool, key: sortKey(pool) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const from = matching.findIndex(({ key }) => key > after);
  const page = from < 0 ? [] : matching.slice(from, from + question.pageSize);
  const last = page.at(-1);
  const isLastPage = last === undefined || last === matching.at(-1);
  return {
    pools: page.map(({ pool }) => poolFacts(pool, knowledge, nowMs)),
    next_page_token: isLastPage ? '' : btoa(last.key),
    total: matching.length,
  };
}

function sortKey({ region, instanceType, zone }: Pool): string {
  return `${region} ${instanceType} ${zone}`;
}

function keyOfToken(token: string): string {
  try {
    const key = atob(token);
    if (/^\S+ \S+ \S+$/.test(key)) return key;
  } catch {
    // Not base64: the same mistake as below.
  }
  throw new InvalidRequest([{ path: 'page_token', message: 'must be the next_page_token of an answer' }]);
}

function poolFacts(pool: Pool, knowledge: Knowledge, nowMs: number): PoolFacts {
  const prices = knowledge.prices(pool);
  const risk = knowledge.risk(pool);
  const type = knowledge.instanceType(pool.instanceType);
  return {
    pool: poolKey(pool),
    instance_type: pool.instanceType,
    availability_zone: pool.zone,
    region: pool.region,
    spot_price: prices?.spotPerHour ?? null,
    spot_price_time: timeText(prices?.spotObservedAtMs),
    on_demand_price: prices?.onDemandPerHour ?? null,
    historic_interrupt_rate: knowledge.advisorBand(pool)?.interruptRate ?? null,
    crash_probability: risk?.crashProbability ?? null,
    expected_frequency: risk?.expectedFrequency ?? null,
    risk_source: risk?.source ?? null,
    hot: hotState(pool, knowledge, nowMs),
    vcpu: type?.vcpu ?? null,
    memory_gb: type?.memoryGib ?? null,
    architecture: type?.architecture ?? null,
  };
}

function hotState(pool: Pool, knowledge: Knowledge, nowMs: number): HotState | null {
  const signal = knowledge.signal(pool);
  if (signal === undefined || signal.expiresAtMs <= nowMs) return null;
  return {
    signal: signal.kind,
    since: new Date(signal.atMs).toISOString(),
    until: new Date(signal.expiresAtMs).toISOString(),
    heat: signal.heat,
  };
}

function timeText(atMs: number | undefined): string | null {
  return atMs === undefined || !Number.isFinite(atMs) ? null : new Date(atMs).toISOString();
}
