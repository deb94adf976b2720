import type { InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { allPages } from '../../aws/all-pages.ts';
import { patientCall } from '../../aws/patient-call.ts';
import type { InstanceTypeFacts } from '../../decision/knowledge.ts';
import { familyOf } from '../../decision/pool.ts';
import type { RegionFacts } from '../../ports/region-facts.ts';
import type { Ec2Clients } from './ec2-clients.ts';

/** DescribeAvailabilityZones and DescribeInstanceTypes. */
export function regionFactsEc2(clients: Ec2Clients): RegionFacts {
  return {
    async zoneIds(region, signal) {
      const answer = await patientCall(
        'DescribeAvailabilityZones',
        async (abortSignal) => {
          const { sdk, client } = await clients.of(region);
          const command = new sdk.DescribeAvailabilityZonesCommand({ AllAvailabilityZones: false });
          return client.send(command, { abortSignal });
        },
        clients.patience,
        signal,
        clients.events,
      );
      const ids = new Map<string, string>();
      for (const zone of answer.AvailabilityZones ?? [])
        if (zone.ZoneName !== undefined && zone.ZoneId !== undefined) ids.set(zone.ZoneName, zone.ZoneId);
      return ids;
    },

    async instanceTypes(region, signal) {
      const pages = allPages('DescribeInstanceTypes', (token) =>
        patientCall(
          'DescribeInstanceTypes',
          async (abortSignal) => {
            const { sdk, client } = await clients.of(region);
            const command = new sdk.DescribeInstanceTypesCommand({
              MaxResults: 100,
              ...(token === undefined ? {} : { NextToken: token }),
            });
            const answer = await client.send(command, { abortSignal });
            return { items: answer.InstanceTypes ?? [], nextToken: answer.NextToken };
          },
          clients.patience,
          signal,
          clients.events,
        ),
      );
      const facts = new Map<string, InstanceTypeFacts>();
      for await (const types of pages)
        for (const type of types) {
          const one = factsOf(type);
          if (one !== undefined) facts.set(one.instanceType, one);
        }
      return [...facts.values()];
    },
  };
}

function factsOf(type: InstanceTypeInfo): InstanceTypeFacts | undefined {
  const name = type.InstanceType;
  const vcpu = type.VCpuInfo?.DefaultVCpus;
  const memoryMib = type.MemoryInfo?.SizeInMiB;
  if (name === undefined || vcpu === undefined || memoryMib === undefined) return undefined;
  const architectures: readonly string[] = type.ProcessorInfo?.SupportedArchitectures ?? [];
  return {
    instanceType: name,
    vcpu,
    memoryGib: memoryMib / 1024,
    gpus: acceleratorsOf(type),
    architecture: architectures.includes('arm64')
      ? 'arm64'
      : architectures.includes('x86_64')
        ? 'x86_64'
        : 'unknown',
    family: familyOf(name),
  };
}

/** GPUs and the accelerators that Kubernetes counts as extended resources of their own. */
function acceleratorsOf(type: InstanceTypeInfo): number {
  const lists: readonly (readonly { readonly Count?: number | undefined }[] | undefined)[] = [
    type.GpuInfo?.Gpus,
    type.InferenceAcceleratorInfo?.Accelerators,
    type.NeuronInfo?.NeuronDevices,
  ];
  const counts = lists.map((list) => (list ?? []).reduce((sum, { Count }) => sum + (Count ?? 1), 0));
  // Inferentia types are listed under two headings; the larger count is the machine's.
  return Math.max(...counts);
}
