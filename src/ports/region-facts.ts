import type { InstanceTypeFacts } from '../decision/knowledge.ts';

/** Facts of an AWS region that change rarely. All throw SourceUnavailable after their own retries. */
export interface RegionFacts {
  /** Zone names and this account's zone ids: `ap-south-1a` → `aps1-az1`. */
  zoneIds(region: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** Every instance type that the region offers. */
  instanceTypes(region: string, signal: AbortSignal): Promise<readonly InstanceTypeFacts[]>;
}

/** A launch template as an Auto Scaling group names it. */
export interface LaunchTemplateReference {
  readonly id?: string;
  readonly name?: string;
  /** A number, `$Default` or `$Latest`. */
  readonly version: string;
}

export interface LaunchTemplateFacts {
  readonly instanceType?: string;
  /** True when the template itself asks for Spot. */
  readonly spot: boolean;
}

export interface LaunchTemplates {
  /** @throws SourceUnavailable; undefined when there is no such template or version. */
  launchTemplate(
    reference: LaunchTemplateReference,
    region: string,
    signal: AbortSignal,
  ): Promise<LaunchTemplateFacts | undefined>;
}
