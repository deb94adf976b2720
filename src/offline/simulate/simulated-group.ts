import { z } from 'zod';
import { parse } from 'yaml';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { InstanceTypeFacts } from '../../decision/knowledge.ts';
import type { PriceSeries } from '../../learning/price-series.ts';

/** A node group of one type in one zone, as a scale-up could grow it. */
export interface SimulatedGroup {
  readonly id: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: 'spot' | 'on-demand';
  /** For the priority expander: the highest is taken. */
  readonly priority: number | undefined;
}

const groupsSchema = z.strictObject({
  groups: z
    .array(
      z.strictObject({
        id: z.string().min(1),
        instance_type: z
          .string()
          .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'must be an instance type such as c5.large'),
        zone: z.string().min(1),
        capacity_type: z.enum(['spot', 'on-demand']).default('spot'),
        priority: z.number().optional(),
      }),
    )
    .min(1),
});

/** Reads a groups file, YAML or JSON. @throws UsageError with every mistake and its place. */
export function groupsOf(text: string, path: string): readonly SimulatedGroup[] {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new UsageError([`${path}: ${messageOf(error)}`]);
  }
  const parsed = groupsSchema.safeParse(value);
  if (!parsed.success)
    throw new UsageError(
      parsed.error.issues.map((issue) => `${path}: ${issue.path.join('.')}: ${issue.message}`),
    );
  const ids = parsed.data.groups.map(({ id }) => id);
  const twice = new Set(ids.filter((id, index) => ids.indexOf(id) < index));
  if (twice.size > 0) throw new UsageError([...twice].map((id) => `${path}: two groups are called ${id}`));
  return parsed.data.groups.map((group) => ({
    id: group.id,
    instanceType: group.instance_type,
    zone: group.zone,
    capacityType: group.capacity_type,
    priority: group.priority,
  }));
}

const usualFamilies = ['c5', 'c5a', 'c6i', 'm5', 'm5a', 'r5'];
const usualSizes = ['large', 'xlarge', '2xlarge', '4xlarge'];

/** Groups as a team would make them by hand: the usual x86 families, four sizes, every zone that has them. */
export function usualGroups(
  series: readonly PriceSeries[],
  facts: (instanceType: string) => InstanceTypeFacts | undefined,
): readonly SimulatedGroup[] {
  return series
    .filter(({ instanceType }) => {
      const [family, size] = instanceType.split('.');
      return (
        usualFamilies.includes(family ?? '') &&
        usualSizes.includes(size ?? '') &&
        facts(instanceType) !== undefined
      );
    })
    .map(({ instanceType, zone }) => ({
      id: `spot-${instanceType.replace('.', '-')}-${zone}`,
      instanceType,
      zone,
      capacityType: 'spot' as const,
      priority: undefined,
    }));
}
