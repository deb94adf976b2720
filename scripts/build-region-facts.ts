/**
 * Builds what is bundled of every region, the Spot Advisor's bands and on-demand prices with the sizes of types:
 *
 *   node scripts/build-region-facts.ts ADVISOR.json.gz ON_DEMAND.csv.gz INSTANCE_TYPES.csv [data/regions.csv.gz]
 *
 * ADVISOR is a Spot Advisor document as published, ON_DEMAND a table of region, instance_type and on_demand_usd, both with
 * their date in the name; INSTANCE_TYPES has instance_type, vcpu, memory_mb, gpu and arch.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { regionFactsColumns, regionFactsOf } from '../src/formats/region-facts.ts';
import { architectureOf } from '../src/formats/static-intelligence-document.ts';

const advisorDocument = z.object({
  spot_advisor: z.record(
    z.string(),
    z.object({ Linux: z.record(z.string(), z.object({ r: z.int().min(0).max(4) })).optional() }),
  ),
});

const [, , advisorPath, onDemandPath, typesPath, output = 'data/regions.csv.gz'] = process.argv;
if (advisorPath === undefined || onDemandPath === undefined || typesPath === undefined)
  throw new Error(
    'usage: node scripts/build-region-facts.ts ADVISOR.json.gz ON_DEMAND.csv.gz INSTANCE_TYPES.csv [OUTPUT]',
  );

function textOf(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

function rowsOf(path: string): readonly Readonly<Record<string, string>>[] {
  const [head = '', ...lines] = textOf(path).trimEnd().split('\n');
  const names = head.trim().split(',');
  return lines.map((line) => {
    const cells = line.trim().split(',');
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

function dateIn(path: string): string {
  const date = /\d{4}-\d{2}-\d{2}/.exec(path)?.[0];
  if (date === undefined)
    throw new Error(`${path} has no date in its name, and a fact without a date is none.`);
  return date;
}

interface Facts {
  band?: number;
  onDemand?: string;
}

const advisor = advisorDocument.parse(JSON.parse(textOf(advisorPath)));
const byPlace = new Map<string, Facts>();
function factsAt(type: string, region: string): Facts {
  const key = `${type},${region}`;
  const facts = byPlace.get(key) ?? {};
  byPlace.set(key, facts);
  return facts;
}
for (const [region, { Linux: types = {} }] of Object.entries(advisor.spot_advisor))
  for (const [type, { r }] of Object.entries(types)) factsAt(type, region).band = r;
for (const row of rowsOf(onDemandPath))
  factsAt(row['instance_type'] ?? '', row['region'] ?? '').onDemand = row['on_demand_usd'] ?? '';

const described = new Map(rowsOf(typesPath).map((row) => [row['instance_type'] ?? '', row]));

/** `vcpu,memory_gb,architecture,gpus`; undefined for a type that is not described: the advisor tells no GPUs. */
function sizeOf(type: string): string | undefined {
  const row = described.get(type);
  if (row === undefined) return undefined;
  const memoryGb = Number(row['memory_mb']) / 1024;
  return `${row['vcpu'] ?? ''},${memoryGb},${architectureOf(row['arch'])},${Number(row['gpu'] ?? 0)}`;
}

// By type first: its size then stands once for the compression, however many regions have it.
const lines = [...byPlace]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .flatMap(([place, { band, onDemand }]) => {
    const [type = '', region = ''] = place.split(',');
    const size = sizeOf(type);
    return size === undefined ? [] : [`${type},${size},${region},${band ?? ''},${onDemand ?? ''}`];
  });
const text = [
  `advisor_as_of,${dateIn(advisorPath)}`,
  `on_demand_as_of,${dateIn(onDemandPath)}`,
  regionFactsColumns.join(','),
  ...lines,
  '',
].join('\n');
const packed = gzipSync(text, { level: 9 });
const regions = new Set([...byPlace.keys()].map((place) => place.slice(place.indexOf(',') + 1)));
for (const region of regions) {
  const reading = regionFactsOf(Buffer.from(text), region);
  if (reading.kind === 'mistakes')
    throw new Error(`${region} would be refused: ${reading.mistakes.join('; ')}`);
}
writeFileSync(output, packed);
console.log(
  `${output}: ${regions.size} regions, ${lines.length} rows, ${byPlace.size - lines.length} left out for want of a size, ${packed.length} bytes`,
);
