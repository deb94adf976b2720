import * as z from 'zod';
import { setting } from './setting.ts';
import { webhookFormats } from './webhook-templates.ts';
import {
  boundedNumber,
  durationMs,
  filePath,
  listenAddress,
  listOf,
  logLevel,
  wholeNumber,
  yesOrNo,
} from './value-types.ts';

const metadataEndpoint = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^http:\/\//.test(text),
    'must be a URL such as http://169.254.169.254',
  );

const webAddress = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:\/\//.test(text), 'must be an http or https URL');

/** What `spot-expander agent` watches and how it reports. */
const watching = {
  node_name: setting(z.string().min(1).optional(), undefined, 'name', 'the Node of this instance', [
    'NODE_NAME',
  ]),
  imds_endpoint: setting(
    metadataEndpoint,
    'http://169.254.169.254',
    'url',
    'instance metadata service; http://[fd00:ec2::254] over IPv6',
    ['AWS_EC2_METADATA_SERVICE_ENDPOINT'],
  ),
  imds_timeout: setting(durationMs(60_000), '1s', 'duration', 'for each request to the metadata service'),
  kubeconfig: setting(
    filePath.optional(),
    undefined,
    'file',
    "kubeconfig, or several with : between; in a cluster the service account's own",
    ['K8S_CONFIG_PATH', 'KUBECONFIG'],
  ),
  service_account: setting(
    filePath,
    '/var/run/secrets/kubernetes.io/serviceaccount',
    'directory',
    "the pod's own token, ca.crt and namespace, without a kubeconfig",
  ),
  api_timeout: setting(durationMs(60_000), '5s', 'duration', 'for each request to the API server'),
  http_listen: setting(listenAddress, '0.0.0.0:8090', 'host:port', 'health, readiness and metrics'),
  metrics_listen: setting(
    listenAddress.optional(),
    undefined,
    'host:port',
    'metrics at an address of their own, so that health and readiness may stay on loopback',
  ),
  identify_by: setting(
    z.enum(['provider-id', 'address']),
    'provider-id',
    'what',
    "how a Node proves to be this instance's: provider-id, or address for one whose providerID names no EC2 instance",
  ),
  state_dir: setting(
    filePath,
    '/tmp/spot-expander-agent',
    'directory',
    'the key that proves marks on the Node stays here; one that outlives the container',
  ),
  poll_interval: setting(durationMs(60_000), '2s', 'duration', 'between two polls of the metadata service'),
  maintenance_interval: setting(durationMs(), '30s', 'duration', 'between two polls for scheduled events'),
  max_poll_age: setting(durationMs(), '15s', 'duration', 'not ready when the last good poll is older'),
  pod_name: setting(z.string().optional(), undefined, 'name', "the agent's own pod, never evicted", [
    'POD_NAME',
  ]),
  pod_namespace: setting(
    z.string().optional(),
    undefined,
    'namespace',
    'its namespace; the budget Leases live there',
    ['POD_NAMESPACE'],
  ),
  shutdown_grace: setting(durationMs(), '110s', 'duration', 'how long an evacuation goes on after SIGTERM'),
  log_level: setting(logLevel, 'info', 'level', 'debug, info, warn, error or silent', ['LOG_LEVEL']),
} as const;

