import { z } from 'zod';
import type { ScaleUpRequest } from '../../decision/scale-up-request.ts';

/**
 * A scale-up request as a recording keeps it: what a decision rests on, and nothing else of the users' pods.
 * `pods` of an option are runs of indices, `[first, length, first, length, …]`, because options repeat the same pods.
 */
export interface RecordedRequest {
  readonly options: readonly {
    readonly node_group_id: string;
    readonly node_count: number;
    readonly pods: readonly number[];
  }[];
  readonly pods: ScaleUpRequest['pods'];
  readonly nodes: Readonly<Record<string, NodeTemplate>>;
  readonly unreadable: ScaleUpRequest['unreadable'];
}

type NodeTemplate = ScaleUpRequest['nodes'] extends ReadonlyMap<string, infer Template> ? Template : never;

const amount = z.number().min(0);
const resources = z.object({ cpuMilli: amount, memoryBytes: amount, gpus: amount });

const pendingPod = z.object({
  requests: resources,
  preferredNodeTerms: z.array(
    z.object({
      weight: z.number(),
      requirements: z.array(
        z.object({
          key: z.string(),
          operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']),
          values: z.array(z.string()),
        }),
      ),
    }),
  ),
  spreadPreferences: z.array(z.object({ topologyKey: z.string(), maxSkew: z.number() })),
  onScaleDown: z.enum(['moves', 'stays']).default('stays'),
});

const nodeTemplate = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  providerId: z.string(),
  allocatable: resources,
  capacity: resources,
});

const count = z.int().min(0);

export const recordedRequest: z.ZodType<RecordedRequest> = z.object({
  options: z.array(z.object({ node_group_id: z.string(), node_count: count, pods: z.array(count) })),
  pods: z.array(pendingPod),
  nodes: z.record(z.string(), nodeTemplate),
  unreadable: z.object({ pods: count, nodes: count }),
});

export function requestToRecord(request: ScaleUpRequest): RecordedRequest {
  return {
    options: request.options.map((option) => ({
      node_group_id: option.nodeGroupId,
      node_count: option.nodeCount,
      pods: runs(option.pods),
    })),
    pods: request.pods,
    nodes: Object.fromEntries(request.nodes),
    unreadable: request.unreadable,
  };
}

export function requestFromRecord(record: RecordedRequest): ScaleUpRequest {
  return {
    options: record.options.map((option) => ({
      nodeGroupId: option.node_group_id,
      nodeCount: option.node_count,
      pods: indices(option.pods).filter((index) => index < record.pods.length),
    })),
    pods: record.pods,
    nodes: new Map(Object.entries(record.nodes)),
    unreadable: record.unreadable,
  };
}

function runs(pods: ArrayLike<number>): number[] {
  const found: number[] = [];
  let first = 0;
  let length = 0;
  for (let at = 0; at < pods.length; at += 1) {
    const index = pods[at] ?? 0;
    if (length > 0 && index === first + length) {
      length += 1;
      continue;
    }
    if (length > 0) found.push(first, length);
    first = index;
    length = 1;
  }
  if (length > 0) found.push(first, length);
  return found;
}

/** A run longer than any request can hold is cut: a recording may have been edited by hand. */
const longestRun = 1_000_000;

function indices(recorded: readonly number[]): number[] {
  const found: number[] = [];
  for (let at = 0; at + 1 < recorded.length; at += 2) {
    const first = recorded[at] ?? 0;
    const length = Math.min(recorded[at + 1] ?? 0, longestRun);
    for (let step = 0; step < length; step += 1) found.push(first + step);
  }
  return found;
}
