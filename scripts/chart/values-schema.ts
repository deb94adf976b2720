import { z } from 'zod';
import { agentSettings } from '../../src/config/agent-settings.ts';
import { serveSettings } from '../../src/config/serve-settings.ts';
import type { SettingTable } from '../../src/config/setting.ts';
import { isMap } from './values-comments.ts';

type Schema = Record<string, unknown>;

const region = { type: 'string', pattern: '^[a-z]{2,}(-[a-z]+)+-[0-9]+$' };
const duration = { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$' };
const count = { type: 'integer', minimum: 0 };
const atLeastOne = { type: 'integer', minimum: 1 };
const automatic = { enum: ['auto', true, false] };
const days = { type: 'integer', minimum: 1, maximum: 36_500 };
const cron = { type: 'string', pattern: '^(@[a-z]+|\\S+ \\S+ \\S+ \\S+ \\S+)$' };

/** What the chart sets itself; a value of its own says more about it. */
const setByChart = {
  serve: [
    'mode',
    'region',
    'grpc_listen',
    'http_listen',
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
    'shutdown_grace',
    'webhook_headers_file',
  ],
} as const;

/** Variables by value, from the pod itself or from a ConfigMap: one from a Secret does not pass. */
const environment = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name'],
    properties: {
      name: { type: 'string' },
      value: { type: 'string' },
      valueFrom: {
        type: 'object',
        properties: {
          fieldRef: { type: 'object' },
          resourceFieldRef: { type: 'object' },
          configMapKeyRef: { type: 'object' },
        },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  },
};

/** Where the default alone does not tell what may stand there. Maps that are named here take any key. */
const special: Readonly<Record<string, Schema>> = {
  region: { anyOf: [{ const: '' }, region] },
  regions: { type: 'array', items: region, uniqueItems: true },
  'image.pullPolicy': { enum: ['Always', 'IfNotPresent', 'Never'] },
  'image.digest': { type: 'string', pattern: '^$|^sha256:[0-9a-f]{64}$' },
  commonLabels: { type: 'object', additionalProperties: { type: 'string' } },
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
  'server.replicas': atLeastOne,
  'server.mode': { enum: ['TEST', 'PROD'] },
  'server.config': settingsSchema(serveSettings, setByChart.serve),
  'server.maxMessageSize': { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(Mi|Gi)$' },
  'server.maxConnectionAge': duration,
  'server.preStopSeconds': count,
  'server.drainSeconds': count,
  'server.podDisruptionBudget.maxUnavailable': { type: ['integer', 'string'] },
  'server.extraEnv': environment,
  'agent.extraEnv': environment,
  'agent.config': settingsSchema(agentSettings, setByChart.agent),
  'agent.httpPort': { type: 'integer', minimum: 1, maximum: 65_535 },
  'agent.shutdownSeconds': count,
  'agent.karpenter': automatic,
  'agent.maxUnavailable': { type: ['integer', 'string'] },
  'releaseNodes.timeout': duration,
  'storage.kind': { enum: ['none', 'volume', 's3'] },
  'storage.s3.uri': { type: 'string', pattern: '^$|^s3://[a-z0-9][a-z0-9.-]+(/.*)?$' },
  'storage.volume.accessModes': {
    type: 'array',
    items: { enum: ['ReadWriteOnce', 'ReadWriteMany', 'ReadWriteOncePod'] },
  },
  'collect.schedule': cron,
  'collect.parallelism': count,
  'train.parallelism': count,
  'train.schedule': cron,
  'train.labelHours': { enum: [12, 24] },
  'monitoring.podMonitor.enabled': automatic,
  'monitoring.podMonitor.interval': duration,
  'monitoring.prometheusRule.enabled': automatic,
};

const anyMap = { type: 'object' };
/** Kubernetes' own shapes: the API server checks them. */
const freeMaps =
  /(^|\.)(annotations|labels|podAnnotations|podLabels|nodeSelector|affinity|requests|limits|commonLabels)$/;

/** JSON schema of the chart's values, made of the defaults and the settings' own tables. Unknown keys are refused everywhere. */
export function valuesSchema(defaults: unknown): Schema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the spot-expander chart',
    ...schemaOf(defaults, ''),
  };
}

function schemaOf(value: unknown, path: string): Schema {
  const known = special[path];
  if (known !== undefined) return known;
  if (isMap(value) && freeMaps.test(path)) return anyMap;
  if (isMap(value)) {
    const properties: Schema = Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, schemaOf(one, path === '' ? key : `${path}.${key}`)]),
    );
    // Helm hands a chart's globals to every chart.
    if (path === '') properties['global'] = { type: 'object' };
    return { type: 'object', properties, additionalProperties: false };
  }
  if (Array.isArray(value)) return { type: 'array' };
  if (typeof value === 'number') return { type: 'integer' };
  return { type: typeof value };
}

function settingsSchema(table: SettingTable, setElsewhere: readonly string[]): Schema {
  const properties = Object.entries(table)
    .filter(([key]) => !setElsewhere.includes(key))
    .map(([key, { schema, description }]) => [key, { description, ...inputSchema(schema) }] as const);
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}

/** What an operator may write; what the schema computes of it is checked when the process starts. */
function inputSchema(schema: z.ZodType): Schema {
  const options = { io: 'input', unrepresentable: 'any', target: 'draft-7' } as const;
  const entries = Object.entries(z.toJSONSchema(schema, options)).filter(([key]) => key !== '$schema');
  return Object.fromEntries(entries);
}
