import { admitted, forcedOnDemand } from './admission.ts';
import { answerOf, rankedCandidate } from './answer.ts';
import { withBoundedPools } from './bounded-pools.ts';
import type { Candidate, DecisionContext, Ranked, RiskStep } from './decision-context.ts';
import type { Drop, ForcedOnDemand, InstanceDecision, PoolRanking, ScaleUpDecision } from './decision.ts';
import { explanationOf, reasonOf } from './explanation.ts';
import { instanceDecision } from './instance-decision.ts';
import type { Knowledge } from './knowledge.ts';
import type { LayerName, Observe } from './layers.ts';
import { scored } from './optimizer.ts';
import type { Policy } from './policy.ts';
import { groupCandidates, groupOfPool } from './pool-candidates.ts';
import type { GroupQuestion, InstanceQuestion, PoolQuestion } from './questions.ts';
import { pacedKnowledge } from './paced-knowledge.ts';
import { withReactiveOverride } from './reactive.ts';
import { withRisk } from './risk.ts';
import { scaleUpCandidates } from './scale-up-candidates.ts';
import type { ScaleUpRequest } from './scale-up-request.ts';
import { percentText } from './sentences.ts';
import type { SoundKnowledge } from './sound-knowledge.ts';
import { soundKnowledge } from './sound-knowledge.ts';
import type { Surroundings } from './surroundings.ts';
import { noSurroundings, surroundingsOf } from './surroundings.ts';
import { withStaticIntelligence } from './with-static-intelligence.ts';

/**
 * Which node group the autoscaler shall grow. Never throws; answers ids of the request only, each once, and never
 * none of them unless every one was rejected and the policy says `block`. Pure: equal arguments, equal decision.
 */
export function decideScaleUp(
  request: ScaleUpRequest,
  knowledge: Knowledge,
  policy: Policy,
  nowMs: number,
  observe: Observe = unobserved,
): ScaleUpDecision {
  const question: Question = {
    ids: request.options.map(({ nodeGroupId }) => nodeGroupId),
    candidates: (sound) => scaleUpCandidates(request, sound),
    surroundings: (sound) => surroundingsOf(request, sound),
  };
  return decided(question, knowledge, policy, nowMs, observe);
}

/** Ranks pools given by hand. Larger types of a pool's family join in where they serve its demand with a better yield. */
export function rankPools(
  pools: readonly PoolQuestion[],
  knowledge: Knowledge,
  policy: Policy,
  nowMs: number,
  observe?: Observe,
): PoolRanking {
  return rankGroups(pools.map(groupOfPool), knowledge, policy, nowMs, observe);
}

/** Ranks node groups given by hand, each over all of its pools. */
export function rankGroups(
  groups: readonly GroupQuestion[],
  knowledge: Knowledge,
  policy: Policy,
  nowMs: number,
  observe: Observe = unobserved,
): PoolRanking {
  return rankingOf(decided(groupsQuestion(groups, policy), knowledge, policy, nowMs, observe));
}

/** The same in pieces: whoever takes them can do something else in between. A region takes some tens of milliseconds. */
export function* rankGroupsInPieces(
  groups: readonly GroupQuestion[],
  knowledge: Knowledge,
  policy: Policy,
  nowMs: number,
  observe: Observe = unobserved,
): Generator<undefined, PoolRanking> {
  const question = groupsQuestion(groups, policy);
  return rankingOf(yield* decidedInPieces(question, knowledge, policy, nowMs, observe));
}

/** Pools given by hand, in pieces. */
export function* rankPoolsInPieces(
  pools: readonly PoolQuestion[],
  knowledge: Knowledge,
  policy: Policy,
  nowMs: number,
  observe?: Observe,
): Generator<undefined, PoolRanking> {
  return yield* rankGroupsInPieces(pools.map(groupOfPool), knowledge, policy, nowMs, observe);
}

function groupsQuestion(groups: readonly GroupQuestion[], policy: Policy): Question {
  return {
    ids: groups.map(({ id }) => id),
    candidates: (sound) => groupCandidates(groups, sound, policy),
    surroundings: () => noSurroundings,
  };
}

function rankingOf(decision: ScaleUpDecision): PoolRanking {
  const { ranked, drops, degradation, reason, remarks, forcedOnDemand: forced } = decision;
  // A larger type that was admitted and came to nothing is missed by nobody.
  const asked = drops.filter(({ facts }) => facts.admittedFor === undefined);
  return {
    ...{ ranked, drops: asked, degradation, reason, remarks },
    ...(forced !== undefined && { forcedOnDemand: forced }),
  };
}

/** What shall happen with a running instance. Never throws; what AWS said outranks what is predicted. */
export function evaluateInstance(
  question: InstanceQuestion,
  knowledge: Knowledge,
  policy: Policy,
  nowMs: number,
): InstanceDecision {
  return instanceDecision(question, knowledge, policy, nowMs, (pools) =>
    rankPools(pools, knowledge, policy, nowMs),
  );
}

interface Question {
  readonly ids: readonly string[];
  readonly candidates: (knowledge: Knowledge) => DecisionContext<Candidate>;
  readonly surroundings: (knowledge: Knowledge) => Surroundings;
}

