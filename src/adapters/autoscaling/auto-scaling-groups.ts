import type * as AutoScalingSdk from '@aws-sdk/client-auto-scaling';
import { allPages } from '../../aws/all-pages.ts';
import { clientSettings, type ClientAccess } from '../../aws/client-settings.ts';
import { patientCall, usualPatience, type CallEvents, type Patience } from '../../aws/patient-call.ts';
import type { GroupFacts } from '../../decision/knowledge.ts';
import { SourceUnavailable } from '../../errors/source-unavailable.ts';
import type { GroupDirectory } from '../../ports/group-directory.ts';
import type { LaunchTemplateFacts, LaunchTemplates } from '../../ports/region-facts.ts';
import { groupFactsOf, startsAsItsTemplate, type Launch } from './group-facts.ts';

export interface GroupDirectoryOptions extends ClientAccess {
  readonly patience?: Partial<Patience>;
  readonly events?: CallEvents & {
    /** A group's launch template could not be read; its types are those of its running instances. */
    readonly onLaunchUnknown?: (group: string, why: SourceUnavailable) => void;
  };
  /** Reads launch templates, which belong to EC2; without it groups that have no overrides are known by their instances. */
  readonly launchTemplates?: LaunchTemplates;
}

/** DescribeAutoScalingGroups: facts of every group of a region, by name. */
export function autoScalingGroups(options: GroupDirectoryOptions = {}): GroupDirectory {
  const patience = { ...usualPatience, ...options.patience };
  const events = options.events ?? {};
  const clients = new Map<string, AutoScalingSdk.AutoScalingClient>();

  async function clientOf(region: string) {
    const sdk = await import('@aws-sdk/client-auto-scaling');
    let client = clients.get(region);
    if (client === undefined) {
      client = new sdk.AutoScalingClient({ region, ...clientSettings(options, patience) });
      clients.set(region, client);
    }
    return { sdk, client };
  }

  async function allGroups(region: string, signal: AbortSignal) {
    const pages = allPages('DescribeAutoScalingGroups', (token) =>
      patientCall(
        'DescribeAutoScalingGroups',
        async (abortSignal) => {
          const { sdk, client } = await clientOf(region);
          const command = new sdk.DescribeAutoScalingGroupsCommand({
            MaxRecords: 100,
            ...(token === undefined ? {} : { NextToken: token }),
          });
          const answer = await client.send(command, { abortSignal });
          return { items: answer.AutoScalingGroups ?? [], nextToken: answer.NextToken };
        },
        patience,
        signal,
        events,
      ),
    );
    const groups: AutoScalingSdk.AutoScalingGroup[] = [];
    for await (const page of pages) groups.push(...page);
    return groups;
  }

  async function launchConfiguration(name: string, region: string, signal: AbortSignal): Promise<Launch> {
    const answer = await patientCall(
      'DescribeLaunchConfigurations',
      async (abortSignal) => {
        const { sdk, client } = await clientOf(region);
        const command = new sdk.DescribeLaunchConfigurationsCommand({ LaunchConfigurationNames: [name] });
        return client.send(command, { abortSignal });
      },
      patience,
      signal,
      events,
    );
    const found = answer.LaunchConfigurations?.[0];
    if (found === undefined) return undefined;
    return {
      ...(found.InstanceType === undefined ? {} : { instanceType: found.InstanceType }),
      spot: found.SpotPrice !== undefined && found.SpotPrice !== '',
    };
  }

  async function launchOf(
    group: AutoScalingSdk.AutoScalingGroup,
    region: string,
    signal: AbortSignal,
  ): Promise<Launch> {
    const template =
      group.LaunchTemplate ?? group.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification;
    try {
      if (template !== undefined) return await launchTemplate(template, region, signal);
      if (group.LaunchConfigurationName !== undefined && group.LaunchConfigurationName !== '')
        return await launchConfiguration(group.LaunchConfigurationName, region, signal);
    } catch (error) {
      if (!(error instanceof SourceUnavailable) || signal.aborted) throw error;
      events.onLaunchUnknown?.(group.AutoScalingGroupName ?? '', error);
    }
    return undefined;
  }

  async function launchTemplate(
    template: AutoScalingSdk.LaunchTemplateSpecification,
    region: string,
    signal: AbortSignal,
  ): Promise<LaunchTemplateFacts | undefined> {
    const { LaunchTemplateId: id, LaunchTemplateName: name, Version: version } = template;
    return options.launchTemplates?.launchTemplate(
      {
        ...(id === undefined ? {} : { id }),
        ...(name === undefined ? {} : { name }),
        version: version ?? '$Default',
      },
      region,
      signal,
    );
  }

  return {
    async groups(region, signal) {
      const facts = new Map<string, GroupFacts>();
      const launches = new Map<string, Launch>();
      for (const group of await allGroups(region, signal)) {
        if (group.AutoScalingGroupName === undefined) continue;
        if (!startsAsItsTemplate(group)) {
          facts.set(group.AutoScalingGroupName, groupFactsOf(group, undefined));
          continue;
        }
        // Groups of one cluster mostly share a few templates: each is read once.
        const key = JSON.stringify([
          group.LaunchTemplate ?? group.MixedInstancesPolicy?.LaunchTemplate,
          group.LaunchConfigurationName,
        ]);
        if (!launches.has(key)) launches.set(key, await launchOf(group, region, signal));
        facts.set(group.AutoScalingGroupName, groupFactsOf(group, launches.get(key)));
      }
      return facts;
    },
  };
}
