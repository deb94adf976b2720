import type { PoolRanking } from '../../decision/decision.ts';
import type { Knowledge } from '../../decision/knowledge.ts';
import type { Observe } from '../../decision/layers.ts';
import { rankGroupsInPieces, rankPoolsInPieces } from '../../decision/pipeline.ts';
import type { Policy } from '../../decision/policy.ts';
import type { Pool } from '../../decision/pool.ts';
import type { GroupQuestion, PoolQuestion } from '../../decision/questions.ts';
import {
  distinctPools,
  refuse,
  unknownTypes,
  zoneMistake,
  type Offerings,
  type Places,
} from './offerings.ts';
import { resourcesOf, type AskedGroup, type RankQuestion } from '../../api/asked-questions.ts';
import type { AskedPool } from '../../api/request-fields.ts';

export interface RankingInputs {
  readonly knowledge: Knowledge;
  readonly offerings: Offerings;
  readonly places: Places;
  /** Where pools are looked for that are not named. */
  readonly region: string;
  readonly policy: Policy;
  readonly nowMs: number;
  readonly observe: Observe;
}

/**
 * The ranking, in pieces of some milliseconds.
 * @throws InvalidRequest for types that are not known and zones outside the region that was named.
 */
export function* rankingInPieces(
  question: RankQuestion,
  inputs: RankingInputs,
): Generator<undefined, PoolRanking> {
  const { knowledge, policy, nowMs, observe } = inputs;
  switch (question.kind) {
    case 'pools': {
      const pools = namedPools(question.pools, inputs);
      return yield* rankPoolsInPieces(
        poolQuestions(pools, { demand: question.demand }),
        knowledge,
        policy,
        nowMs,
        observe,
      );
    }
    case 'requirements': {
      const { vcpu, memoryGib } = question.requirements;
      const asked = { demand: resourcesOf(vcpu, memoryGib, 0), nodeCount: 1 };
      return yield* rankPoolsInPieces(
        poolQuestions(poolsThatMeet(question.requirements, inputs), asked),
        knowledge,
        policy,
        nowMs,
        observe,
      );
    }
    case 'groups':
      return yield* rankGroupsInPieces(
        groupQuestions(question.groups, inputs),
        knowledge,
        policy,
        nowMs,
        observe,
      );
  }
}

function namedPools(asked: readonly AskedPool[], inputs: RankingInputs): readonly Pool[] {
  const { knowledge, offerings, places } = inputs;
  const types = asked.map(({ instanceType }, index) => ({
    instanceType,
    path: `pools.${index}.instance_type`,
  }));
  refuse([
    ...unknownTypes(types, knowledge, offerings),
    ...asked.flatMap(({ zone }, index) => zoneMistake(zone, `pools.${index}.availability_zone`, places)),
  ]);
  return distinctPools(asked.map((pool) => ({ ...pool, region: places.regionOf(pool.zone) })));
}

function poolsThatMeet(
  { vcpu, memoryGib, architecture }: Extract<RankQuestion, { kind: 'requirements' }>['requirements'],
  { knowledge, offerings, region }: RankingInputs,
): readonly Pool[] {
  return offerings.pools.filter((pool) => {
    const type = knowledge.instanceType(pool.instanceType);
    return (
      type !== undefined &&
      pool.region === region &&
      type.vcpu >= vcpu &&
      type.memoryGib >= memoryGib &&
      (architecture === undefined || type.architecture === architecture)
    );
  });
}

function poolQuestions(
  pools: readonly Pool[],
  { demand, nodeCount }: { readonly demand: PoolQuestion['demand'] | undefined; readonly nodeCount?: number },
): readonly PoolQuestion[] {
  return pools.map((pool) => {
    if (demand === undefined) return { pool };
    return nodeCount === undefined ? { pool, demand } : { pool, demand, nodeCount };
  });
}

function groupQuestions(groups: readonly AskedGroup[], inputs: RankingInputs): readonly GroupQuestion[] {
  const { knowledge, offerings, places } = inputs;
  const types = groups.flatMap((group, index) =>
    group.instanceTypes.map((instanceType, at) => ({
      instanceType,
      path: `node_groups.${index}.instance_types.${at}`,
    })),
  );
  refuse([
    ...unknownTypes(types, knowledge, offerings),
    ...groups.flatMap((group, index) =>
      group.zones.flatMap((zone, at) =>
        zoneMistake(zone, `node_groups.${index}.availability_zones.${at}`, places),
      ),
    ),
  ]);
  return groups.map(({ id, capacityType, onDemandShare, demand, nodeCount, instanceTypes, zones }) => ({
    id,
    capacityType,
    onDemandShare,
    pools: zones.flatMap((zone) => {
      const region = places.regionOf(zone);
      return instanceTypes.map((instanceType): Pool => ({ instanceType, zone, region, capacityType }));
    }),
    ...(demand !== undefined && { demand }),
    ...(nodeCount !== undefined && { nodeCount }),
  }));
}
