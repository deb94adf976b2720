import { z } from 'zod';
import type { CapacityType } from '../decision/pool.ts';
import type { Resources } from '../decision/resources.ts';
import type { AwsSignal } from './messages.ts';
import {
  amount,
  awsSignal,
  capacityType,
  fields,
  instanceType,
  namedPool,
  parsedRequest,
  poolFields,
  region,
  zone,
  type AskedPool,
} from './request-fields.ts';

/** A node group described by hand. */
export interface AskedGroup {
  readonly id: string;
  readonly instanceTypes: readonly string[];
  readonly zones: readonly string[];
  readonly capacityType: CapacityType;
  /** 0..1. */
  readonly onDemandShare: number;
  readonly nodeCount: number | undefined;
  readonly demand: Resources | undefined;
}

export interface AskedRequirements {
  readonly vcpu: number;
  readonly memoryGib: number;
  readonly architecture: 'x86_64' | 'arm64' | undefined;
}

export type RankQuestion =
  | {
      readonly kind: 'pools';
      readonly pools: readonly AskedPool[];
      readonly region: string | undefined;
      readonly demand: Resources | undefined;
    }
  | { readonly kind: 'groups'; readonly groups: readonly AskedGroup[]; readonly region: string | undefined }
  | {
      readonly kind: 'requirements';
      readonly requirements: AskedRequirements;
      readonly region: string | undefined;
    };

export interface EvaluateQuestion {
  readonly instanceType: string;
  readonly zone: string;
  readonly region: string | undefined;
  readonly signal: AwsSignal;
  readonly instanceId: string | undefined;
  /** Epoch milliseconds. */
  readonly signalAtMs: number | undefined;
}

export interface ExplainQuestion {
  readonly decisionId: string | undefined;
  readonly last: number;
  readonly withoutCandidates: boolean;
}

export interface ListPoolsQuestion {
  readonly region: string | undefined;
  readonly instanceTypePrefix: string;
  readonly hotOnly: boolean;
  readonly pageSize: number;
  readonly pageToken: string;
}

const poolObject = fields({ ...poolFields, capacity_type: capacityType.default('spot') }).transform(
  (given, context): AskedPool => ({ ...namedPool(given, context), capacityType: given.capacity_type }),
);
/** A pool as text or as an object; not a union, which would tell the mistakes of both. */
const poolRef = z.preprocess((value) => (typeof value === 'string' ? { pool: value } : value), poolObject);

const demand = fields({
  vcpu: amount.default(0),
  memory_gb: amount.default(0),
  gpus: amount.default(0),
}).transform(({ vcpu, memory_gb, gpus }) => resourcesOf(vcpu, memory_gb, gpus));

/** Undefined where nothing is asked for: that is no demand, not a demand of nothing. */
export function resourcesOf(vcpu: number, memoryGib: number, gpus: number): Resources | undefined {
  if (vcpu === 0 && memoryGib === 0 && gpus === 0) return undefined;
  return { cpuMilli: vcpu * 1000, memoryBytes: memoryGib * 2 ** 30, gpus };
}

const nodeGroup = fields({
  id: z.string().min(1).max(256),
  instance_types: z.array(instanceType).min(1, 'needs at least one instance type').max(100),
  availability_zones: z.array(zone).min(1, 'needs at least one zone').max(20),
  capacity_type: capacityType.default('unknown'),
  on_demand_share: z.number().min(0).max(1).default(0),
  node_count: z.int().min(1).max(100_000).optional(),
  demand: demand.optional(),
}).transform((group): AskedGroup => ({
  id: group.id,
  instanceTypes: group.instance_types,
  zones: group.availability_zones,
  capacityType: group.capacity_type,
  onDemandShare: group.on_demand_share,
  nodeCount: group.node_count,
  demand: group.demand,
}));

