import type { Candidate, DecisionContext } from './decision-context.ts';
import { dropped } from './decision-context.ts';
import type { InstanceTypeFacts, Knowledge } from './knowledge.ts';
import { nodesFor, unitsOf } from './node-value.ts';
import type { Policy } from './policy.ts';
import type { Pool } from './pool.ts';
import { poolKey } from './pool.ts';
import type { GroupQuestion, PoolQuestion } from './questions.ts';
import type { Resources } from './resources.ts';
import { isShare } from './sound-knowledge.ts';
import { largerTypes } from './right-sizing.ts';
import { sizeOfType, soundNodeCount, soundResources } from './scale-up-candidates.ts';

/** In units: less than a thousandth of a vCPU is no demand. */
const leastDemand = 0.001;

/** A pool asked for by hand as a group of one; `TYPE@ZONE`, with its capacity type behind where that is not Spot. */
export function groupOfPool({ pool, ...rest }: PoolQuestion): GroupQuestion {
  return {
    ...rest,
    id: pool.capacityType === 'spot' ? poolKey(pool) : `${poolKey(pool)}/${pool.capacityType}`,
    pools: [pool],
    capacityType: pool.capacityType,
    onDemandShare: pool.capacityType === 'on-demand' ? 1 : 0,
  };
}

/**
 * One candidate for each question, and one for each larger type that right-sizing admits to serve the same demand.
 * Without a demand a group counts as wholly used by work of its own size.
 */
export function groupCandidates(
  questions: readonly GroupQuestion[],
  knowledge: Knowledge,
  policy: Policy,
): DecisionContext<Candidate> {
  const asked = questions.map((question) => candidateOf(question, knowledge));
  const seen = new Set<string>();
  const candidates: Candidate[] = [];
  const twice: Candidate[] = [];
  for (const candidate of asked) {
    (seen.has(candidate.id) ? twice : candidates).push(candidate);
    seen.add(candidate.id);
  }
  const admitted = policy.switches.rightSizing
    ? candidates.flatMap((candidate) => admittedFor(candidate, knowledge, policy))
    : [];
  for (const candidate of admitted) {
    if (seen.has(candidate.id)) continue;
    candidates.push(candidate);
    seen.add(candidate.id);
  }
  return {
    candidates,
    drops: twice.map((candidate) =>
      dropped(candidate, 'input', 'duplicate', `${candidate.id} is asked about more than once`),
    ),
  };
}

function candidateOf(question: GroupQuestion, knowledge: Knowledge): Candidate {
  const [pool] = question.pools;
  const facts = pool === undefined ? undefined : knowledge.instanceType(pool.instanceType);
  const nodeSize = facts === undefined ? undefined : sizeOfType(facts);
  const demanded = question.demand === undefined ? undefined : soundResources(question.demand);
  const asked = demanded !== undefined && unitsOf(demanded) >= leastDemand ? demanded : undefined;
  const needed = asked === undefined || nodeSize === undefined ? 1 : (nodesFor(nodeSize, asked) ?? 1);
  const nodeCount = soundNodeCount(question.nodeCount ?? needed);
  const demand = asked ?? (nodeSize === undefined ? undefined : times(nodeSize, nodeCount));
  return {
    id: question.id,
    pools: question.pools,
    capacityType: question.capacityType,
    onDemandShare: isShare(question.onDemandShare) ? question.onDemandShare : 0,
    operatingSystem: 'linux',
    labels: {},
    architecture: facts?.architecture ?? 'unknown',
    nodeCount,
    nodeSize,
    demand: demand === undefined ? undefined : { resources: demand, units: unitsOf(demand) },
    coverage: 1,
    pods: [],
    ...(question.wishes !== undefined && { wishes: question.wishes }),
  };
}

function times(size: Resources, count: number): Resources {
  return {
    cpuMilli: size.cpuMilli * count,
    memoryBytes: size.memoryBytes * count,
    gpus: size.gpus * count,
  };
}

function admittedFor(asked: Candidate, knowledge: Knowledge, policy: Policy): readonly Candidate[] {
  const [pool] = asked.pools;
  const { demand } = asked;
  if (pool === undefined || asked.pools.length > 1 || demand === undefined) return [];
  return largerTypes(pool, knowledge, policy.maxSizeFactor).map((facts) =>
    larger(asked, { ...pool, instanceType: facts.instanceType }, facts, demand.resources),
  );
}

function larger(asked: Candidate, pool: Pool, facts: InstanceTypeFacts, demand: Resources): Candidate {
  const nodeSize = sizeOfType(facts);
  return {
    ...asked,
    id: groupOfPool({ pool }).id,
    pools: [pool],
    architecture: facts.architecture,
    nodeCount: soundNodeCount(nodesFor(nodeSize, demand) ?? 1),
    nodeSize,
    admittedFor: asked.id,
  };
}
