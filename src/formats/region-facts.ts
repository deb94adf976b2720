import { familyOf } from '../decision/pool.ts';
import type { AdvisorBand, InstanceTypeFacts } from '../decision/knowledge.ts';
import { interruptRateOfCode } from './advisor-bands.ts';
import { shrunkRates } from '../learning/shrunk-bands.ts';
import { CsvScanner, fieldText, type CsvRow } from './csv-scanner.ts';
import {
  architectureOf,
  type StaticIntelligence,
  type StaticReading,
} from './static-intelligence-document.ts';

export const regionFactsColumns = [
  'instance_type',
  'vcpu',
  'memory_gb',
  'architecture',
  'gpus',
  'region',
  'interrupt_rate_code',
  'on_demand_usd',
] as const;

type Column = (typeof regionFactsColumns)[number];

/** How such a file begins: two dated lines stand before its columns. */
export const regionFactsBegin = 'advisor_as_of,';

interface Gathered {
  readonly advisor: Map<string, AdvisorBand>;
  readonly instanceTypes: Map<string, InstanceTypeFacts>;
  readonly onDemand: Map<string, number>;
  /** Every region that the file has a row of. */
  readonly regions: Set<string>;
  /** Bands of all regions: what is to be expected of one rests on those of others. */
  readonly bands: Map<string, Map<string, number>>;
}

/**
 * Of a table of all regions the rows of one: the Spot Advisor's bands and on-demand prices, each kind with the day that it is
 * of. There are no Spot prices in it, and rows of other regions are never kept.
 */
export function regionFactsOf(bytes: Uint8Array, region: string): StaticReading {
  const dates = new Map<string, string>();
  const mistakes: string[] = [];
  const gathered: Gathered = {
    advisor: new Map(),
    instanceTypes: new Map(),
    onDemand: new Map(),
    regions: new Set(),
    bands: new Map(),
  };
  let rows = 0;
  let isHeaded = false;
  const scanner = new CsvScanner((row) => {
    rows += 1;
    if (isHeaded) {
      const mistake = take(row, region, gathered);
      if (mistake !== undefined && mistakes.length < 20) mistakes.push(`row ${rows}: ${mistake}`);
    } else if (row.count === 2) dates.set(fieldText(row, 0), fieldText(row, 1));
    else {
      isHeaded = true;
      if (regionFactsColumns.some((name, index) => fieldText(row, index) !== name))
        mistakes.push(`row ${rows}: the columns must be ${regionFactsColumns.join(',')}`);
    }
  });
  scanner.push(bytes);
  scanner.end();
  const [advisor, onDemand] = [dates.get('advisor_as_of') ?? '', dates.get('on_demand_as_of') ?? ''];
  const lastUpdatedMs = Date.parse(`${advisor}T00:00:00Z`);
  if (Number.isNaN(lastUpdatedMs) || Number.isNaN(Date.parse(onDemand)))
    mistakes.push('advisor_as_of and on_demand_as_of must be dates');
  if (mistakes.length === 0 && !gathered.regions.has(region))
    mistakes.push(
      `this table of regions tells nothing of ${region}; it knows ${[...gathered.regions].sort().join(', ')}; for another region name its own file with --static-data, which spot-expander collect writes`,
    );
  if (mistakes.length > 0) return { kind: 'mistakes', mistakes };
  const facts: StaticIntelligence = {
    lastUpdatedMs,
    region,
    source: 'bundled facts of all regions',
    asOf: { advisor, onDemand },
    advisor: expectedBands(gathered, region),
    instanceTypes: gathered.instanceTypes,
    onDemand: gathered.onDemand,
    spot: new Map(),
    zoneIds: new Map(),
    zonesAreAssumed: false,
    spotObservedAtMs: lastUpdatedMs,
  };
  return { kind: 'facts', facts, notes: [] };
}

function expectedBands({ advisor, bands }: Gathered, region: string): ReadonlyMap<string, AdvisorBand> {
  const rates = shrunkRates(bands, region);
  return new Map(
    [...advisor].map(([key, band]) => {
      const expectedRate = rates.get(key.slice(0, key.indexOf('@')));
      return [key, expectedRate === undefined ? band : { ...band, expectedRate }];
    }),
  );
}

/** A sentence where the row has a mistake. */
function take(row: CsvRow, region: string, into: Gathered): string | undefined {
  if (row.count !== regionFactsColumns.length) return `${regionFactsColumns.length} columns are needed`;
  const cell = (column: Column): string => fieldText(row, regionFactsColumns.indexOf(column));
  const place = cell('region');
  into.regions.add(place);
  const instanceType = cell('instance_type');
  const code = cell('interrupt_rate_code');
  const interruptRate = code === '' ? undefined : interruptRateOfCode(Number(code));
  if (interruptRate !== undefined) {
    const bands = into.bands.get(place) ?? new Map<string, number>();
    into.bands.set(place, bands.set(instanceType, Number(code)));
  }
  if (place !== region) return undefined;
  const [vcpu, memoryGib, gpus] = [Number(cell('vcpu')), Number(cell('memory_gb')), Number(cell('gpus'))];
  if (!(vcpu > 0 && memoryGib > 0 && gpus >= 0)) return `${instanceType} has no size`;
  const architecture = architectureOf(cell('architecture'));
  into.instanceTypes.set(instanceType, {
    instanceType,
    vcpu,
    memoryGib,
    gpus,
    architecture,
    family: familyOf(instanceType),
  });
  if (code !== '' && interruptRate === undefined) return `${JSON.stringify(code)} is no band`;
  if (interruptRate !== undefined)
    into.advisor.set(`${instanceType}@${region}`, { interruptRate, code: Number(code) });
  const price = cell('on_demand_usd');
  if (price !== '' && !(Number(price) > 0)) return `${JSON.stringify(price)} is no price`;
  if (price !== '') into.onDemand.set(`${instanceType}@${region}`, Number(price));
  return undefined;
}
