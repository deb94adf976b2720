import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { shrunkRates } from '../../learning/shrunk-bands.ts';
import { advisorEntries, bandsByRegion } from '../../formats/advisor-document.ts';
import type { AdvisorBand, InstanceTypeFacts } from '../../decision/knowledge.ts';
import { familyOf } from '../../decision/pool.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { messageOf } from '../../errors/message-of.ts';
import { CsvScanner, fieldText } from '../../formats/csv-scanner.ts';
import { architectureOf, staticIntelligenceOf } from '../../formats/static-intelligence-document.ts';

/** What a simulation knows of instance types beside their prices. */
export interface SimulatedFacts {
  readonly instanceType: (instanceType: string) => InstanceTypeFacts | undefined;
  readonly advisorBand: (instanceType: string, region: string) => AdvisorBand | undefined;
}

/**
 * Facts from a static intelligence file, from a CSV of instance types (instance_type, vcpu, memory_mb, gpu, arch) and from a
 * Spot Advisor document as published; what a later one says adds to the earlier.
 * @throws UsageError when a file cannot be read.
 */
export async function simulatedFacts(
  files: {
    readonly static?: string | undefined;
    readonly types?: string | undefined;
    readonly advisor?: string | undefined;
  },
  regions: readonly string[],
): Promise<SimulatedFacts> {
  const types = new Map<string, InstanceTypeFacts>();
  const bands = new Map<string, AdvisorBand>();
  if (files.static !== undefined) {
    const reading = staticIntelligenceOf(await textOf(files.static));
    if (reading.kind === 'mistakes')
      throw new UsageError(reading.mistakes.map((one) => `${files.static}: ${one}`));
    for (const [name, facts] of reading.facts.instanceTypes) types.set(name, facts);
    for (const [key, band] of reading.facts.advisor)
      bands.set(key.includes('@') ? key : `${key}@${reading.facts.region}`, band);
  }
  if (files.types !== undefined)
    for (const facts of typesOf(await textOf(files.types))) types.set(facts.instanceType, facts);
  if (files.advisor !== undefined) {
    const text = await textOf(files.advisor);
    const all = bandsByRegion(text);
    for (const region of regions) {
      const rates = shrunkRates(all, region);
      for (const { instanceType, code, interruptRate } of advisorEntries(text, region).entries) {
        const expectedRate = rates.get(instanceType);
        const band = { code, interruptRate, ...(expectedRate !== undefined && { expectedRate }) };
        bands.set(`${instanceType}@${region}`, band);
      }
    }
  }
  if (types.size === 0) throw new UsageError(['--static or --instance-types must name instance types']);
  return {
    instanceType: (name) => types.get(name),
    advisorBand: (name, region) => bands.get(`${name}@${region}`),
  };
}

/** As much as is read of a file that is not packed. */
const mostBytes = 256 << 20;

async function textOf(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UsageError([`${path} cannot be read: ${messageOf(error)}`]);
  });
  return (path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: mostBytes }) : bytes).toString('utf8');
}

function typesOf(text: string): readonly InstanceTypeFacts[] {
  const facts: InstanceTypeFacts[] = [];
  let header: readonly string[] | undefined;
  const scanner = new CsvScanner((row) => {
    if (header === undefined) {
      header = Array.from({ length: row.count }, (_, field) => fieldText(row, field));
      return;
    }
    const field = (name: string): string => fieldText(row, header?.indexOf(name) ?? -1);
    const instanceType = field('instance_type');
    const vcpu = Number(field('vcpu'));
    const memoryGib = Number(field('memory_mb')) / 1024;
    if (!(vcpu > 0 && memoryGib > 0)) return;
    facts.push({
      instanceType,
      vcpu,
      memoryGib,
      gpus: Number(field('gpu')) || 0,
      architecture: architectureOf(field('arch')),
      family: familyOf(instanceType),
    });
  });
  scanner.push(Buffer.from(text));
  scanner.end();
  return facts;
}
