import type {
  GetCapacityManagerAttributesResult,
  GetCapacityManagerMetricDataRequest,
  GroupBy,
  Metric,
  MetricDataResult,
} from '@aws-sdk/client-ec2';
import { allPages } from '../../aws/all-pages.ts';
import { patientCall } from '../../aws/patient-call.ts';
import { SourceUnavailable } from '../../errors/source-unavailable.ts';
import type { CapacityFigures, CapacityManager, CapacityQuery } from '../../ports/capacity-manager.ts';
import type { Ec2Clients } from './ec2-clients.ts';
import { openedCapacity, type CapacityManagerState, type RegionalManager } from './opened-capacity.ts';

/** AWS takes 100,000; a page of these is some megabytes of XML. */
const rowsPerPage = 5_000;

type Figure = Exclude<keyof CapacityFigures, 'region' | 'zoneId' | 'instanceType' | 'accountId' | 'atMs'>;

/** At most ten in a request. Requests for capacity are asked for apart: where they are refused, interruptions are still told. */
const metrics: Readonly<Record<CapacityQuery['figures'], Partial<Record<Metric, Figure>>>> = {
  use: {
    'spot-total-usage-hrs-inst': 'usageHours',
    'spot-total-interruptions-inst': 'interruptions',
    'spot-total-count-inst': 'instances',
    'spot-avg-run-time-before-interruption-inst': 'averageRunHours',
    'spot-min-run-time-before-interruption-inst': 'shortestRunHours',
    'spot-max-run-time-before-interruption-inst': 'longestRunHours',
  },
  fulfillment: {
    'spot-capacity-total-requested-vcpu': 'requestedVcpus',
    'spot-capacity-total-fulfilled-vcpu': 'fulfilledVcpus',
    'spot-capacity-request-fulfillment-rate': 'requestFulfillmentPercent',
    'spot-inst-az-fulfillment-rate': 'poolFulfillmentPercent',
  },
};

/** GetCapacityManagerAttributes, GetCapacityManagerMetricData and, when asked, EnableCapacityManager. */
export function capacityManagerEc2(clients: Ec2Clients): CapacityManager {
  const regional: RegionalManager = {
    async state(homeRegion, signal) {
      try {
        const answer = await patientCall(
          'GetCapacityManagerAttributes',
          async (abortSignal) => {
            const { sdk, client } = await clients.of(homeRegion);
            return client.send(new sdk.GetCapacityManagerAttributesCommand({}), { abortSignal });
          },
          clients.patience,
          signal,
          clients.events,
        );
        return stateOf(answer);
      } catch (error) {
        if (error instanceof SourceUnavailable && isUnsupported(error.cause)) return { kind: 'unsupported' };
        throw error;
      }
    },

    async enable(homeRegion, organization, signal) {
      await patientCall(
        'EnableCapacityManager',
        async (abortSignal) => {
          const { sdk, client } = await clients.of(homeRegion);
          const command = new sdk.EnableCapacityManagerCommand({ OrganizationsAccess: organization });
          return client.send(command, { abortSignal });
        },
        clients.patience,
        signal,
        clients.events,
      );
    },
  };
  return {
    open: (wish, signal) => openedCapacity(regional, wish, signal),

    async *figures(query, signal) {
      const names = metrics[query.figures];
      const request = requestOf(query);
      const pages = allPages('GetCapacityManagerMetricData', (token) =>
        patientCall(
          'GetCapacityManagerMetricData',
          async (abortSignal) => {
            const { sdk, client } = await clients.of(query.homeRegion);
            const command = new sdk.GetCapacityManagerMetricDataCommand({
              ...request,
              ...(token === undefined ? {} : { NextToken: token }),
            });
            const answer = await client.send(command, { abortSignal });
            return { items: answer.MetricDataResults ?? [], nextToken: answer.NextToken };
          },
          clients.patience,
          signal,
          clients.events,
        ),
      );
      try {
        for await (const rows of pages)
          yield rows.flatMap((row) => figuresOf(row, query.region, names) ?? []);
      } catch (error) {
        throw error instanceof SourceUnavailable && isRefused(error.cause)
          ? new SourceUnavailable('denied', error.message, { cause: error.cause })
          : error;
      }
    },
  };
}

function requestOf(query: CapacityQuery): GetCapacityManagerMetricDataRequest {
  const groups: GroupBy[] = ['availability-zone-id', 'instance-type'];
  return {
    MetricNames: Object.keys(metrics[query.figures]) as Metric[],
    StartTime: new Date(query.sinceMs),
    EndTime: new Date(query.untilMs),
    Period: query.periodHours * 3_600,
    GroupBy: query.byAccount ? [...groups, 'account-id'] : groups,
    FilterBy: [
      {
        DimensionCondition: { Dimension: 'resource-region', Comparison: 'equals', Values: [query.region] },
      },
    ],
    MaxResults: rowsPerPage,
  };
}

function stateOf(answer: GetCapacityManagerAttributesResult): CapacityManagerState {
  if (answer.CapacityManagerStatus !== 'enabled') return { kind: 'disabled' };
  const earliestMs = answer.EarliestDatapointTimestamp?.getTime() ?? NaN;
  const latestMs = answer.LatestDatapointTimestamp?.getTime() ?? NaN;
  const message = answer.IngestionStatusMessage ?? '';
  // What was taken in before a fault, or so far, is there all the same.
  if (Number.isFinite(earliestMs) && Number.isFinite(latestMs))
    return { kind: 'enabled', organization: answer.OrganizationsAccess === true, earliestMs, latestMs };
  return { kind: answer.IngestionStatus === 'ingestion-failed' ? 'failed' : 'ingesting', message };
}

/** Undefined for a row that names no pool or no time. */
function figuresOf(
  { Dimension: dimension, Timestamp: timestamp, MetricValues: values }: MetricDataResult,
  region: string,
  names: Partial<Record<Metric, Figure>>,
): CapacityFigures | undefined {
  const zoneId = dimension?.AvailabilityZoneId;
  const instanceType = dimension?.InstanceType;
  const atMs = timestamp?.getTime() ?? NaN;
  if (zoneId === undefined || instanceType === undefined || !Number.isFinite(atMs)) return undefined;
  const figures: Partial<Record<Figure, number>> = {};
  for (const { Metric: metric, Value: value } of values ?? []) {
    const figure = metric === undefined ? undefined : names[metric];
    if (figure !== undefined && value !== undefined && value >= 0 && value < Infinity)
      figures[figure] = value;
  }
  return {
    region: dimension?.ResourceRegion ?? region,
    zoneId,
    instanceType,
    ...(dimension?.AccountId === undefined ? {} : { accountId: dimension.AccountId }),
    atMs,
    ...figures,
  };
}

/** What a region answers that does not have the service. */
function isUnsupported(cause: unknown): boolean {
  return cause instanceof Error && /^(InvalidAction|UnsupportedOperation|UnknownOperation)/.test(cause.name);
}

/** The question itself is wrong for this account, such as a metric that it does not have: it would be refused again. */
function isRefused(cause: unknown): boolean {
  return cause instanceof Error && /^(Invalid|Unsupported|Unknown|Validation|Missing)/.test(cause.name);
}
