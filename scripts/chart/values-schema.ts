import { z } from 'zod';
import { agentSettings } from '../../src/config/agent-settings.ts';
import { nodeGroup } from '../../src/config/node-groups.ts';
import { serveSettings } from '../../src/config/serve-settings.ts';
import type { Setting, SettingTable } from '../../src/config/setting.ts';
import {
  affinity,
  countOrShare,
  environment,
  nodeSelectorTerm,
  pullSecrets,
  quantities,
  quantity,
  rollingStrategy,
  textList,
  texts,
  toleration,
  topologySpread,
  type Schema,
} from './kubernetes-shapes.ts';
import { isMap } from './values-comments.ts';

const durationPattern = '^[0-9]+(\\.[0-9]+)? ?(ms|s|m|h|d)$';
const duration = { type: 'string', pattern: durationPattern };
/** Of cert-manager and Prometheus, whose durations are Go's. */
const goDuration = { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))*$' };
const count = { type: 'integer', minimum: 0 };
const atLeastOne = { type: 'integer', minimum: 1 };
const automatic = { enum: ['auto', true, false] };
const days = { type: 'integer', minimum: 1, maximum: 36_500 };
const cron = { type: 'string', pattern: '^(@[a-z]+|\\S+ \\S+ \\S+ \\S+ \\S+)$' };
const port = { type: 'integer', minimum: 1, maximum: 65_535 };
const dnsPolicy = { enum: ['', 'ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'] };
const levels = ['debug', 'info', 'warn', 'warning', 'error', 'silent'];
const objects = { type: 'array', items: { type: 'object' } };

/** What the chart sets itself; a value of its own says more about it. */
const setByChart = {
  serve: [
    'mode',
    'region',
    'grpc_listen',
    'http_listen',
    'probe_listen',
    'api_token_file',
    'tls_cert',
    'tls_key',
    'state_dir',
    'kubeconfig',
    'max_message_size',
    'max_connection_age',
    'drain_grace',
  ],
  agent: [
    'node_name',
    'pod_name',
    'pod_namespace',
    'kubeconfig',
    'http_listen',
    'metrics_listen',
    'shutdown_grace',
    'webhook_headers_file',
    'webhook_url_file',
    'webhook_template_file',
    'webhook_key_file',
  ],
} as const;

/** Where the default alone does not tell what may stand there. Maps that are named here take any key. */
const special: Readonly<Record<string, Schema>> = {
  // What is no region is refused by a template, with a sentence.
  region: { type: 'string' },
  regions: { ...textList, uniqueItems: true },
  'image.pullPolicy': { enum: ['Always', 'IfNotPresent', 'Never'] },
  'image.digest': { type: 'string', pattern: '^$|^sha256:[0-9a-f]{64}$' },
  imagePullSecrets: pullSecrets,
  'tls.mode': { enum: ['generated', 'certManager', 'existingSecret'] },
  'tls.generated.caDays': days,
  'tls.generated.leafDays': days,
  'tls.generated.renewBeforeDays': days,
  'tls.certManager.issuerRef': {
    type: 'object',
    properties: {
      name: { type: 'string' },
      kind: { enum: ['Issuer', 'ClusterIssuer'] },
      group: { type: 'string' },
    },
    additionalProperties: false,
  },
  'tls.certManager.caDuration': goDuration,
  'tls.certManager.duration': goDuration,
  'tls.certManager.renewBefore': goDuration,
  'server.replicas': atLeastOne,
  'server.mode': { enum: ['TEST', 'PROD'] },
  'server.config': settingsSchema(serveSettings, setByChart.serve),
  'server.nodeGroups': inputSchema(z.array(nodeGroup)),
  'server.maxMessageSize': { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(Mi|Gi)$' },
  'server.maxConnectionAge': duration,
  'server.updateStrategy': rollingStrategy('Recreate'),
  'server.podDisruptionBudget.maxUnavailable': countOrShare,
  'server.autoscaling.minReplicas': atLeastOne,
  'server.autoscaling.maxReplicas': atLeastOne,
  'server.autoscaling.targetCPUUtilizationPercentage': atLeastOne,
  'server.service.type': { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
  'server.service.ipFamilyPolicy': { enum: ['', 'SingleStack', 'PreferDualStack', 'RequireDualStack'] },
  'server.service.ipFamilies': { type: 'array', items: { enum: ['IPv4', 'IPv6'] }, uniqueItems: true },
  'agent.config': settingsSchema(agentSettings, setByChart.agent),
  'agent.httpPort': port,
  'agent.metricsPort': { ...port, minimum: 0 },

  'agent.spotNodeSelectorTerms': { type: 'array', items: nodeSelectorTerm },
  'agent.karpenter': automatic,
  'agent.updateStrategy': rollingStrategy('OnDelete'),
  'releaseNodes.timeout': duration,
  'storage.kind': { enum: ['none', 'volume', 's3'] },
  'storage.s3.uri': { type: 'string', pattern: '^$|^s3://[a-z0-9][a-z0-9.-]+(/.*)?$' },
  'storage.volume.accessModes': {
    type: 'array',
    items: { enum: ['ReadWriteOnce', 'ReadWriteMany', 'ReadWriteOncePod'] },
  },
  'storage.volume.size': quantity,
  'collect.schedule': cron,
  'collect.activeDeadlineSeconds': atLeastOne,
  'train.schedule': cron,
  'train.activeDeadlineSeconds': atLeastOne,
  'train.labelHours': { enum: [12, 24] },
  'networkPolicy.extraGrpcFrom': objects,
  'networkPolicy.extraHttpFrom': objects,
  'monitoring.podMonitor.enabled': automatic,
  'monitoring.prometheusRule.enabled': automatic,
};

/** What a value of that name may be wherever it stands. */
const byName: Readonly<Record<string, Schema>> = {
  annotations: texts,
  labels: texts,
  podAnnotations: texts,
  podLabels: texts,
  commonLabels: texts,
  nodeSelector: texts,
  requests: quantities,
  limits: quantities,
  affinity,
  tolerations: { type: 'array', items: toleration },
  topologySpreadConstraints: { type: 'array', items: topologySpread },
  extraEnv: environment,
  extraVolumes: objects,
  extraVolumeMounts: objects,
  metricRelabelings: objects,
  dnsPolicy,
  dnsConfig: { type: 'object' },
  podSecurityContext: { type: 'object' },
  securityContext: { type: 'object' },
  interval: goDuration,
  scrapeTimeout: goDuration,
};

/** JSON schema of the chart's values, made of the defaults and the settings' own tables. Unknown keys are refused everywhere. */
export function valuesSchema(defaults: unknown): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the spot-expander chart',
    ...schemaOf(defaults, ''),
  };
}

