import { patientCall } from '../../aws/patient-call.ts';
import type { LaunchTemplates } from '../../ports/region-facts.ts';
import type { Ec2Clients } from './ec2-clients.ts';

/** DescribeLaunchTemplateVersions: what a group without overrides would start. */
export function launchTemplatesEc2(clients: Ec2Clients): LaunchTemplates {
  return {
    async launchTemplate(reference, region, signal) {
      const answer = await patientCall(
        'DescribeLaunchTemplateVersions',
        async (abortSignal) => {
          const { sdk, client } = await clients.of(region);
          const command = new sdk.DescribeLaunchTemplateVersionsCommand({
            ...(reference.id === undefined
              ? { LaunchTemplateName: reference.name }
              : { LaunchTemplateId: reference.id }),
            Versions: [reference.version],
          });
          return client.send(command, { abortSignal });
        },
        clients.patience,
        signal,
        clients.events,
      );
      const data = answer.LaunchTemplateVersions?.[0]?.LaunchTemplateData;
      if (data === undefined) return undefined;
      return {
        ...(data.InstanceType === undefined ? {} : { instanceType: data.InstanceType }),
        spot: data.InstanceMarketOptions?.MarketType === 'spot',
      };
    },
  };
}
