import { z } from 'zod';
import type { GroupWishes } from '../decision/knowledge.ts';

const pattern = z.string().min(1).max(500).refine(compiles, 'must be a regular expression');

function compiles(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}

/** One of the `node_groups`, as the configuration file has it. */
export const nodeGroup = z
  .strictObject({
    match: z
      .strictObject({ id: pattern.optional(), labels: z.record(z.string(), z.string()).optional() })
      .refine(
        (match) => match.id !== undefined || match.labels !== undefined,
        'needs id (a regular expression) or labels',
      ),
    instance_types: z
      .array(z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'must be an instance type such as c5.large'))
      .default([]),
    zones: z.array(z.string().regex(/^[a-z0-9-]+$/, 'must be a zone such as ap-south-1a')).default([]),
    capacity_type: z.enum(['spot', 'on-demand', 'unknown']).optional(),
    on_demand_share: z.number().min(0).max(1).default(0),
    max_nodes: z.int().min(1).max(100_000).optional(),
    weight: z.number().positive().max(1000).optional(),
    price_factor: z.number().min(0).max(1000).optional(),
    rank: z.number().min(-1000).max(1000).optional(),
    min_share: z.number().min(0).max(1).optional(),
    max_share: z.number().min(0).max(1).optional(),
    prefer_zone: z
      .string()
      .regex(/^[a-z0-9-]+$/, 'must be a zone such as ap-south-1a')
      .optional(),
  })
  .refine(
    ({ min_share: least, max_share: most }) => least === undefined || most === undefined || least <= most,
    { path: ['min_share'], error: 'must not be above max_share' },
  )
  .transform((group) => {
    const wishes = wishesOf(group);
    return {
      match: group.match,
      instanceTypes: group.instance_types,
      zones: group.zones,
      capacityType: group.capacity_type,
      onDemandShare: group.on_demand_share,
      ...(group.max_nodes !== undefined && { maxNodes: group.max_nodes }),
      ...(wishes !== undefined && { wishes }),
    };
  });

function wishesOf(group: {
  readonly weight?: number | undefined;
  readonly price_factor?: number | undefined;
  readonly rank?: number | undefined;
  readonly min_share?: number | undefined;
  readonly max_share?: number | undefined;
  readonly prefer_zone?: string | undefined;
}): GroupWishes | undefined {
  const wishes: GroupWishes = {
    ...(group.weight !== undefined && { weight: group.weight }),
    ...(group.price_factor !== undefined && { priceFactor: group.price_factor }),
    ...(group.rank !== undefined && { rank: group.rank }),
    ...(group.min_share !== undefined && { minShare: group.min_share }),
    ...(group.max_share !== undefined && { maxShare: group.max_share }),
    ...(group.prefer_zone !== undefined && { preferZone: group.prefer_zone }),
  };
  return Object.keys(wishes).length === 0 ? undefined : wishes;
}

/** What an operator says of node groups that match: what their node labels cannot tell. */
export type NodeGroupDescription = z.output<typeof nodeGroup>;

export interface NodeGroupsReading {
  readonly descriptions: readonly NodeGroupDescription[];
  /** Every mistake, with its place in the file. */
  readonly mistakes: readonly string[];
}

/** The `node_groups` list of the configuration file; no descriptions when there is none. */
export function nodeGroupsReading(value: unknown, path: string): NodeGroupsReading {
  if (value === undefined || value === null) return { descriptions: [], mistakes: [] };
  const parsed = z.array(nodeGroup).safeParse(value);
  if (parsed.success) return { descriptions: parsed.data, mistakes: [] };
  const mistakes = parsed.error.issues.flatMap((issue) => {
    const place = `${path}: ${['node_groups', ...issue.path].join('.')}`;
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `${place}: ${key} is no key of a node group${meant(key)}`)
      : `${place}: ${issue.message}`;
  });
  return { descriptions: [], mistakes };
}

const keys = [
  'match',
  'instance_types',
  'zones',
  'capacity_type',
  'on_demand_share',
  'max_nodes',
  'weight',
  'price_factor',
  'rank',
  'min_share',
  'max_share',
  'prefer_zone',
] as const;

/** A key without its separators and its plural that is one of ours, or the known ones. */
function meant(key: string): string {
  const plain = (text: string): string => text.replaceAll(/[-_]/g, '').toLowerCase().replace(/s$/, '');
  const near = keys.find((one) => plain(one) === plain(key));
  return near === undefined ? `; known are ${keys.join(', ')}` : `, did you mean ${near}?`;
}
