import { labelSelector } from '../drain/label-selector.ts';
import { defaultDrainPolicy, type DrainPolicy, type MaintenancePolicy } from '../drain/drain-policy.ts';
import { UsageError } from '../errors/usage-error.ts';
import { agentSettings } from './agent-settings.ts';
import { proxyAddress } from './proxy-address.ts';
import { webhookConfig, type WebhookConfig } from './webhook-config.ts';
import { settingValues, type RawSettings, type SettingValues } from './setting.ts';

type Settings = SettingValues<typeof agentSettings>;

export interface AgentConfig {
  readonly settings: Settings;
  readonly nodeName: string;
  readonly policy: DrainPolicy;
  readonly webhook: WebhookConfig | undefined;
  /** URL of the webhook's proxy; undefined: none, or no webhook. */
  readonly webhookProxy: string | undefined;
}

/** @throws UsageError that names every mistake in flags, environment and file. */
export function agentConfig(raw: RawSettings): AgentConfig {
  const settings = settingValues(agentSettings, raw);
  const mistakes: string[] = [];
  if (settings.node_name === undefined)
    mistakes.push('which Node is this? give --node-name, or NODE_NAME from the downward API (spec.nodeName)');
  const skipPods = settings.skip_pods === undefined ? undefined : labelSelector(settings.skip_pods);
  if (settings.skip_pods !== undefined && skipPods === undefined)
    mistakes.push(
      `--skip-pods: "${settings.skip_pods}" is not a label selector such as app=db,tier notin (web)`,
    );
  const webhook = webhookConfig(settings, mistakes);
  const webhookProxy = webhook === undefined ? undefined : proxyOf(settings, mistakes);
  if (mistakes.length > 0 || settings.node_name === undefined) throw new UsageError(mistakes);
  return {
    settings,
    nodeName: settings.node_name,
    policy: { ...drainPolicy(settings), skipPods },
    webhook,
    webhookProxy,
  };
}

/** Only asked where there is a webhook: HTTPS_PROXY is set for whole machines, and by others. */
function proxyOf({ webhook_proxy: given }: Settings, mistakes: string[]): string | undefined {
  if (given === undefined) return undefined;
  const address = proxyAddress(given);
  // The address itself may carry a password and is not shown.
  if (address === undefined)
    mistakes.push(
      '--webhook-proxy (also HTTPS_PROXY): not a proxy that the webhook can use; give http://HOST:PORT, https://HOST:PORT or HOST:PORT, or --webhook-no-proxy "*"',
    );
  return address;
}

function drainPolicy(settings: Settings): DrainPolicy {
  const lead = (leadMs: number): MaintenancePolicy => ({ action: settings.maintenance, leadMs });
  return {
    ...defaultDrainPolicy,
    cordonOnly: settings.cordon_only,
    rebalance: settings.rebalance,
    rebalanceTtlMs: settings.rebalance_ttl,
    minNodeAgeMs: settings.min_node_age,
    groupTerminationMs: settings.asg_termination_time,
    revertAfterDeadlineMs: settings.revert_after_deadline,
    maintenance: {
      'instance-stop': lead(settings.stop_lead),
      'instance-retirement': lead(settings.stop_lead),
      'instance-reboot': lead(settings.reboot_lead),
      'system-reboot': lead(settings.reboot_lead),
      'system-maintenance': lead(settings.reboot_lead),
    },
    marginMs: settings.deadline_margin,
    maxGraceMs: settings.max_grace,
    atDeadline: settings.at_deadline,
    taint: settings.taint,
    taintEffect: settings.taint_effect,
    excludeFromLoadBalancers: settings.exclude_from_load_balancers,
    outOfService: settings.out_of_service_taint,
    loadBalancerWaitMs: {
      drain: settings.load_balancer_wait,
      evacuate: settings.load_balancer_wait_evacuate,
    },
    tierBounds: settings.priority_tiers.map(Number).sort((a, b) => a - b),
    nodeGraceMs: settings.node_grace,
    placePatienceMs: settings.place_patience,
    tierWaitMs: settings.tier_wait,
    emptyDirPods: settings.emptydir_pods,
    standalonePods: settings.standalone_pods,
    karpenter: settings.karpenter,
    karpenterRebalance: settings.karpenter_rebalance,
  };
}
