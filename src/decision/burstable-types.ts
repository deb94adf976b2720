import type { Resources } from './resources.ts';

/**
 * What a burstable type sustains, as a share of its vCPUs. Source: "Key concepts for burstable performance instances" of the EC2
 * user guide, baseline utilization a vCPU.
 */
const baselines: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  t2: { nano: 0.05, micro: 0.1, small: 0.2, medium: 0.2, large: 0.3, xlarge: 0.225, '2xlarge': 0.17 },
  t3: { nano: 0.05, micro: 0.1, small: 0.2, medium: 0.2, large: 0.3, xlarge: 0.4, '2xlarge': 0.4 },
};
const families: Readonly<Record<string, Readonly<Record<string, number>> | undefined>> = {
  t2: baselines['t2'],
  t3: baselines['t3'],
  t3a: baselines['t3'],
  t4g: baselines['t3'],
};

/** 0..1; undefined for a type that is not burstable. */
export function baselineShare(instanceType: string): number | undefined {
  if (!instanceType.startsWith('t')) return undefined;
  const [family = '', size = ''] = instanceType.split('.');
  return Object.hasOwn(families, family) ? families[family]?.[size] : undefined;
}

/**
 * What pods may ask of a node if they use `load` (0..1) of the CPU that they ask for and the node shall earn its credits as fast as
 * it spends them. A type that is not burstable gives all that it has.
 */
export function sustainedSize(node: Resources, instanceType: string | undefined, load: number): Resources {
  const baseline = instanceType === undefined ? undefined : baselineShare(instanceType);
  if (baseline === undefined || load <= baseline) return node;
  return { ...node, cpuMilli: (node.cpuMilli * baseline) / load };
}
