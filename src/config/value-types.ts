import * as z from 'zod';

/** Every setting can come as text (flag, environment) or as a YAML value; these schemas take both. */

const durationUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `250ms`, `2s`, `5m`, `6h`, `7d`, or a number of milliseconds. From `minMs` to `maxMs`. */
export function durationMs(maxMs = 366 * 86_400_000, minMs = 0) {
  return z.union([z.number(), z.string()]).transform((value, context) => {
    const ms = typeof value === 'number' ? value : parsedDurationMs(value);
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms;
    const message =
      ms !== undefined && ms > maxMs
        ? `must be at most ${maxMs / 1_000} s`
        : ms !== undefined && ms >= 0
          ? `must be at least ${minMs / 1_000} s`
          : 'must be a duration such as 250ms, 2s, 5m, 6h or 7d';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

function parsedDurationMs(text: string): number | undefined {
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
export const byteSize = z.union([z.number(), z.string()]).transform((value, context) => {
  const match = /^(\d+)\s*(|K|M|G|Ki|Mi|Gi)B?$/.exec(String(value).trim());
  const unit = match === null ? undefined : byteUnits[match[2] ?? ''];
  if (match?.[1] === undefined || unit === undefined) {
    context.addIssue({ code: 'custom', message: 'must be a size such as 512Mi, 2Gi or a number of bytes' });
    return z.NEVER;
  }
  return Number(match[1]) * unit;
});

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`, `[IPv6]:PORT` or `:PORT` (all interfaces). */
export const listenAddress = z.string().transform((value, context): ListenAddress => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(value.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    context.addIssue({ code: 'custom', message: 'must be HOST:PORT, for example 0.0.0.0:9443' });
    return z.NEVER;
  }
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '0.0.0.0' : host, port };
});

/** As a listener takes it: an IPv6 host in brackets. */
export function hostAndPort({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function boundedNumber(min: number, max: number) {
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^-?\d+(\.\d+)?(e-?\d+)?$/i)
          .transform(Number),
      ],
      { error: `must be a number from ${min} to ${max}` },
    )
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);
}

export const yesOrNo = z.union(
  [
    z.boolean(),
    z.enum(['true', 'false', '1', '0', 'yes', 'no']).transform((text) => ['true', '1', 'yes'].includes(text)),
  ],
  { error: 'must be true or false' },
);

export const filePath = z.string().min(1, 'must be a path');

export function listOf(pattern: RegExp, what: string) {
  return z
    .union([
      z.array(z.string()),
      z.string().transform((text) =>
        text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      ),
    ])
    .refine((items) => items.every((item) => pattern.test(item)), `must be a list of ${what}`);
}
