import { messageOf } from '../../errors/message-of.ts';
import { SourceUnavailable } from '../../errors/source-unavailable.ts';
import { staticIntelligenceOf } from '../../formats/static-intelligence-document.ts';
import type { Market } from '../../ports/market.ts';
import { DocumentMissing } from '../../errors/document-missing.ts';
import type { StreamedDocuments } from '../../ports/documents.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { RegionFacts } from '../../ports/region-facts.ts';
import { advisorEntries, bandsByRegion } from '../../formats/advisor-document.ts';
import { shrunkRates } from '../../learning/shrunk-bands.ts';
import { keepAdvisorDay } from './advisor-days.ts';
import { priceListReader, priceListUrlOf } from './price-list.ts';
import {
  advisorSection,
  mergedDocument,
  spotSection,
  typeSection,
  type SectionName,
  type StaticDocument,
} from './static-document.ts';

export interface RegionOrder {
  readonly region: string;
  readonly instanceTypes: readonly string[] | undefined;
  readonly nowMs: number;
  readonly advisorUrl: string;
  /** `{region}` stands for the region; AWS's own list where it is left out. */
  readonly priceListUrl: string | undefined;
}

export interface RegionPorts {
  readonly market: Market;
  readonly facts: RegionFacts;
  readonly documents: StreamedDocuments;
  readonly store: ObjectStore;
  readonly progress: (sentence: string) => void;
  /** How many of the sources have been asked. */
  readonly onStep?: (done: number, all: number) => void;
}

/** What could not be collected, one sentence a source; empty when all is new. */
export type Problems = readonly string[];

/** `ap-south-1` → the key of its static intelligence file below the store's root. */
export function staticKey(region: string): string {
  return `static/${region}.json`;
}

/**
 * Collects a region's facts into its static intelligence file. A source that fails leaves its section as it was; when all
 * fail, or the new file would not pass the server's own reading, the last good file stays untouched.
 */
export async function collectRegion(
  order: RegionOrder,
  ports: RegionPorts,
  signal: AbortSignal,
): Promise<Problems> {
  const { region, nowMs } = order;
  const problems: string[] = [];
  const unsigned: string[] = [];
  let whyUnsigned = '';
  const fresh: Partial<Record<SectionName, Readonly<Record<string, unknown>>>> = {};
  const sources = sourcesOf(order, ports, signal);
  const sections = ['zones', 'instance_metadata', 'spot_advisor', 'on_demand', 'spot'] as const;
  for (const [place, name] of sections.entries()) {
    signal.throwIfAborted();
    ports.onStep?.(place, sections.length);
    try {
      const section = await sources[name]();
      const count = Object.keys(section).length;
      if (count === 0) throw new Error('the source answered nothing');
      fresh[name] = section;
      ports.progress(`${region}: ${name}, ${count} entries`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SourceUnavailable && error.reason === 'no-credentials') {
        unsigned.push(name);
        whyUnsigned = error.message;
      } else problems.push(`${region}: ${name} stays as it was: ${messageOf(error)}`);
    }
  }
  if (unsigned.length > 0)
    problems.push(`${region}: without ${unsigned.join(', ')}, which stay as they were. ${whyUnsigned}`);
  if (Object.keys(fresh).length === 0) return problems;
  const old = await oldDocument(ports.store, region, problems, signal);
  const text = `${JSON.stringify(mergedDocument(old, fresh, region, nowMs), null, 1)}\n`;
  const reading = staticIntelligenceOf(text);
  if (reading.kind === 'mistakes')
    return [
      ...problems,
      `${region}: the last good file stays, the new one is wrong: ${reading.mistakes.join('; ')}`,
    ];
  await ports.store.put(staticKey(region), Buffer.from(text), signal);
  return problems;
}

function sourcesOf(
  { region, instanceTypes, nowMs, advisorUrl, priceListUrl }: RegionOrder,
  { market, facts, documents, store, progress }: RegionPorts,
  signal: AbortSignal,
): Record<SectionName, () => Promise<Readonly<Record<string, unknown>>>> {
  return {
    zones: async () => Object.fromEntries(await facts.zoneIds(region, signal)),
    instance_metadata: async () => typeSection(await facts.instanceTypes(region, signal)),
    spot_advisor: async () => {
      const answer = await documents.read(advisorUrl, undefined, signal);
      if (answer.kind === 'unchanged') return {};
      if (answer.kind === 'missing') throw new DocumentMissing(advisorUrl);
      const text = Buffer.from(answer.bytes).toString('utf8');
      const reading = advisorEntries(text, region);
      await keepAdvisorDay(store, text, nowMs, signal);
      if (reading.unreadable > 0)
        progress(`${region}: ${reading.unreadable} Spot Advisor entries cannot be read`);
      return advisorSection(reading.entries, shrunkRates(bandsByRegion(text), region), region, nowMs);
    },
    on_demand: async () => {
      const reader = priceListReader(region);
      const url = priceListUrl?.replaceAll('{region}', region) ?? priceListUrlOf(region);
      for await (const bytes of documents.stream(url, signal)) reader.push(bytes);
      return Object.fromEntries(reader.prices());
    },
    spot: async () =>
      spotSection(
        await market.history(
          { region, sinceMs: nowMs, ...(instanceTypes === undefined ? {} : { instanceTypes }) },
          signal,
        ),
      ),
  };
}

/** An old file that cannot be understood is replaced, and said so. */
async function oldDocument(
  store: ObjectStore,
  region: string,
  problems: string[],
  signal: AbortSignal,
): Promise<StaticDocument | undefined> {
  const reading = await store.read(staticKey(region), undefined, signal);
  if (reading.kind !== 'changed') return undefined;
  const text = Buffer.from(reading.bytes).toString('utf8');
  const understood = staticIntelligenceOf(text);
  if (understood.kind === 'facts') return JSON.parse(text) as StaticDocument;
  problems.push(
    `${region}: the file that stood there is wrong and not carried over: ${understood.mistakes.join('; ')}`,
  );
  return undefined;
}