/** More than any cluster has; each costs some ten microseconds, and beyond it all ids are answered unjudged. */
const mostOptions = 5_000;

const ladder: readonly RiskStep[] = ['model', 'advisor-prior', 'price-only'];

/** All pieces at once. */
function decided(
  question: Question,
  knowledge: Knowledge,
  policy: Policy,
  nowMs: number,
  observe: Observe,
): ScaleUpDecision {
  const pieces = decidedInPieces(question, knowledge, policy, nowMs, observe);
  for (;;) {
    const piece = pieces.next();
    if (piece.done === true) return piece.value;
  }
}

/** Tries each step of the ladder until one holds; below the last all ids are the answer. A piece is a layer. */
function* decidedInPieces(
  question: Question,
  knowledge: Knowledge,
  given: Policy,
  nowMs: number,
  observe: Observe,
): Generator<undefined, ScaleUpDecision> {
  if (question.ids.length > mostOptions)
    return allIds(question.ids, [
      `${question.ids.length} options are more than the ${mostOptions} that are judged`,
    ]);
  const failures: string[] = [];
  for (const from of ladder) {
    const leftOut: string[] = [];
    let inLayer: LayerName = 'input';
    const layer: RunLayer = (name, run) => {
      inLayer = name;
      observe(name, 'begin');
      try {
        return run();
      } finally {
        observe(name, 'end');
      }
    };
    try {
      const sound = soundKnowledge(knowledge, nowMs);
      const policy = { ...given, riskHorizonHours: sound.horizonHours ?? given.riskHorizonHours };
      const paced = pacedKnowledge(sound, () => observe(inLayer, 'within'));
      const context = yield* throughFiveLayers(question, paced, policy, from, layer, (sentence) =>
        leftOut.push(sentence),
      );
      yield;
      return layer('actuator', () => explained(context, sound, policy, from, [...failures, ...leftOut]));
    } catch (error) {
      failures.push(`step ${from} failed in layer ${inLayer}: ${messageOf(error)}`);
    }
  }
  return allIds(question.ids, failures);
}

type RunLayer = <Result>(name: LayerName, run: () => Result) => Result;

/** The whole data flow: each layer takes the context of the one before it, and the types allow no other order. */
function* throughFiveLayers(
  question: Question,
  knowledge: Knowledge,
  policy: Policy,
  from: RiskStep,
  layer: RunLayer,
  leaveOut: (sentence: string) => void,
): Generator<undefined, DecisionContext<Ranked>> {
  const filter = from === 'price-only' ? 'keep-all' : 'filter';
  const asked = layer('input', () => withBoundedPools(question.candidates(knowledge), leaveOut));
  yield;
  const known = layer('static', () => withStaticIntelligence(asked, knowledge, policy, filter));
  yield;
  const assessed = layer('risk', () => withRisk(known, knowledge, policy, from));
  yield;
  const weighed = layer('optimizer', () =>
    scored(assessed, knowledge, question.surroundings(knowledge), policy, leaveOut),
  );
  yield;
  return layer('reactive', () => withReactiveOverride(weighed, knowledge, policy));
}

/** The sixth layer: the answer and its explanation. */
function explained(
  judged: DecisionContext<Ranked>,
  knowledge: SoundKnowledge,
  policy: Policy,
  from: RiskStep,
  failures: readonly string[],
): ScaleUpDecision {
  const context = admitted(judged, policy);
  const forced = forcedOnDemand(context, judged.candidates);
  const answer = answerOf(context, policy);
  const reason = reasonOf(context, answer);
  const explanation = explanationOf(context, knowledge, policy, from, failures, reason);
  return {
    answer: answer.ids,
    ranked: context.candidates.map((candidate) => rankedCandidate(candidate, policy.formula)),
    drops: context.drops,
    reason,
    ...explanation,
    ...(forced !== undefined && {
      forcedOnDemand: forced,
      remarks: [...explanation.remarks, forcedSentence(forced)],
    }),
  };
}

function forcedSentence({ id, insteadOf, dearerBy }: ForcedOnDemand): string {
  return `${id} is on-demand and first only because a filter rejects Spot: ${insteadOf} would cost ${percentText(1 - 1 / (1 + dearerBy))} less`;
}

function allIds(ids: readonly string[], failures: readonly string[]): ScaleUpDecision {
  const sentence = `nothing could be judged: ${failures.at(-1) ?? 'unknown fault'}`;
  return {
    answer: [...new Set(ids)],
    ranked: [],
    drops: ids.map((id) => unjudged(id, sentence)),
    degradation: { step: 'all-ids', reasons: failures },
    reason: sentence,
    remarks: failures,
  };
}

function unjudged(id: string, sentence: string): Drop {
  const facts = {
    id,
    instanceType: '',
    zone: '',
    region: '',
    capacityType: 'unknown',
    pools: [],
    nodeCount: 1,
    architecture: 'unknown',
    riskSource: 'none',
  } as const;
  return { id, layer: 'actuator', reason: 'internal-fault', sentence, facts };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unobserved(): void {
  // Nobody asked for timings.
}
