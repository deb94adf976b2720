import { z } from 'zod';
import { messageOf } from '../errors/message-of.ts';
import { familyOf } from '../decision/pool.ts';
import { regionOfZone } from '../decision/zone-region.ts';
import type { AdvisorBand, InstanceTypeFacts } from '../decision/knowledge.ts';
import { codeOfInterruptRate, interruptRateOfCode, withExpectedRates } from './advisor-bands.ts';
import { mistakesOf } from './mistakes.ts';

/** Facts of a file that a collector wrote. Keys of the maps are as in the file: `type`, `type@region` or `type@zone`. */
export interface StaticIntelligence {
  readonly lastUpdatedMs: number;
  /** The region that keys without a place speak of. */
  readonly region: string;
  readonly source: string;
  /** Of which day the bands and the on-demand prices are, where the file says. */
  readonly asOf: { readonly advisor?: string; readonly onDemand?: string };
  readonly advisor: ReadonlyMap<string, AdvisorBand>;
  readonly instanceTypes: ReadonlyMap<string, InstanceTypeFacts>;
  /** USD per hour. */
  readonly onDemand: ReadonlyMap<string, number>;
  readonly spot: ReadonlyMap<string, StaticSpotPrice>;
  /** Zone name → zone id, as the file's author knows them. */
  readonly zoneIds: ReadonlyMap<string, string>;
  /** The zone names are the usual dealing and not those of an account. */
  readonly zonesAreAssumed: boolean;
  /** When the prices of {@link spot} were observed where no entry says otherwise. */
  readonly spotObservedAtMs: number;
  /** The name of the file beside this one that holds the changes of Spot prices that led up to it. */
  readonly priceChanges?: string;
}

/** Whether the file tells anything of bands or prices of a region. */
export function speaksOf({ region, advisor, onDemand, spot }: StaticIntelligence, asked: string): boolean {
  if (region === asked) return true;
  const isThere = (key: string): boolean => {
    const place = key.slice(key.indexOf('@') + 1);
    return place === asked || regionOfZone(place) === asked;
  };
  return [advisor, onDemand, spot].some((facts) => [...facts.keys()].some(isThere));
}

export interface StaticSpotPrice {
  /** USD. */
  readonly pricePerHour: number;
  readonly observedAtMs: number;
}

const instanceType = String.raw`[a-z0-9-]+\.[a-z0-9-]+`;
const typeKey = z
  .string()
  .regex(new RegExp(`^${instanceType}$`), 'must be an instance type such as c5.large');
const placedKey = z
  .string()
  .regex(
    new RegExp(`^${instanceType}(@[a-z]{2,}[a-z0-9-]*\\d[a-z]?)?$`),
    'must be type, type@region or type@zone such as c5.large@ap-south-1a',
  );
const zonedKey = z
  .string()
  .regex(
    new RegExp(`^${instanceType}@[a-z]{2,}[a-z0-9-]*\\d[a-z]?$`),
    'must be type@zone such as c5.large@ap-south-1a',
  );