const requirements = fields({
  vcpu: amount.default(0),
  memory_gb: amount.default(0),
  architecture: z.enum(['x86_64', 'arm64'], { error: 'must be x86_64 or arm64' }).optional(),
}).transform(({ vcpu, memory_gb, architecture }): AskedRequirements => ({
  vcpu,
  memoryGib: memory_gb,
  architecture,
}));

const mostPoolsOfGroups = 20_000;
const oneOfThree = 'send exactly one of pools, node_groups and resource_requirements';

const rankRequest = fields({
  pools: z.array(poolRef).max(5_000, 'at most 5,000 pools').optional(),
  node_groups: z.array(nodeGroup).max(1_000, 'at most 1,000 node groups').optional(),
  resource_requirements: requirements.optional(),
  demand: demand.optional(),
  region: region.optional(),
}).transform((given, context): RankQuestion => {
  const { pools = [], node_groups: groups = [], resource_requirements: wanted } = given;
  const kinds = [pools.length > 0, groups.length > 0, wanted !== undefined].filter(Boolean).length;
  if (kinds !== 1) {
    context.addIssue({ code: 'custom', message: oneOfThree });
    return z.NEVER;
  }
  if (given.demand !== undefined && pools.length === 0)
    context.addIssue({ code: 'custom', path: ['demand'], message: 'goes with pools only' });
  if (wanted !== undefined) return { kind: 'requirements', requirements: wanted, region: given.region };
  if (pools.length > 0) return { kind: 'pools', pools, region: given.region, demand: given.demand };
  const poolCount = groups.reduce((sum, group) => sum + group.instanceTypes.length * group.zones.length, 0);
  if (poolCount > mostPoolsOfGroups)
    context.addIssue({
      code: 'custom',
      path: ['node_groups'],
      message: `span ${poolCount} pools, at most ${mostPoolsOfGroups} can be ranked at once`,
    });
  const twice = groups.find(({ id }, index) => groups.findIndex((other) => other.id === id) !== index);
  if (twice !== undefined)
    context.addIssue({
      code: 'custom',
      path: ['node_groups'],
      message: `two groups have the id ${JSON.stringify(twice.id)}`,
    });
  return { kind: 'groups', groups, region: given.region };
});

const evaluateRequest = fields({
  ...poolFields,
  region: region.optional(),
  aws_signal: awsSignal.default('NONE'),
  instance_id: z.string().min(1).max(64).optional(),
  signal_time: z.iso
    .datetime({ offset: true, error: 'must be an RFC 3339 time such as 2026-01-31T08:22:00Z' })
    .optional(),
}).transform((given, context): EvaluateQuestion => ({
  ...namedPool(given, context),
  region: given.region,
  signal: given.aws_signal,
  instanceId: given.instance_id,
  signalAtMs: given.signal_time === undefined ? undefined : Date.parse(given.signal_time),
}));

const explainRequest = fields({
  decision_id: z.string().min(1).max(64).optional(),
  last: z.int().min(1).max(100).default(1),
  without_candidates: z.boolean().default(false),
}).transform((given): ExplainQuestion => ({
  decisionId: given.decision_id,
  last: given.last,
  withoutCandidates: given.without_candidates,
}));

const listPoolsRequest = fields({
  region: region.optional(),
  instance_type_prefix: z.string().max(64).default(''),
  hot_only: z.boolean().default(false),
  page_size: z.int().min(1).max(1_000).default(100),
  page_token: z.string().max(256).default(''),
}).transform((given): ListPoolsQuestion => ({
  region: given.region,
  instanceTypePrefix: given.instance_type_prefix,
  hotOnly: given.hot_only,
  pageSize: given.page_size,
  pageToken: given.page_token,
}));

/** Each reads a request that came as JSON. @throws InvalidRequest */
export const rankQuestion = (request: unknown) => parsedRequest(rankRequest, request);
export const evaluateQuestion = (request: unknown) => parsedRequest(evaluateRequest, request);
export const explainQuestion = (request: unknown) => parsedRequest(explainRequest, request);
export const listPoolsQuestion = (request: unknown) => parsedRequest(listPoolsRequest, request);
