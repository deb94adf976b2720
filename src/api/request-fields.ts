import { z } from 'zod';
import type { CapacityType } from '../decision/pool.ts';
import { InvalidRequest, type RequestMistake } from '../errors/invalid-request.ts';
import type { AwsSignal } from './messages.ts';

/** A pool as it was asked for: its region may still have to be found. */
export interface AskedPool {
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: CapacityType;
}

const longestName = 64;
const typePattern = /^[a-z0-9-]+\.[a-z0-9-]+$/;
const zonePattern = /^[a-z]{2,}[a-z0-9-]*\d[a-z]?$/;

export const instanceType = z
  .string()
  .max(longestName)
  .regex(typePattern, 'must be an instance type such as c5.large');
export const zone = z
  .string()
  .max(longestName)
  .regex(zonePattern, 'must be a zone name such as ap-south-1a or a zone id such as aps1-az1');
export const region = z
  .string()
  .max(longestName)
  .regex(/^[a-z]{2,}(-[a-z]+)+-\d+$/, 'must be an AWS region such as ap-south-1');
export const amount = z.number().min(0).max(1e9);

const capacityTypes: Readonly<Record<string, CapacityType>> = {
  SPOT: 'spot',
  ON_DEMAND: 'on-demand',
  UNKNOWN: 'unknown',
};

export const capacityType = z.string().transform((text, context): CapacityType => {
  const known = capacityTypes[text.toUpperCase().replace('-', '_')];
  if (known !== undefined) return known;
  context.addIssue({ code: 'custom', message: 'must be SPOT, ON_DEMAND or UNKNOWN' });
  return z.NEVER;
});

const signals: Readonly<Record<string, AwsSignal>> = {
  NONE: 'NONE',
  REBALANCE: 'REBALANCE',
  REBALANCE_RECOMMENDATION: 'REBALANCE',
  TERMINATION: 'TERMINATION',
  INSTANCE_TERMINATION: 'TERMINATION',
};

export const awsSignal = z.string().transform((text, context): AwsSignal => {
  const known = signals[text.toUpperCase()];
  if (known !== undefined) return known;
  context.addIssue({ code: 'custom', message: 'must be NONE, REBALANCE or TERMINATION' });
  return z.NEVER;
});

/** An object that takes these fields and says so of any other. */
export function fields<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `is not a field here; there are ${known}`
        : `must be an object with ${known}`,
  });
}

function isName(text: string, pattern: RegExp): boolean {
  return text.length <= longestName && pattern.test(text);
}

/** `TYPE@ZONE` in its two parts. */
const poolText = z.string().transform((text, context) => {
  const [type = '', place = '', ...rest] = text.trim().split('@');
  if (isName(type, typePattern) && isName(place, zonePattern) && rest.length === 0)
    return { instanceType: type, zone: place };
  context.addIssue({
    code: 'custom',
    message: `must be TYPE@ZONE such as c5.large@ap-south-1a (got ${JSON.stringify(text.slice(0, 80))})`,
  });
  return z.NEVER;
});

/** The fields by which a pool can be named; `namedPool` reads them. */
export const poolFields = {
  pool: poolText.optional(),
  instance_type: instanceType.optional(),
  availability_zone: zone.optional(),
} as const;

interface PoolFields {
  readonly pool?: { readonly instanceType: string; readonly zone: string } | undefined;
  readonly instance_type?: string | undefined;
  readonly availability_zone?: string | undefined;
}

export function namedPool(
  given: PoolFields,
  context: z.core.$RefinementCtx,
): { readonly instanceType: string; readonly zone: string } {
  const { pool, instance_type, availability_zone } = given;
  if (pool !== undefined) {
    if (instance_type === undefined && availability_zone === undefined) return pool;
    context.addIssue({
      code: 'custom',
      path: ['pool'],
      message: 'goes without instance_type and availability_zone: it names both',
    });
    return z.NEVER;
  }
  if (instance_type !== undefined && availability_zone !== undefined)
    return { instanceType: instance_type, zone: availability_zone };
  const missing = { instance_type, availability_zone };
  for (const [field, value] of Object.entries(missing))
    if (value === undefined) context.addIssue({ code: 'custom', path: [field], message: 'is missing' });
  return z.NEVER;
}

/**
 * What the schema makes of the value.
 * @throws InvalidRequest that names every mistake with its place.
 */
export function parsedRequest<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidRequest(parsed.error.issues.flatMap(mistakesOfIssue));
}

function mistakesOfIssue(issue: z.core.$ZodIssue): readonly RequestMistake[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: issue.message }));
  return [{ path: path.join('.'), message: plainMessage(issue.message) }];
}

function plainMessage(message: string): string {
  const expected = /^Invalid input: expected (\w+), received (\w+)$/.exec(message);
  if (expected === null) return message;
  return expected[2] === 'undefined'
    ? `is missing; it must be of type ${expected[1] ?? ''}`
    : `must be of type ${expected[1] ?? ''}, not ${expected[2] ?? ''}`;
}

/**
 * A gRPC message without the values that proto3 fills in for what was not said, so that one schema reads gRPC and JSON alike.
 * No field of ours tells 0, "" or false from absent.
 */
export function withoutProtoDefaults(message: unknown): unknown {
  if (Array.isArray(message)) return message.map(withoutProtoDefaults);
  if (typeof message !== 'object' || message === null) return message;
  return Object.fromEntries(
    Object.entries(message)
      .filter(([, value]) => !isProtoDefault(value))
      .map(([key, value]) => [key, withoutProtoDefaults(value)]),
  );
}

function isProtoDefault(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return (
    value === null ||
    value === undefined ||
    value === '' ||
    value === 0 ||
    value === false ||
    value === 'CAPACITY_TYPE_UNSPECIFIED'
  );
}