/** Helm hands a chart's globals to every chart: what is ours of them is typed, the rest is others'. */
const globals: Schema = {
  type: 'object',
  properties: { imageRegistry: { type: ['string', 'null'] }, imagePullSecrets: pullSecrets },
};

function schemaOf(value: unknown, path: string): Schema {
  const known = special[path] ?? byName[path.slice(path.lastIndexOf('.') + 1)];
  if (known !== undefined) return known;
  if (isMap(value)) {
    const properties: Record<string, Schema> = Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, schemaOf(one, path === '' ? key : `${path}.${key}`)]),
    );
    if (path === '') properties['global'] = globals;
    return { type: 'object', properties, additionalProperties: false };
  }
  if (Array.isArray(value)) return textList;
  if (typeof value === 'number') return count;
  return { type: typeof value };
}

function settingsSchema(table: SettingTable, setElsewhere: readonly string[]): Schema {
  const properties = Object.entries(table)
    .filter(([key]) => !setElsewhere.includes(key))
    .map(([key, one]) => [key, { description: one.description, ...settingSchema(one) }] as const);
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}

/** What a setting takes out of YAML, by what its help says it is: a number without a unit is no duration, and one out of its range is none. */
function settingSchema({ schema, placeholder }: Setting<unknown>): Schema {
  if (placeholder === 'duration') return duration;
  if (placeholder === 'size')
    return { type: ['integer', 'string'], minimum: 0, pattern: '^[0-9]+ ?(K|M|G|Ki|Mi|Gi)?B?$' };
  if (placeholder === 'level') return { enum: [...levels, ...levels.map((level) => level.toUpperCase())] };
  const input = inputSchema(schema);
  const { minimum, maximum } = input;
  if (minimum === undefined) return input;
  // `--set` of Helm's makes a text of every number with a point, and a text has no range but by its pattern.
  const share = '^(0?\\.[0-9]+|0|1|1\\.0+)$';
  const pattern = minimum === 0 && maximum === 1 ? share : '^[0-9]+(\\.[0-9]+)?$';
  return { type: ['number', 'string'], minimum, maximum, pattern };
}

/** What an operator may write; what the schema computes of it is checked when the process starts. */
function inputSchema(schema: z.ZodType): Schema {
  const options = { io: 'input', unrepresentable: 'any', target: 'draft-7' } as const;
  const entries = Object.entries(z.toJSONSchema(schema, options)).filter(([key]) => key !== '$schema');
  return Object.fromEntries(entries);
}
