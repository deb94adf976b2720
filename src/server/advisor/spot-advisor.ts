import type { InstanceDecision } from '../../decision/decision.ts';
import type { Knowledge } from '../../decision/knowledge.ts';
import { evaluateInstance } from '../../decision/pipeline.ts';
import type { Policy } from '../../decision/policy.ts';
import { poolKey, type Pool } from '../../decision/pool.ts';
import { NotFound } from '../../errors/not-found.ts';
import type {
  DecisionMessage,
  EvaluateResponse,
  ExplainResponse,
  RankResponse,
  SpotAdvisor,
} from '../../api/messages.ts';
import type { Clock } from '../../ports/clock.ts';
import { candidateMessages, dropCounts, rankedMessage } from '../../api/candidate-messages.ts';
import type { DecisionLog } from './decision-log.ts';
import { evaluateMessage, rankMessage } from '../../api/decision-messages.ts';
import { layerStopwatch, type LayerStopwatch } from '../../api/layer-stopwatch.ts';
import {
  places,
  poolsInsteadOf,
  refuse,
  unknownRegion,
  unknownTypes,
  zoneMistake,
  type Offerings,
} from './offerings.ts';
import { poolsPage } from './pool-facts.ts';
import { rankingInPieces, type RankingInputs } from './ranking.ts';
import {
  evaluateQuestion,
  explainQuestion,
  listPoolsQuestion,
  rankQuestion,
  type EvaluateQuestion,
  type RankQuestion,
} from '../../api/asked-questions.ts';

export interface SpotAdvisorDependencies {
  /** As of now; asked once for each question. */
  readonly knowledge: () => Knowledge;
  readonly offerings: () => Offerings;
  readonly policy: Policy;
  /** Where pools are whose zone does not tell it and whose request does not either. */
  readonly region: string;
  readonly clock: Clock;
  readonly decisions: DecisionLog;
  /** After each rank and evaluate: metrics and the log line. */
  readonly onDecision: (decision: DecisionMessage) => void;
  /** Between two pieces of a ranking, which takes some tens of milliseconds for a region. Default: no pause. */
  readonly pause?: () => Promise<void>;
}

/** Our own API over the pipeline: whatever asks, gRPC, HTTP or the command line, is answered here. */
export function spotAdvisor(dependencies: SpotAdvisorDependencies): SpotAdvisor {
  const { knowledge, offerings, decisions, clock } = dependencies;
  return {
    rank: async (request, caller) => ranked(rankQuestion(request), dependencies, caller),
    evaluate: (request, caller) => settled(() => evaluated(evaluateQuestion(request), dependencies, caller)),
    explain: (request) => settled(() => explained(request, decisions)),
    listPools: (request) =>
      settled(() => poolsPage(listPoolsQuestion(request), offerings().pools, knowledge(), clock.nowMs())),
  };
}

/** The work is synchronous; its errors become rejections. */
function settled<Answer>(work: () => Answer): Promise<Answer> {
  return new Promise((resolve) => resolve(work()));
}

interface Asking extends RankingInputs {
  readonly stopwatch: LayerStopwatch;
  readonly durationMs: () => number;
}

function asking(region: string | undefined, dependencies: SpotAdvisorDependencies): Asking {
  const { clock } = dependencies;
  const mistake = region === undefined ? undefined : unknownRegion(region, dependencies.region);
  if (mistake !== undefined) refuse([{ path: 'region', message: mistake }]);
  const offerings = dependencies.offerings();
  const startedMs = clock.monotonicMs();
  const stopwatch = layerStopwatch(clock);
  return {
    knowledge: dependencies.knowledge(),
    offerings,
    places: places(region, dependencies.region),
    region: region ?? dependencies.region,
    policy: dependencies.policy,
    nowMs: clock.nowMs(),
    observe: stopwatch.observe,
    stopwatch,
    durationMs: () => clock.monotonicMs() - startedMs,
  };
}

