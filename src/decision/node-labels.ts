import type { InstanceTypeFacts } from './knowledge.ts';
import type { CapacityType } from './pool.ts';
import { regionOfZone } from './zone-region.ts';

type Labels = Readonly<Record<string, string>>;

interface CapacityRule {
  readonly label: string;
  readonly spot: readonly string[];
  readonly onDemand: readonly string[];
}

const spotWords = ['spot', 'ec2spot'] as const;
/** What was reserved or bought as a block is not reclaimed, and counts at the on-demand price: nobody knows its own. */
const onDemandWords = ['ondemand', 'normal', 'od', 'reserved', 'capacityblock'] as const;
const yes = ['', 'true'] as const;
const no = ['false'] as const;

/**
 * By rank: the first label that says one of its values decides. After those of EKS, Karpenter and kOps come the labels of AWS's
 * own examples, Spot Ocean, CAST AI, Cluster API and OpenShift.
 */
const capacityRules: readonly CapacityRule[] = [
  { label: 'eks.amazonaws.com/capacityType', spot: spotWords, onDemand: onDemandWords },
  { label: 'karpenter.sh/capacity-type', spot: spotWords, onDemand: onDemandWords },
  { label: 'node.kubernetes.io/lifecycle', spot: spotWords, onDemand: onDemandWords },
  { label: 'node-role.kubernetes.io/spot-worker', spot: yes, onDemand: [] },
  { label: 'lifecycle', spot: spotWords, onDemand: onDemandWords },
  { label: 'kubernetes.io/lifecycle', spot: spotWords, onDemand: onDemandWords },
  { label: 'node-lifecycle', spot: spotWords, onDemand: onDemandWords },
  { label: 'aws.amazon.com/spot', spot: yes, onDemand: no },
  { label: 'spotinst.io/node-lifecycle', spot: spotWords, onDemand: onDemandWords },
  { label: 'scheduling.cast.ai/spot', spot: yes, onDemand: no },
  { label: 'cluster.x-k8s.io/interruptible', spot: yes, onDemand: no },
  { label: 'machine.openshift.io/interruptible-instance', spot: yes, onDemand: no },
];

export const zoneLabel = 'topology.kubernetes.io/zone';
export const typeLabel = 'node.kubernetes.io/instance-type';
export const hostnameLabel = 'kubernetes.io/hostname';

/** `unknown` when no label tells; that is a class of its own. */
export function capacityTypeOf(labels: Labels): CapacityType {
  for (const { label, spot, onDemand } of capacityRules) {
    const value = labels[label]?.toLowerCase().replaceAll(/[-_]/g, '');
    if (value === undefined) continue;
    if (spot.includes(value)) return 'spot';
    if (onDemand.includes(value)) return 'on-demand';
  }
  return 'unknown';
}

export function instanceTypeOf(labels: Labels): string | undefined {
  return labels[typeLabel] ?? labels['beta.kubernetes.io/instance-type'];
}

export function zoneOf(labels: Labels): string | undefined {
  return labels[zoneLabel] ?? labels['failure-domain.beta.kubernetes.io/zone'];
}

/** Empty when neither a label nor the zone's name tells it. */
export function regionOf(labels: Labels, zone: string): string {
  return (
    labels['topology.kubernetes.io/region'] ??
    labels['failure-domain.beta.kubernetes.io/region'] ??
    regionOfZone(zone) ??
    ''
  );
}

export function operatingSystemOf(labels: Labels): 'linux' | 'windows' {
  const name = labels['kubernetes.io/os'] ?? labels['beta.kubernetes.io/os'];
  return name?.toLowerCase() === 'windows' ? 'windows' : 'linux';
}

export function architectureOf(labels: Labels): InstanceTypeFacts['architecture'] {
  const name = (labels['kubernetes.io/arch'] ?? labels['beta.kubernetes.io/arch'])?.toLowerCase();
  if (name === 'amd64' || name === 'x86_64') return 'x86_64';
  return name === 'arm64' || name === 'aarch64' ? 'arm64' : 'unknown';
}

/** Labels that name the group a node belongs to, as the templates of its group carry them too. */
export const groupLabels = [
  'eks.amazonaws.com/nodegroup',
  'alpha.eksctl.io/nodegroup-name',
  'kops.k8s.io/instancegroup',
  'node.kubernetes.io/nodegroup',
] as const;

/** What a node calls its group; undefined where no label tells. */
export function groupNameOf(labels: Labels): string | undefined {
  return groupLabels.map((label) => labels[label]).find((name) => name !== undefined && name !== '');
}
