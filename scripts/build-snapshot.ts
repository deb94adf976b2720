/**
 * Builds the bundled snapshot of a region, and beside it the last eight days of its price changes, from a folder of
 * collected public facts:
 *
 *   node scripts/build-snapshot.ts DATA_FOLDER [data/ap-south-1.json]
 *
 * The folder holds advisor/*.json.gz (Spot Advisor documents, named by date), meta/instance_types.csv,
 * ondemand/*all_regions.csv.gz and prices/*.csv.gz (changes and the times of the snapshots).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { interruptRateOfCode } from '../src/formats/advisor-bands.ts';
import { bandsByRegion } from '../src/formats/advisor-document.ts';
import { priceChangesOf } from '../src/formats/price-changes.ts';
import { shrunkRates } from '../src/learning/shrunk-bands.ts';
import { architectureOf, staticIntelligenceOf } from '../src/formats/static-intelligence-document.ts';

const region = 'ap-south-1';

/**
 * Zone ids are the same hardware for everyone, zone names are dealt out per account. This is the dealing that most accounts
 * of this region see; a server with AWS access replaces it by what DescribeAvailabilityZones says.
 */
const zones = { 'ap-south-1a': 'aps1-az1', 'ap-south-1b': 'aps1-az3', 'ap-south-1c': 'aps1-az2' };

const advisorDocument = z.object({
  instance_types: z.record(z.string(), z.object({ cores: z.number(), ram_gb: z.number() })),
  spot_advisor: z.record(
    z.string(),
    z.object({ Linux: z.record(z.string(), z.object({ r: z.int().min(0).max(4) })) }),
  ),
});

function rowsOf(path: string): readonly Readonly<Record<string, string>>[] {
  const bytes = readFileSync(path);
  const [head, ...lines] = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes)
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const names = (head ?? '').trim().split(',');
  return lines.map((line) => {
    const cells = line.trim().split(',');
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

function newest(folder: string, ending: string): string {
  const name = readdirSync(folder)
    .filter((one) => one.endsWith(ending))
    .sort()
    .at(-1);
  if (name === undefined) throw new Error(`${folder} holds no file that ends in ${ending}.`);
  return join(folder, name);
}

function dateIn(path: string): string {
  return /\d{4}-\d{2}-\d{2}/.exec(path)?.[0] ?? 'unknown date';
}

interface PriceChange {
  readonly atUtc: string;
  readonly zone: string;
  readonly type: string;
  /** USD per hour as the source writes it; empty: the pool was absent. */
  readonly price: string;
}

interface LastPrices {
  readonly atUtc: string;
  /** In force at the last snapshot, by `type@zone id`; pools that were absent then are left out. */
  readonly prices: ReadonlyMap<string, number>;
  /** The price in force eight days before the last snapshot, under its own earlier time, and every change since, by pool. */
  readonly changes: readonly PriceChange[];
}

/** A model looks seven days back; the eighth leaves room for a first price of pools that were absent a while. */
const changesSpanMs = 8 * 86_400_000;

function lastPrices(folder: string): LastPrices {
  const atUtc = rowsOf(join(folder, 'snapshots.csv.gz')).at(-1)?.['snapshot_utc'] ?? '';
  const sinceMs = Date.parse(atUtc) - changesSpanMs;
  const prices = new Map<string, number>();
  const byPool = new Map<string, PriceChange[]>();
  for (const row of rowsOf(join(folder, `spot_${region}_all_types_changes.csv.gz`))) {
    const change: PriceChange = {
      atUtc: row['timestamp_utc'] ?? '',
      zone: row['availability_zone'] ?? '',
      type: row['instance_type'] ?? '',
      price: row['price_usd'] ?? '',
    };
    const key = `${change.type}@${change.zone}`;
    const known = byPool.get(key) ?? [];
    if (Date.parse(change.atUtc) <= sinceMs) known.length = 0;
    byPool.set(key, [...known, change]);
    if (change.price === '') prices.delete(key);
    else prices.set(key, Number(change.price));
  }
  const changes = [...byPool.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, pool]) => pool);
  return { atUtc, prices, changes };
}

