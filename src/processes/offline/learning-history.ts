import type { SettingValues } from '../../config/setting.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { reportText, type HistoryReport } from '../../offline/history/history-report.ts';
import { loadHistory } from '../../offline/history/load-history.ts';
import { onDemandPrices, type OnDemandPrices } from '../../offline/training/on-demand-files.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { Progress } from '../progress.ts';
import type { historySettings } from './learning-settings.ts';
import { openLocation } from './open-location.ts';

export interface LearningHistory {
  readonly series: readonly PriceSeries[];
  readonly report: HistoryReport;
  readonly onDemand: OnDemandPrices;
}

/** Epoch milliseconds. */
export interface HistorySpan {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

type Asked = Pick<SettingValues<typeof historySettings>, 'history' | 'region' | 'on_demand'>;

/** Reads the history that was named and tells what was dropped of it. @throws UsageError when nothing is left. */
export async function learningHistory(
  { history: place, region: regions, on_demand }: Asked,
  { fromMs, toMs }: HistorySpan,
  progress: Progress,
  signal: AbortSignal,
): Promise<LearningHistory> {
  const onDemand = await onDemandPrices(on_demand, place, openLocation, signal);
  const { series, report } = await loadHistory(
    place,
    openLocation,
    {
      ...(regions !== undefined && { regions }),
      ...(fromMs !== undefined && { fromMs }),
      ...(toMs !== undefined && { toMs }),
      onProgress: progress.say,
      onBytes: (read, all) => progress.at('reading prices', read, all),
    },
    signal,
  );
  progress.end();
  progress.say(reportText(report).trimEnd());
  progress.say(
    onDemand.count === 0
      ? 'No on-demand prices: four times the Spot price is taken instead, and discount_depth says nothing.'
      : `${onDemand.count} on-demand prices from ${onDemand.source}.`,
  );
  if (series.length === 0)
    throw new UsageError([`the history at ${place} holds no prices of what was asked for`]);
  return { series, report, onDemand };
}

/** @throws UsageError when the span ends before it begins. */
export function spanOfFlags({
  since,
  until,
}: {
  readonly since: number | undefined;
  readonly until: number | undefined;
}): HistorySpan {
  if (since !== undefined && until !== undefined && until <= since)
    throw new UsageError(['--until: must come after --since']);
  return { fromMs: since, toMs: until };
}