/** How signals become drains. */
const draining = {
  dry_run: setting(yesOrNo, 'false', 'yes|no', 'say what would be done and do nothing'),
  cordon_only: setting(yesOrNo, 'false', 'yes|no', 'mark and cordon, evict nothing'),
  rebalance: setting(
    z.enum(['drain', 'cordon', 'mark']),
    'drain',
    'what',
    'on a rebalance recommendation: drain, cordon or mark',
  ),
  rebalance_ttl: setting(
    durationMs(),
    '30m',
    'duration',
    'a rebalance without a notice is reverted after this time',
  ),
  min_node_age: setting(durationMs(), '5m', 'duration', 'younger nodes wait with a rebalance drain'),
  asg_termination_time: setting(
    durationMs(),
    '2m',
    'duration',
    'what an Auto Scaling termination is taken to leave',
  ),
  revert_after_deadline: setting(
    durationMs(),
    '10m',
    'duration',
    'a node that outlives its deadline by this is reverted',
  ),
  maintenance: setting(z.enum(['drain', 'ignore']), 'drain', 'what', 'on scheduled events: drain or ignore'),
  stop_lead: setting(
    durationMs(),
    '60m',
    'duration',
    'drain this long before an instance stop or retirement',
  ),
  reboot_lead: setting(
    durationMs(),
    '15m',
    'duration',
    'drain this long before a reboot or system maintenance',
  ),
  deadline_margin: setting(durationMs(60_000), '5s', 'duration', 'kept free before the deadline'),
  max_grace: setting(
    durationMs(),
    '30s',
    'duration',
    'longest grace period for which a budget is overruled early',
  ),
  at_deadline: setting(
    z.enum(['delete', 'force', 'leave']),
    'delete',
    'what',
    'what a disruption budget still blocks near the deadline: delete, force or leave',
  ),
  taint: setting(yesOrNo, 'true', 'yes|no', 'taint the node'),
  taint_effect: setting(
    z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
    'NoSchedule',
    'effect',
    'of the taint; NoExecute removes pods at once, past every disruption budget',
  ),
  exclude_from_load_balancers: setting(
    yesOrNo,
    'true',
    'yes|no',
    'label the node out of external load balancers',
  ),
  load_balancer_wait: setting(
    durationMs(),
    '10s',
    'duration',
    'between that label and the first eviction of a drain, where any Service has a load balancer or node ports',
  ),
  load_balancer_wait_evacuate: setting(
    durationMs(60_000),
    '0s',
    'duration',
    'the same when the instance is being terminated',
  ),
  out_of_service_taint: setting(
    yesOrNo,
    'false',
    'yes|no',
    'taint the node out-of-service just before the deadline',
  ),
  priority_tiers: setting(
    listOf(/^-?\d+$/, 'priorities'),
    '2000000000',
    'list',
    'priorities at which a new tier begins; lower tiers leave first',
  ),
  node_grace: setting(
    durationMs().optional(),
    undefined,
    'duration',
    'a drain that has run this long is ended as at_deadline says; without it disruption budgets have all the time',
  ),
  tier_wait: setting(durationMs(), '60s', 'duration', 'how long a drain waits for one tier'),
  emptydir_pods: setting(
    z.enum(['evict', 'skip']),
    'evict',
    'what',
    'pods with emptyDir volumes: evict or skip',
  ),
  standalone_pods: setting(
    z.enum(['evict', 'skip']),
    'evict',
    'what',
    'pods without a controller: evict or skip',
  ),
  skip_pods: setting(z.string().optional(), undefined, 'selector', 'pods with these labels are left alone'),
  karpenter: setting(
    z.enum(['hand-over', 'drain']),
    'hand-over',
    'what',
    'a terminating Karpenter node: hand it over or drain it',
  ),
  karpenter_rebalance: setting(
    z.enum(['drain', 'at-risk']),
    'drain',
    'what',
    'a rebalance on a Karpenter node: drain it, or label its NodeClaim where the NodePool opted in',
  ),
  max_drains: setting(
    wholeNumber(1, 10_000),
    10,
    'count',
    'rebalance and maintenance drains at once in the cluster',
  ),
  max_drains_per_zone: setting(wholeNumber(1, 10_000), 4, 'count', 'the same in one zone'),
  place_patience: setting(
    durationMs(),
    '10m',
    'duration',
    'a drain that no pod has left for this long gives its place in the budget back and queues again',
  ),
  eviction_concurrency: setting(wholeNumber(1, 256), 12, 'count', 'evictions in flight at once'),
} as const;

/** How the API server is asked. */
const asking = {
  api_qps: setting(
    boundedNumber(0, 10_000),
    0,
    'count',
    'requests a second to the API server; 0: as many as evictions are in flight',
  ),
  api_burst: setting(
    wholeNumber(1, 10_000),
    10,
    'count',
    'requests that may come at once before api_qps counts',
  ),
  pod_events: setting(yesOrNo, 'false', 'yes|no', 'an Event for each pod that is asked to leave'),
  event_annotations: setting(
    listOf(/^[^=,\s]+=[^,]*$/, 'annotations such as team=a,example.com/tier=2'),
    '',
    'list',
    'annotations on every Event, as key=value',
  ),
} as const;

/** Whom to tell beside the cluster. */
export const webhookSettings = {
  webhook_url: setting(webAddress.optional(), undefined, 'url', 'told of every notice, drain and revert', [
    'WEBHOOK_URL',
  ]),
  webhook_url_file: setting(
    filePath.optional(),
    undefined,
    'file',
    'the same out of a file, where the URL is a secret',
  ),
  webhook_format: setting(
    z.enum(webhookFormats, { error: `must be ${webhookFormats.join(', ')}` }),
    'json',
    'receiver',
    'body: json has all fields; slack, teams and pagerduty are as these want it',
  ),
  webhook_template: setting(
    z.string().optional(),
    undefined,
    'text',
    'body with {{field}} places, in place of a format',
  ),
  webhook_template_file: setting(filePath.optional(), undefined, 'file', 'the same out of a file'),
  webhook_key_file: setting(
    filePath.optional(),
    undefined,
    'file',
    "what stands at a template's {{key}}, such as PagerDuty's routing key",
  ),
  webhook_headers_file: setting(
    filePath.optional(),
    undefined,
    'file',
    'secret headers, one "Name: value" a line',
  ),
  webhook_proxy: setting(z.string().optional(), undefined, 'url', 'proxy for the webhook', [
    'HTTPS_PROXY',
    'https_proxy',
  ]),
  webhook_no_proxy: setting(
    z.string().optional(),
    undefined,
    'list',
    'hosts and domains that are asked without the proxy, or *',
    ['NO_PROXY', 'no_proxy'],
  ),
  webhook_timeout: setting(durationMs(60_000), '5s', 'duration', 'for each attempt'),
} as const;

export const agentSettings = { ...watching, ...draining, ...asking, ...webhookSettings } as const;