function sorted<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** One line an entry, so that a change of the snapshot reads well. */
function text(document: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string {
  const sections = Object.entries(document).map(([name, entries]) => {
    const lines = Object.entries(entries).map(
      ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
    );
    return `${JSON.stringify(name)}:{\n${lines.join(',\n')}\n}`;
  });
  return `{${sections.join(',\n')}}\n`;
}

const [, , folder, output = `data/${region}.json`] = process.argv;
if (folder === undefined) throw new Error('usage: node scripts/build-snapshot.ts DATA_FOLDER [OUTPUT]');

const advisorPath = newest(join(folder, 'advisor'), '.json.gz');
const advisorText = gunzipSync(readFileSync(advisorPath)).toString('utf8');
const advisor = advisorDocument.parse(JSON.parse(advisorText));
const expectedRates = shrunkRates(bandsByRegion(advisorText), region);
const bands = advisor.spot_advisor[region]?.Linux ?? {};
const onDemandPath = newest(join(folder, 'ondemand'), 'all_regions.csv.gz');
const onDemand = new Map(
  rowsOf(onDemandPath)
    .filter((row) => row['region'] === region)
    .map((row) => [row['instance_type'] ?? '', Number(row['on_demand_usd'])]),
);
const spot = lastPrices(join(folder, 'prices'));
const types = new Set([...spot.prices.keys()].map((key) => key.slice(0, key.indexOf('@'))));
const described = new Map(
  rowsOf(join(folder, 'meta', 'instance_types.csv')).map((row) => [row['instance_type'] ?? '', row]),
);

function typeEntry(type: string): Readonly<Record<string, unknown>> | undefined {
  const family = type.slice(0, type.indexOf('.'));
  const row = described.get(type);
  if (row === undefined) {
    const size = advisor.instance_types[type];
    return size === undefined ? undefined : { vcpu: size.cores, memory_gb: size.ram_gb, family };
  }
  const gpus = Number(row['gpu'] ?? 0);
  return {
    vcpu: Number(row['vcpu']),
    memory_gb: Number(row['memory_mb']) / 1024,
    architecture: architectureOf(row['arch']),
    family,
    ...(gpus > 0 ? { gpu: gpus } : {}),
  };
}

const changesPath = `${output.replace(/\.json$/, '')}.prices.csv.gz`;

const document = {
  metadata: {
    last_updated: `${dateIn(advisorPath)}T00:00:00Z`,
    region,
    source: 'bundled snapshot of public facts',
    spot_observed_at: spot.atUtc,
    advisor_as_of: dateIn(advisorPath),
    on_demand_as_of: dateIn(onDemandPath),
    price_changes: basename(changesPath),
    zones_are_assumed: true,
    zones_note:
      'zone names are dealt out per account; this is the usual dealing, AWS access replaces it by your own',
  },
  zones,
  spot_advisor: sorted(
    Object.entries(bands)
      .filter(([type]) => types.has(type))
      .map(([type, { r }]) => [
        `${type}@${region}`,
        {
          interrupt_rate: interruptRateOfCode(r),
          interrupt_rate_code: r,
          expected_rate: Number(expectedRates.get(type)?.toFixed(4)),
        },
      ]),
  ),
  instance_metadata: sorted(
    [...types].flatMap((type) => {
      const entry = typeEntry(type);
      return entry === undefined ? [] : [[type, entry] as const];
    }),
  ),
  on_demand: sorted(
    [...onDemand].filter(([type]) => types.has(type)).map(([type, price]) => [`${type}@${region}`, price]),
  ),
  spot: sorted(spot.prices),
};

const written = text(document);
const reading = staticIntelligenceOf(written);
if (reading.kind === 'mistakes')
  throw new Error(`The snapshot would be refused: ${reading.mistakes.join('; ')}`);
writeFileSync(output, written);

const changesText = [
  'timestamp_utc,availability_zone,instance_type,price_usd',
  ...spot.changes.map(({ atUtc, zone, type, price }) => `${atUtc},${zone},${type},${price}`),
  '',
].join('\n');
const packed = gzipSync(changesText, { level: 9 });
const again = priceChangesOf(packed, region);
if (again.kind === 'mistakes')
  throw new Error(`The price changes would be refused: ${again.mistakes.join('; ')}`);
writeFileSync(join(dirname(output), basename(changesPath)), packed);
console.log(
  `${changesPath}: ${spot.changes.length} price changes of ${again.series.length} pools, ${packed.length} bytes`,
);
console.log(
  `${output}: ${types.size} types, ${spot.prices.size} Spot prices of ${spot.atUtc}, ${Object.keys(document.spot_advisor).length} advisor bands, ${Object.keys(document.on_demand).length} on-demand prices, ${written.length} bytes`,
);
