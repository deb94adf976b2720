import { z } from 'zod';

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
  })
  .transform((group) => ({
    match: group.match,
    instanceTypes: group.instance_types,
    zones: group.zones,
    capacityType: group.capacity_type,
    onDemandShare: group.on_demand_share,
  }));

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
  const mistakes = parsed.error.issues.map(
    (issue) => `${path}: ${['node_groups', ...issue.path].join('.')}: ${issue.message}`,
  );
  return { descriptions: [], mistakes };
}
