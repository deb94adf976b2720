import { isIP } from 'node:net';
import { accessSync, constants, statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import * as z from 'zod';
import { namedRegion } from '../formats/aws-regions.ts';
import { timeOfText } from '../formats/price-text.ts';
import { takes } from './value-text.ts';

/** Every setting can come as text (flag, environment) or as a YAML value; these schemas take both. */

const durationUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const longestMs = 366 * 86_400_000;

/** `250ms`, `2s`, `5m`, `6h`, `7d`, or 0: a number without a unit is a guess, and refused. From `minMs` to `maxMs`. */
export function durationMs(maxMs = longestMs, minMs = 0) {
  const least = minMs > 0 ? `, ${durationText(minMs)} at least` : '';
  const most = maxMs < longestMs ? `, at most ${durationText(maxMs)}` : '';
  const schema = z.union([z.number(), z.string()]).transform((value, context) => {
    const ms = parsedDurationMs(String(value));
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms;
    const message =
      ms !== undefined && ms > maxMs
        ? `must be at most ${durationText(maxMs)}`
        : ms !== undefined && ms >= 0
          ? `must be at least ${durationText(minMs)}`
          : 'must be a duration with its unit, such as 250ms, 2s, 5m, 6h or 7d';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
  const range = `${durationText(minMs)} to ${durationText(maxMs)}`;
  return takes(`such as 250ms, 2s, 5m, 6h or 7d${least}${most}`, schema, range);
}

/** In the largest unit that leaves a whole number: `90s`, `30d`; `0` without a unit. */
function durationText(ms: number): string {
  const [unit, unitMs] = Object.entries(durationUnitsMs).findLast(([, one]) => ms % one === 0) ?? ['ms', 1];
  return ms === 0 ? '0' : `${ms / unitMs}${unit}`;
}

function parsedDurationMs(text: string): number | undefined {
  if (text.trim() === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim());
  const unit = match?.[2] === undefined ? undefined : durationUnitsMs[match[2]];
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit;
}

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
};

/** `512Mi`, `2Gi`, `100M`, or a number of bytes. */
export const byteSize = takes(
  'such as 512Mi, 2Gi, 100M or a number of bytes',
  z.union([z.number(), z.string()]).transform((value, context) => {
    const match = /^(\d+)\s*(|K|M|G|Ki|Mi|Gi)B?$/.exec(String(value).trim());
    const unit = match === null ? undefined : byteUnits[match[2] ?? ''];
    if (match?.[1] === undefined || unit === undefined) {
      context.addIssue({ code: 'custom', message: 'must be a size such as 512Mi, 2Gi or a number of bytes' });
      return z.NEVER;
    }
    return Number(match[1]) * unit;
  }),
);

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Every address of both families, as pods of any cluster need it; of IPv4 alone where the kernel knows no IPv6. */
export const everyAddress = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
)
  ? '::'
  : '0.0.0.0';

/** `HOST:PORT`, `[IPv6]:PORT` or `:PORT` (every address). */
export const listenAddress = z.string().transform((value, context): ListenAddress => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(value.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    context.addIssue({ code: 'custom', message: 'must be HOST:PORT, for example 0.0.0.0:9443' });
    return z.NEVER;
  }
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? everyAddress : host, port };
});

/** `a.example, b.example`: host names without ports, in lower case. */
export const hostNames = z.string().transform((text, context): readonly string[] => {
  const names = text
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const wrong = names.find((name) => !/^[a-z0-9.-]+$/.test(name));
  if (wrong === undefined) return names;
  context.addIssue({
    code: 'custom',
    message: `must be host names separated by commas; ${JSON.stringify(wrong)} is none`,
  });
  return z.NEVER;
});

function numberOf(error: string) {
  return z.union(
    [
      z.number(),
      z
        .string()
        .regex(/^-?\d+(\.\d+)?(e-?\d+)?$/i)
        .transform(Number),
    ],
    { error },
  );
}

export function boundedNumber(min: number, max: number) {
  const message = `must be a number from ${min} to ${max}`;
  return takes(
    `${min} to ${max}`,
    numberOf(message)
      .refine((value) => value >= min && value <= max, message)
      .meta({ minimum: min, maximum: max }),
  );
}

export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return takes(
    `whole, ${min} to ${max}`,
    numberOf(message)
      .refine((value) => Number.isInteger(value) && value >= min && value <= max, message)
      .meta({ minimum: min, maximum: max }),
  );
}

