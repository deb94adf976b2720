import { readFileSync } from 'node:fs';
import { labelSelector } from '../drain/label-selector.ts';
import { defaultDrainPolicy, type DrainPolicy, type MaintenancePolicy } from '../drain/drain-policy.ts';
import { UsageError } from '../errors/usage-error.ts';
import { messageOf } from '../errors/message-of.ts';
import { agentSettings } from './agent-settings.ts';
import { proxyAddress } from './proxy-address.ts';
import { settingValues, type RawSettings, type SettingValues } from './setting.ts';

type Settings = SettingValues<typeof agentSettings>;

export interface AgentConfig {
  readonly settings: Settings;
  readonly nodeName: string;
  readonly policy: DrainPolicy;
  readonly webhookHeaders: Readonly<Record<string, string>>;
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
  const webhookHeaders = headersIn(settings.webhook_headers_file, mistakes);
  const webhookProxy = settings.webhook_url === undefined ? undefined : proxyOf(settings, mistakes);
  if (mistakes.length > 0 || settings.node_name === undefined) throw new UsageError(mistakes);
  return {
    settings,
    nodeName: settings.node_name,
    policy: { ...drainPolicy(settings), skipPods },
    webhookHeaders,
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
    excludeFromLoadBalancers: settings.exclude_from_load_balancers,
    outOfService: settings.out_of_service_taint,
    loadBalancerWaitMs: {
      drain: settings.load_balancer_wait,
      evacuate: settings.load_balancer_wait_evacuate,
    },
    tierBounds: settings.priority_tiers.map(Number).sort((a, b) => a - b),
    tierWaitMs: settings.tier_wait,
    emptyDirPods: settings.emptydir_pods,
    standalonePods: settings.standalone_pods,
    karpenter: settings.karpenter,
    karpenterRebalance: settings.karpenter_rebalance,
  };
}

function headersIn(path: string | undefined, mistakes: string[]): Readonly<Record<string, string>> {
  if (path === undefined) return {};
  try {
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim());
    const pairs: (readonly [string, string])[] = [];
    for (const [index, line] of lines.entries()) {
      const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) pairs.push([name.toLowerCase(), value]);
      // The line itself may be a secret and is not shown.
      else if (line !== '') mistakes.push(`${path}: line ${index + 1} is not "Name: value"`);
    }
    return Object.fromEntries(pairs);
  } catch (error) {
    mistakes.push(`${path} cannot be read: ${messageOf(error)}`);
    return {};
  }
}
