import type { Answer } from './aws-peer.ts';

const hourMs = 3_600_000;

/** What one pool met in one hour. */
export interface CapacityHour {
  readonly at: string;
  readonly region: string;
  readonly zoneId: string;
  readonly type: string;
  readonly account?: string;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface CapacityManagerShape {
  /** Where it is enabled; undefined: nowhere. Asked in another region it is disabled, as AWS has it. */
  home: string | undefined;
  organization: boolean;
  ingestion: 'ingestion-complete' | 'initial-ingestion-in-progress' | 'ingestion-failed';
  /** Undefined: no hour is there yet. */
  span: { readonly earliest: string; readonly latest: string } | undefined;
  hours: readonly CapacityHour[];
  pageSize: number;
  /** A page before this one is empty and carries a token. */
  emptyBefore: ReadonlySet<number>;
  /** The token is given out for ever. */
  endless: boolean;
}

export interface CapacityManagerPeer {
  readonly shape: CapacityManagerShape;
  readonly answers: Readonly<Record<string, Answer>>;
}

const ns = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"';
const element = (name: string, value: string | number | boolean | undefined): string =>
  value === undefined ? '' : `<${name}>${value}</${name}>`;

/**
 * EC2 Capacity Manager behind the query protocol: attributes, enabling, and metrics grouped and filtered as they are asked for,
 * summed over the period, with every page bounded. `shape` may be changed between questions.
 */
export function capacityManagerPeer(shape: Partial<CapacityManagerShape> = {}): CapacityManagerPeer {
  const now: CapacityManagerShape = {
    home: undefined,
    organization: false,
    ingestion: 'ingestion-complete',
    span: undefined,
    hours: [],
    pageSize: 1_000,
    emptyBefore: new Set(),
    endless: false,
    ...shape,
  };
  return {
    shape: now,
    answers: {
      GetCapacityManagerAttributes: (_parameters, region) =>
        `<GetCapacityManagerAttributesResponse ${ns}><requestId>r</requestId>${
          now.home === region
            ? [
                element('capacityManagerStatus', 'enabled'),
                element('organizationsAccess', now.organization),
                element('dataExportCount', 0),
                element('ingestionStatus', now.ingestion),
                element(
                  'ingestionStatusMessage',
                  now.ingestion === 'ingestion-complete' ? undefined : 'said by AWS',
                ),
                element('earliestDatapointTimestamp', now.span?.earliest),
                element('latestDatapointTimestamp', now.span?.latest),
              ].join('')
            : element('capacityManagerStatus', 'disabled')
        }</GetCapacityManagerAttributesResponse>`,
      EnableCapacityManager: (parameters, region) => {
        now.home = region;
        now.organization = parameters['OrganizationsAccess'] === 'true';
        now.ingestion = 'initial-ingestion-in-progress';
        return `<EnableCapacityManagerResponse ${ns}>${element('capacityManagerStatus', 'enabled')}${element('organizationsAccess', now.organization)}</EnableCapacityManagerResponse>`;
      },
      GetCapacityManagerMetricData: (parameters) => metricData(now, parameters),
    },
  };
}

function metricData(shape: CapacityManagerShape, parameters: Readonly<Record<string, string>>): string {
  const metrics = listOf(parameters, 'MetricName');
  const groups = listOf(parameters, 'GroupBy');
  const start = Date.parse(parameters['StartTime'] ?? '');
  const end = Date.parse(parameters['EndTime'] ?? '');
  const periodMs = Number(parameters['Period']) * 1_000;
  if (metrics.length === 0 || metrics.length > 10) throw new Error('one to ten metrics are asked for');
  if (!((end - start) % periodMs === 0 && end > start && end - start <= 90 * 24 * hourMs))
    throw new Error('the span is a whole number of periods, 90 days at most');
  if (parameters['FilterBy.1.DimensionCondition.Dimension'] !== 'resource-region')
    throw new Error('the region is filtered by');
  const region = parameters['FilterBy.1.DimensionCondition.Value.1'];
  const sums = new Map<string, { readonly head: string; readonly values: Map<string, number> }>();
  for (const hour of shape.hours) {
    const atMs = Date.parse(hour.at);
    if (hour.region !== region || atMs < start || atMs >= end) continue;
    const periodAtMs = start + Math.floor((atMs - start) / periodMs) * periodMs;
    const dimension = [
      element('availabilityZoneId', hour.zoneId),
      element('instanceType', hour.type),
      element('accountId', groups.includes('account-id') ? hour.account : undefined),
    ].join('');
    const head = `<dimension>${dimension}</dimension>${element('timestamp', new Date(periodAtMs).toISOString())}`;
    const sum = sums.get(head) ?? { head, values: new Map<string, number>() };
    for (const [metric, value] of Object.entries(hour.metrics))
      if (metrics.includes(metric)) sum.values.set(metric, (sum.values.get(metric) ?? 0) + value);
    sums.set(head, sum);
  }
  const items = [...sums.values()].map(
    ({ head, values }) =>
      `<item>${head}<metricValueSet>${[...values].map(([metric, value]) => `<item>${element('metric', metric)}${element('value', value)}</item>`).join('')}</metricValueSet></item>`,
  );
  const [page = 0, afterEmpty = 0] = (parameters['NextToken'] ?? '0.0').split('.').map(Number);
  if (shape.emptyBefore.has(page) && afterEmpty === 0) return answerOf([], `${page}.1`);
  const isLast = (page + 1) * shape.pageSize >= items.length;
  const token = shape.endless ? '7.0' : isLast ? '' : `${page + 1}.0`;
  return answerOf(items.slice(page * shape.pageSize, (page + 1) * shape.pageSize), token);
}

function answerOf(items: readonly string[], token: string): string {
  return `<GetCapacityManagerMetricDataResponse ${ns}><requestId>r</requestId><metricDataResultSet>${items.join('')}</metricDataResultSet>${element('nextToken', token)}</GetCapacityManagerMetricDataResponse>`;
}

function listOf(parameters: Readonly<Record<string, string>>, name: string): readonly string[] {
  return Object.entries(parameters)
    .filter(([key]) => key.startsWith(`${name}.`))
    .map(([, value]) => value);
}
