import type { AutoScalingGroup, InstancesDistribution } from '@aws-sdk/client-auto-scaling';
import type { GroupFacts } from '../../decision/knowledge.ts';
import type { LaunchTemplateFacts } from '../../ports/region-facts.ts';

/** What a group that names no overrides starts: from its launch template or launch configuration. */
export type Launch = LaunchTemplateFacts | undefined;

/** Whether a group's types and purchase are those of its launch template or configuration: overrides replace its type. */
export function startsAsItsTemplate({ MixedInstancesPolicy: policy }: AutoScalingGroup): boolean {
  return !(policy?.LaunchTemplate?.Overrides ?? []).some(
    ({ InstanceType: type, InstanceRequirements: requirements }) =>
      type !== undefined || requirements !== undefined,
  );
}

/**
 * What an Auto Scaling group tells of the nodes it would add. Types are its overrides, else its template's, else those of
 * its running instances; overrides by requirements name none and replace the template's all the same, so that a group that runs
 * nothing yet is known by its node's label alone. A mixed group counts as Spot unless all that it would add
 * next is on-demand.
 */
export function groupFactsOf(group: AutoScalingGroup, launch: Launch): GroupFacts {
  const policy = group.MixedInstancesPolicy;
  const share =
    policy === undefined
      ? undefined
      : onDemandShareOf(policy.InstancesDistribution, group.DesiredCapacity ?? 0);
  const overrides = (policy?.LaunchTemplate?.Overrides ?? []).flatMap((override) =>
    override.InstanceType === undefined ? [] : [override.InstanceType],
  );
  const running = (group.Instances ?? []).flatMap((one) =>
    one.InstanceType === undefined ? [] : [one.InstanceType],
  );
  const fromLaunch = launch?.instanceType === undefined ? [] : [launch.instanceType];
  const launched = startsAsItsTemplate(group) ? fromLaunch : [];
  const types = [overrides, launched, running].find((list) => list.length > 0) ?? [];
  const weights = weightsOf(group);
  return {
    instanceTypes: [...new Set(types)],
    zones: group.AvailabilityZones ?? [],
    ...purchaseOf(share, launch),
    ...(weights !== undefined && { weights }),
    // With weights its size is in units, not in nodes.
    ...(weights === undefined && group.MaxSize !== undefined && { maxNodes: group.MaxSize }),
    source: 'auto-scaling-group',
  };
}

/** A group weighs all of its overrides or none; AWS writes the weights as text. */
function weightsOf({ MixedInstancesPolicy: policy }: AutoScalingGroup): GroupFacts['weights'] {
  const weights = (policy?.LaunchTemplate?.Overrides ?? []).flatMap(
    ({ InstanceType: type, WeightedCapacity: text }) => {
      const weight = Number(text);
      return type !== undefined && weight > 0 ? [[type, weight] as const] : [];
    },
  );
  return weights.length === 0 ? undefined : Object.fromEntries(weights);
}

function purchaseOf(
  share: number | undefined,
  launch: Launch,
): Pick<GroupFacts, 'capacityType' | 'onDemandShare'> {
  if (share !== undefined) return { capacityType: share >= 1 ? 'on-demand' : 'spot', onDemandShare: share };
  if (launch === undefined) return { capacityType: 'unknown', onDemandShare: 0 };
  return launch.spot
    ? { capacityType: 'spot', onDemandShare: 0 }
    : { capacityType: 'on-demand', onDemandShare: 1 };
}

/**
 * 0..1 of the nodes that come next. AWS fills the on-demand base first and takes 100 % above it where nothing is said.
 */
export function onDemandShareOf(
  distribution: InstancesDistribution | undefined,
  desiredCapacity: number,
): number {
  if (desiredCapacity < (distribution?.OnDemandBaseCapacity ?? 0)) return 1;
  const percent = distribution?.OnDemandPercentageAboveBaseCapacity ?? 100;
  return Math.min(1, Math.max(0, percent / 100));
}