/** As people write it: `INFO` and `warning` too. */
export const logLevel = z
  .string()
  .transform((text) => text.trim().toLowerCase().replace('warning', 'warn'))
  .pipe(
    z.enum(['debug', 'info', 'warn', 'error', 'silent'], {
      error: 'must be debug, info, warn, error or silent',
    }),
  );

export const yesOrNo = z.union(
  [
    z.boolean(),
    z.enum(['true', 'false', '1', '0', 'yes', 'no']).transform((text) => ['true', '1', 'yes'].includes(text)),
  ],
  { error: 'must be yes or no' },
);

export const filePath = z.string().min(1, 'must be a path');

const listed = z.union([
  z.array(z.string()),
  z.string().transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  ),
]);

export function listOf(pattern: RegExp, what: string) {
  return listed.refine((items) => items.every((item) => pattern.test(item)), `must be a list of ${what}`);
}

/** Names with commas between them, one at least. */
export const names = takes(
  'separated by commas',
  listed.refine((items) => items.length > 0, 'must name at least one'),
);

/** Numbers with commas between them, each within its range. */
export function numberList(least: number, most: number) {
  const schema = z
    .union([z.array(z.number()), listed.transform((items) => items.map(Number))])
    .refine(
      (items) => items.every((item) => item >= least && item <= most),
      `must be numbers from ${least} to ${most}`,
    );
  return takes(`numbers from ${least} to ${most}, separated by commas`, schema);
}

/** Addresses, networks and host names with commas between them, one at least. */
/** A name as the API server takes it, which `none` is as well: it stands for no ConfigMap. */
export const configMapName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be the name of a ConfigMap, or none');

export const callerNames = takes(
  'separated by commas',
  listed
    .refine((items) => items.length > 0, 'must name at least one')
    .refine(
      (items) => items.every(isCallerName),
      'must be addresses, networks such as 10.0.3.0/24, or host names without a port',
    ),
);

function isCallerName(name: string): boolean {
  const [address = '', prefix, more] = name.split('/');
  const version = isIP(address);
  if (version === 0) return prefix === undefined && /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(name);
  if (prefix === undefined) return true;
  return more === undefined && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}

export const awsRegion = z.string().transform((text, context): string => {
  const named = namedRegion(text);
  if ('region' in named) return named.region;
  context.addIssue({ code: 'custom', message: named.mistake });
  return z.NEVER;
});

/** Regions with commas between them, one at least. */
export const awsRegionList = takes(
  'separated by commas',
  listed.transform((items, context): readonly string[] => {
    const found = items.map(namedRegion);
    const mistakes = found.flatMap((one) => ('mistake' in one ? [one.mistake] : []));
    if (items.length === 0) mistakes.push('must name at least one region');
    for (const message of mistakes) context.addIssue({ code: 'custom', message });
    return found.flatMap((one) => ('region' in one ? [one.region] : []));
  }),
);

/**
 * A moment as a person writes it, read as the times of a history are but for dates with slashes, whose order of day and month is a
 * guess; epoch milliseconds.
 */
export const moment = takes(
  'such as 2024-01-31 or 2024-01-31T06:00:00Z, UTC unless it names another zone',
  z.string().transform((text, context): number => {
    const atMs = text.includes('/') ? Number.NaN : timeOfText(text);
    if (!Number.isNaN(atMs)) return atMs;
    context.addIssue({
      code: 'custom',
      message:
        'must be a date or a time such as 2024-01-31 or 2024-01-31T06:00:00Z (UTC unless it names another zone)',
    });
    return z.NEVER;
  }),
);

/** Where a file of results goes, looked at before the work whose results it is to hold. */
export const resultFile = z
  .string()
  .min(1, 'must be a path')
  .transform((path, context): string => {
    const why = whyNoFile(path);
    if (why === undefined) return path;
    context.addIssue({ code: 'custom', message: `cannot be written: ${why}` });
    return z.NEVER;
  });

function whyNoFile(path: string): string | undefined {
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    return `there is no folder ${folder}`;
  const standing = statSync(path, { throwIfNoEntry: false });
  if (standing?.isDirectory() === true) return 'it is a folder';
  try {
    accessSync(standing === undefined ? folder : path, constants.W_OK);
    return undefined;
  } catch {
    return `nothing may be written ${standing === undefined ? `in ${folder}` : 'there'}`;
  }
}
