import { CsvScanner, fieldText } from '../../formats/csv-scanner.ts';
import type { CapacityFigures } from '../../ports/capacity-manager.ts';
import type { ObjectStore } from '../../ports/object-store.ts';

type Figure = Exclude<keyof CapacityFigures, 'region' | 'zoneId' | 'instanceType' | 'accountId' | 'atMs'>;

/** Columns of a day's file behind those that name the row. */
const figureColumns: Readonly<Record<Figure, string>> = {
  usageHours: 'usage_hours',
  interruptions: 'interruptions',
  instances: 'instances',
  averageRunHours: 'average_run_hours',
  shortestRunHours: 'shortest_run_hours',
  longestRunHours: 'longest_run_hours',
  requestedVcpus: 'requested_vcpus',
  fulfilledVcpus: 'fulfilled_vcpus',
  requestFulfillmentPercent: 'request_fulfillment_percent',
  poolFulfillmentPercent: 'pool_fulfillment_percent',
};
const figures = Object.keys(figureColumns) as readonly Figure[];
const header = ['hour_utc', 'zone_id', 'instance_type', 'account_id', ...Object.values(figureColumns)];

/** `2026-01-10` → where the hours of that day (UTC) are kept. */
export function capacityDayKey(region: string, day: string): string {
  return `capacity/region=${region}/day=${day}.csv`;
}

/** What names a row: a later one with the same name takes its place. */
export function capacityRowKey({ atMs, zoneId, instanceType, accountId }: CapacityFigures): string {
  return `${atMs} ${zoneId} ${instanceType} ${accountId ?? ''}`;
}

/** Sorted by hour, zone, type and account: the same rows give the same bytes. */
export function capacityDayText(rows: readonly CapacityFigures[]): string {
  const lines = rows
    .map((row) => ({ row, key: capacityRowKey(row) }))
    .sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
    .map(({ row }) =>
      [
        new Date(row.atMs).toISOString(),
        row.zoneId,
        row.instanceType,
        row.accountId ?? '',
        ...figures.map((figure) => row[figure] ?? ''),
      ].join(','),
    );
  return `${[header.join(','), ...lines].join('\n')}\n`;
}

/** Rows that cannot be understood are left out; columns are found by name. */
export function capacityDayRows(bytes: Uint8Array, region: string): readonly CapacityFigures[] {
  const rows: CapacityFigures[] = [];
  let columns: readonly string[] | undefined;
  const scanner = new CsvScanner((row) => {
    if (columns === undefined) {
      columns = Array.from({ length: row.count }, (_, at) => fieldText(row, at));
      return;
    }
    const names = columns;
    const text = (column: string): string => fieldText(row, names.indexOf(column));
    const atMs = Date.parse(text('hour_utc'));
    const [zoneId, instanceType, accountId] = [text('zone_id'), text('instance_type'), text('account_id')];
    if (!Number.isFinite(atMs) || zoneId === '' || instanceType === '') return;
    const values: Partial<Record<Figure, number>> = {};
    for (const figure of figures) {
      const value = text(figureColumns[figure]);
      if (value !== '' && Number.isFinite(Number(value))) values[figure] = Number(value);
    }
    rows.push({ region, zoneId, instanceType, ...(accountId !== '' && { accountId }), atMs, ...values });
  });
  scanner.push(bytes);
  scanner.end();
  return rows;
}

/** Empty where nothing is kept of the day. */
export async function keptCapacityDay(
  store: ObjectStore,
  region: string,
  day: string,
  signal: AbortSignal,
): Promise<readonly CapacityFigures[]> {
  const reading = await store.read(capacityDayKey(region, day), undefined, signal);
  return reading.kind === 'changed' ? capacityDayRows(reading.bytes, region) : [];
}