const time = z.iso
  .datetime({ offset: true, local: true, error: 'must be an ISO 8601 time' })
  .transform((text) => Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`));
const price = z.number({ error: 'must be a price in USD per hour' }).positive('must be above 0').max(10_000);

const advisorEntry = z
  .looseObject({
    interrupt_rate: z.number().min(0).max(1, 'must be a share from 0 to 1, not a percentage').optional(),
    interrupt_rate_code: z.int().min(0).max(4).optional(),
    code: z.int().min(0).max(4).optional(),
    expected_rate: z.number().min(0).max(1, 'must be a share from 0 to 1, not a percentage').optional(),
    last_updated: z.string().optional(),
  })
  .transform((entry, context): AdvisorBand => {
    const code = entry.interrupt_rate_code ?? entry.code;
    const rate = entry.interrupt_rate ?? (code === undefined ? undefined : interruptRateOfCode(code));
    if (rate === undefined) {
      context.addIssue({ code: 'custom', message: 'needs interrupt_rate or interrupt_rate_code' });
      return z.NEVER;
    }
    const { expected_rate: expectedRate } = entry;
    return {
      interruptRate: rate,
      code: code ?? codeOfInterruptRate(rate),
      ...(expectedRate !== undefined && { expectedRate }),
    };
  });

const typeEntry = z.looseObject({
  vcpu: z.number().positive(),
  memory_gb: z.number().positive(),
  architecture: z.string().optional(),
  family: z.string().optional(),
  gpu: z.union([z.number().min(0), z.boolean()]).optional(),
});

const fileSchema = z.looseObject({
  metadata: z.looseObject({
    last_updated: time,
    region: z.string().min(1),
    source: z.string().default('unnamed'),
    /** When the plain numbers of `spot` were observed, where that differs from `last_updated`. */
    spot_observed_at: time.optional(),
    /** A file beside this one, see `price-changes.ts`. */
    price_changes: z
      .string()
      .regex(/^[\w-][\w.-]*$/, 'must be the name of a file beside this one, such as ap-south-1.prices.csv.gz')
      .optional(),
    zones_are_assumed: z.boolean().default(false),
    advisor_as_of: z.iso.date().optional(),
    on_demand_as_of: z.iso.date().optional(),
  }),
  spot_advisor: z.record(placedKey, advisorEntry),
  instance_metadata: z.record(typeKey, typeEntry),
  on_demand: z.record(placedKey, price).default({}),
  spot: z
    .record(
      zonedKey,
      z.union([price, z.looseObject({ price, observed_at: time.optional() })], {
        error: 'must be a price or { price, observed_at }',
      }),
    )
    .default({}),
  zones: z.record(z.string().min(1), z.string().min(1)).default({}),
});

export type StaticReading =
  | { readonly kind: 'facts'; readonly facts: StaticIntelligence; readonly notes: readonly string[] }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly string[] };

/** Reads the JSON text of a static intelligence file; with any mistake nothing of it is used and every mistake is named. */
export function staticIntelligenceOf(text: string): StaticReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = messageOf(error);
    return { kind: 'mistakes', mistakes: [text.trim() === '' ? 'the file is empty' : `not JSON: ${why}`] };
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) return { kind: 'mistakes', mistakes: mistakesOf(parsed.error.issues) };
  return { kind: 'facts', facts: factsOf(parsed.data), notes: notesOf(parsed.data) };
}

type File = z.output<typeof fileSchema>;

function factsOf(file: File): StaticIntelligence {
  const spotObservedAtMs = file.metadata.spot_observed_at ?? file.metadata.last_updated;
  return {
    lastUpdatedMs: file.metadata.last_updated,
    region: file.metadata.region,
    source: file.metadata.source,
    asOf: {
      ...(file.metadata.advisor_as_of !== undefined && { advisor: file.metadata.advisor_as_of }),
      ...(file.metadata.on_demand_as_of !== undefined && { onDemand: file.metadata.on_demand_as_of }),
    },
    advisor: withExpectedRates(new Map(Object.entries(file.spot_advisor)), file.metadata.region),
    instanceTypes: new Map(
      Object.entries(file.instance_metadata).map(([name, entry]) => [name, typeFacts(name, entry)]),
    ),
    onDemand: new Map(Object.entries(file.on_demand)),
    spot: new Map(
      Object.entries(file.spot).map(([key, entry]) => [
        key,
        typeof entry === 'number'
          ? { pricePerHour: entry, observedAtMs: spotObservedAtMs }
          : { pricePerHour: entry.price, observedAtMs: entry.observed_at ?? spotObservedAtMs },
      ]),
    ),
    zoneIds: new Map(Object.entries(file.zones)),
    zonesAreAssumed: file.metadata.zones_are_assumed,
    spotObservedAtMs,
    ...(file.metadata.price_changes !== undefined && { priceChanges: file.metadata.price_changes }),
  };
}

function typeFacts(name: string, entry: z.output<typeof typeEntry>): InstanceTypeFacts {
  return {
    instanceType: name,
    vcpu: entry.vcpu,
    memoryGib: entry.memory_gb,
    gpus: typeof entry.gpu === 'number' ? entry.gpu : entry.gpu === true ? 1 : 0,
    architecture: architectureOf(entry.architecture),
    family: entry.family ?? familyOf(name),
  };
}

/** Collectors write `amd64` and `x86_64` for the same thing. */
export function architectureOf(text: string | undefined): InstanceTypeFacts['architecture'] {
  switch (text) {
    case 'x86_64':
    case 'amd64':
      return 'x86_64';
    case 'arm64':
    case 'aarch64':
      return 'arm64';
    case undefined:
    default:
      return 'unknown';
  }
}

/** What is legal but likely not meant. */
function notesOf(file: File): readonly string[] {
  const unknown = Object.keys(file).filter((key) => !(key in fileSchema.shape));
  const notes = unknown.map((key) => `${key}: unknown section, not read`);
  if (Object.keys(file.spot_advisor).length === 0) notes.push('spot_advisor: empty');
  if (Object.keys(file.instance_metadata).length === 0) notes.push('instance_metadata: empty');
  return notes;
}
