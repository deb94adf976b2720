import type { InstanceTypeFacts } from '../../decision/knowledge.ts';
import { poolKey } from '../../decision/pool.ts';
import type { PriceSeries } from '../../learning/price-series.ts';
import type { AdvisorEntry } from '../../formats/advisor-document.ts';
import { currencyOf } from './price-list.ts';

type Section = Readonly<Record<string, unknown>>;

/** The static intelligence file of one region, as it is written and as it is read back. */
export interface StaticDocument {
  readonly metadata: Section;
  readonly zones?: Section;
  readonly spot_advisor: Section;
  readonly instance_metadata: Section;
  readonly on_demand: Section;
  readonly spot: Section;
}

export const sectionNames = ['zones', 'spot_advisor', 'instance_metadata', 'on_demand', 'spot'] as const;
export type SectionName = (typeof sectionNames)[number];

/** @param expectedRates 0..1 a month, by type, where they are known */
export function advisorSection(
  entries: readonly AdvisorEntry[],
  expectedRates: ReadonlyMap<string, number>,
  region: string,
  nowMs: number,
): Section {
  const lastUpdated = new Date(nowMs).toISOString();
  return Object.fromEntries(
    entries.map(({ instanceType, code, interruptRate, savingsPercent }) => [
      `${instanceType}@${region}`,
      {
        interrupt_rate: interruptRate,
        interrupt_rate_code: code,
        ...(expectedRates.has(instanceType) && {
          expected_rate: Number(expectedRates.get(instanceType)?.toFixed(4)),
        }),
        ...(savingsPercent === undefined ? {} : { savings_percent: savingsPercent }),
        last_updated: lastUpdated,
      },
    ]),
  );
}

export function typeSection(types: readonly InstanceTypeFacts[]): Section {
  return Object.fromEntries(
    types.map(({ instanceType, vcpu, memoryGib, architecture, family, gpus }) => [
      instanceType,
      { vcpu, memory_gb: memoryGib, architecture, family, ...(gpus > 0 ? { gpu: gpus } : {}) },
    ]),
  );
}

/** The last price of every pool that is still there. */
export function spotSection(series: readonly PriceSeries[]): Section {
  const entries: [string, unknown][] = [];
  for (const one of series) {
    const price = one.pricePerHour.at(-1);
    const at = one.atMs.at(-1);
    if (price === undefined || at === undefined || Number.isNaN(price)) continue;
    entries.push([poolKey(one), { price, observed_at: new Date(at).toISOString() }]);
  }
  return Object.fromEntries(entries);
}

/** New sections over the old document: what could not be collected stays as it was, with the time it is from. */
export function mergedDocument(
  old: StaticDocument | undefined,
  fresh: Partial<Record<SectionName, Section>>,
  region: string,
  nowMs: number,
): StaticDocument {
  const now = new Date(nowMs).toISOString();
  const oldTimes = old?.metadata['sections'];
  const times: Record<string, unknown> = { ...(typeof oldTimes === 'object' ? oldTimes : {}) };
  for (const name of sectionNames) if (fresh[name] !== undefined) times[name] = now;
  const section = (name: SectionName): Section => fresh[name] ?? old?.[name] ?? {};
  return {
    metadata: {
      last_updated: now,
      region,
      source: 'spot-expander collect',
      currency: currencyOf(region),
      sections: times,
    },
    zones: section('zones'),
    spot_advisor: section('spot_advisor'),
    instance_metadata: section('instance_metadata'),
    on_demand: section('on_demand'),
    spot: section('spot'),
  };
}