async function ranked(
  question: RankQuestion,
  dependencies: SpotAdvisorDependencies,
  caller: string | undefined,
): Promise<RankResponse> {
  const { pause = () => Promise.resolve() } = dependencies;
  const one = asking(question.region, dependencies);
  const ranking = await inPieces(rankingInPieces(question, one), pause);
  const response: RankResponse = {
    candidates: candidateMessages(ranking),
    degradation: ranking.degradation,
    decision_id: dependencies.decisions.nextId(),
    execution_time_ms: one.durationMs(),
    reason: ranking.reason,
    remarks: ranking.remarks,
  };
  await pause();
  const decision = rankMessage(response, {
    nowMs: one.nowMs,
    question: questionText(question),
    drops: dropCounts(ranking.drops),
    timings: [...one.stopwatch.timings(), { part: 'total', duration_ms: response.execution_time_ms }],
  });
  dependencies.decisions.add(decision, caller);
  await pause();
  dependencies.onDecision(decision);
  return response;
}

async function inPieces<Whole>(
  pieces: Generator<undefined, Whole>,
  pause: () => Promise<void>,
): Promise<Whole> {
  for (;;) {
    const piece = pieces.next();
    if (piece.done === true) return piece.value;
    await pause();
  }
}

function evaluated(
  question: EvaluateQuestion,
  dependencies: SpotAdvisorDependencies,
  caller: string | undefined,
): EvaluateResponse {
  const one = asking(question.region, dependencies);
  const { instanceType, zone, signal, signalAtMs } = question;
  refuse([
    // A live signal is acted upon whatever is known of the type.
    ...(signal === 'NONE'
      ? unknownTypes([{ instanceType, path: 'instance_type' }], one.knowledge, one.offerings)
      : []),
    ...zoneMistake(zone, 'availability_zone', one.places),
  ]);
  const pool: Pool = { instanceType, zone, region: one.places.regionOf(zone), capacityType: 'spot' };
  const alternatives = poolsInsteadOf(pool, one.knowledge, one.offerings);
  const decision = evaluateInstance(
    { pool, signal, alternatives, ...(signalAtMs !== undefined && { signalAtMs }) },
    one.knowledge,
    dependencies.policy,
    one.nowMs,
  );
  const response = evaluateResponse(decision, question, dependencies.decisions.nextId(), one.durationMs());
  const message = evaluateMessage(response, {
    nowMs: one.nowMs,
    question: [poolKey(pool), question.instanceId ?? '', signal].filter((part) => part !== '').join(' '),
    drops: [],
    timings: [{ part: 'total', duration_ms: response.execution_time_ms }],
  });
  dependencies.decisions.add(message, caller);
  dependencies.onDecision(message);
  return response;
}

function evaluateResponse(
  decision: InstanceDecision,
  question: EvaluateQuestion,
  decisionId: string,
  durationMs: number,
): EvaluateResponse {
  return {
    decision: decision.decision,
    reason: decision.reason,
    crash_probability: decision.crashProbability ?? null,
    expected_frequency: decision.expectedFrequency ?? null,
    aws_signal: decision.signal,
    signal_time: new Date(decision.atMs).toISOString(),
    selected_candidate: decision.proposed === undefined ? null : rankedMessage(decision.proposed, 1),
    degradation: decision.degradation,
    decision_id: decisionId,
    execution_time_ms: durationMs,
    instance_id: question.instanceId ?? null,
  };
}

/** Keeps an answer below the 4 MiB that gRPC clients take by default. */
const mostCandidatesExplained = 5_000;

function explained(request: unknown, decisions: DecisionLog): ExplainResponse {
  const { decisionId, last, withoutCandidates } = explainQuestion(request);
  let room = withoutCandidates ? 0 : mostCandidatesExplained;
  const shown = (decision: DecisionMessage): DecisionMessage => {
    room -= decision.candidates.length;
    return room < 0 ? { ...decision, candidates: [] } : decision;
  };
  if (decisionId === undefined) return { decisions: decisions.last(last).map(shown) };
  const decision = decisions.byId(decisionId);
  if (decision !== undefined) return { decisions: [shown(decision)] };
  throw new NotFound(`there is no decision ${decisionId} among the last ${decisions.size()} of this server`);
}

function questionText(question: RankQuestion): string {
  switch (question.kind) {
    case 'pools':
      return `${question.pools.length} pools`;
    case 'groups':
      return `${question.groups.length} node groups described by hand`;
    case 'requirements': {
      const { vcpu, memoryGib, architecture } = question.requirements;
      return `every pool of at least ${vcpu} vCPU and ${memoryGib} GiB${architecture === undefined ? '' : ` on ${architecture}`}`;
    }
  }
}
