import { allPages } from '../../aws/all-pages.ts';
import { patientCall } from '../../aws/patient-call.ts';
import type { Market } from '../../ports/market.ts';
import type { Ec2Clients } from './ec2-clients.ts';
import { pricePoints, type PointCounts } from './price-points.ts';

/** A filter of EC2 takes at most two hundred values. */
const typesPerCall = 200;

export interface MarketEvents {
  readonly onPage?: (region: string, rows: number) => void;
  readonly onHistory?: (region: string, counts: PointCounts) => void;
}

/**
 * Spot prices of Linux pools through DescribeSpotPriceHistory: the change points since `sinceMs` (at most 90 days are kept
 * by AWS) and, of each pool, the change that was in force then, under its own earlier time.
 */
export function marketEc2(clients: Ec2Clients, events: MarketEvents = {}): Market {
  return {
    async history({ region, instanceTypes, sinceMs, untilMs }, signal) {
      const points = pricePoints(region);
      for (const types of chunks(instanceTypes)) {
        const filters = [{ Name: 'product-description', Values: ['Linux/UNIX'] }];
        if (types !== undefined) filters.push({ Name: 'instance-type', Values: types });
        const pages = allPages('DescribeSpotPriceHistory', (token) =>
          patientCall(
            'DescribeSpotPriceHistory',
            async (abortSignal) => {
              const { sdk, client } = await clients.of(region);
              const command = new sdk.DescribeSpotPriceHistoryCommand({
                StartTime: new Date(sinceMs),
                ...(untilMs === undefined ? {} : { EndTime: new Date(untilMs) }),
                Filters: filters,
                MaxResults: 1_000,
                ...(token === undefined ? {} : { NextToken: token }),
              });
              const answer = await client.send(command, { abortSignal });
              return { items: answer.SpotPriceHistory ?? [], nextToken: answer.NextToken };
            },
            clients.patience,
            signal,
            clients.events,
          ),
        );
        for await (const rows of pages) {
          points.add(rows);
          events.onPage?.(region, rows.length);
        }
      }
      events.onHistory?.(region, points.counts());
      return points.series();
    },
  };
}

function chunks(types: readonly string[] | undefined): readonly (string[] | undefined)[] {
  if (types === undefined) return [undefined];
  const all: string[][] = [];
  for (let from = 0; from < types.length; from += typesPerCall)
    all.push(types.slice(from, from + typesPerCall));
  return all;
}
