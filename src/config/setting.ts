import type { z } from 'zod';
import { didYouMean } from '../errors/nearest-names.ts';
import { UsageError } from '../errors/usage-error.ts';
import { choicesOf, joinedWithOr } from './value-text.ts';

/** One setting: a flag, an environment variable and, where the command reads one, a key of the configuration file. */
export interface Setting<T> {
  readonly schema: z.ZodType<T>;
  /** As an operator would write it; passes through `schema` like any other value. Undefined: not set. */
  readonly fallback: string | number | undefined;
  /** Its unit or kind: `duration`, `0..1`, `file`, `yes|no`. */
  readonly placeholder: string;
  readonly description: string;
  /** Environment variables accepted beside its own. */
  readonly alsoFrom?: readonly string[];
  /** True where a variable would make no sense: the flag is about one call. */
  readonly isFlagOnly?: true;
}

export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

export type SettingValues<Table extends SettingTable> = {
  readonly [Key in keyof Table]: Table[Key] extends Setting<infer T> ? T : never;
};

export function setting<T>(
  schema: z.ZodType<T>,
  fallback: string | number | undefined,
  placeholder: string,
  description: string,
  alsoFrom?: readonly string[],
): Setting<T> {
  return alsoFrom === undefined
    ? { schema, fallback, placeholder, description }
    : { schema, fallback, placeholder, description, alsoFrom };
}

/** A setting of one call that no environment variable gives. */
export function flag<T>(
  schema: z.ZodType<T>,
  fallback: string | number | undefined,
  placeholder: string,
  description: string,
): Setting<T> {
  return { schema, fallback, placeholder, description, isFlagOnly: true };
}

export interface RawSettings {
  /** Values of flags by setting key; undefined where the flag was not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: { readonly path: string; readonly values: Readonly<Record<string, unknown>> } | undefined;
  /** What the table's variables begin with behind `SPOT_EXPANDER_`, such as `TRAIN`; empty when undefined. */
  readonly scope?: string;
}

/** Keys of the file that are no settings of the table, and what is wrong with them. */
interface StructuredKeys {
  readonly keys: readonly string[];
  readonly mistakes: readonly string[];
}

interface Sourced {
  readonly value: unknown;
  readonly source: string;
}

/**
 * The exact values of a table: flag over environment over file over default.
 * @throws UsageError that names every mistake with its flag, variable or key.
 */
export function settingValues<Table extends SettingTable>(
  table: Table,
  raw: RawSettings,
  structured: StructuredKeys = { keys: [], mistakes: [] },
): SettingValues<Table> {
  const mistakes: string[] = [...structured.mistakes];
  const values: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(table)) {
    const { value, source } = sourced(key, one, raw);
    const parsed = one.schema.safeParse(value);
    if (parsed.success) values[key] = parsed.data;
    else if (value === undefined)
      mistakes.push(`${flagName(key)} <${one.placeholder}> is needed: ${one.description}`);
    else mistakes.push(...parsed.error.issues.map((issue) => mistakeText(source, one, value, issue)));
  }
  if (raw.file !== undefined)
    mistakes.push(...unknownKeys(raw.file, [...Object.keys(table), ...structured.keys]));
  if (mistakes.length > 0) throw new UsageError(mistakes);
  // Every key of the table has been parsed by its own schema above.
  return values as SettingValues<Table>;
}

/** Where each setting that somebody gave was given; those at their default are missing. */
export function explicitSettings(table: SettingTable, raw: RawSettings): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(table).flatMap(([key, one]) => {
      const { source } = sourced(key, one, raw);
      return source === defaultOf(key) ? [] : [[key, source] as const];
    }),
  );
}

function defaultOf(key: string): string {
  return `default of ${key}`;
}

function sourced(key: string, one: Setting<unknown>, raw: RawSettings): Sourced {
  const flag = raw.flags[key];
  if (flag !== undefined) return { value: flag, source: flagName(key) };
  for (const name of environmentNames(key, one, raw.scope)) {
    const value = raw.environment[name];
    if (value !== undefined && value !== '') return { value, source: `environment variable ${name}` };
  }
  const fileValue = raw.file?.values[key];
  if (raw.file !== undefined && fileValue !== undefined && fileValue !== null)
    return { value: fileValue, source: `${raw.file.path}: ${key}` };
  return { value: one.fallback, source: defaultOf(key) };
}

function mistakeText(
  source: string,
  { schema }: Setting<unknown>,
  value: unknown,
  issue: z.core.$ZodIssue,
): string {
  const valueText = JSON.stringify(value);
  const choices = choicesOf(schema);
  if (choices !== undefined && typeof value === 'string')
    return `${source}: must be ${joinedWithOr(choices)} (got ${valueText})${didYouMean(value, choices)}`;
  const message = issue.path.length === 0 ? issue.message : `${issue.path.join('.')} ${issue.message}`;
  return message.includes(valueText) ? `${source}: ${message}` : `${source}: ${message} (got ${valueText})`;
}

function unknownKeys(file: NonNullable<RawSettings['file']>, known: readonly string[]): string[] {
  return Object.keys(file.values)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = didYouMean(key.replaceAll('-', '_').toLowerCase(), known);
      const same = known.find((one) => one.replaceAll('_', '') === key.replaceAll(/[-_]/g, '').toLowerCase());
      const hint = same === undefined ? near : `; did you mean ${same}?`;
      return `${file.path}: ${key} is not a setting${hint === '' ? `; known are ${known.join(', ')}` : hint}`;
    });
}

export function flagName(key: string): string {
  return `--${key.replaceAll('_', '-')}`;
}

export function environmentName(key: string, scope?: string): string {
  return ['SPOT_EXPANDER', ...(scope === undefined ? [] : [scope]), key.toUpperCase()].join('_');
}

/** All variables that give a setting, the own one first; none for a flag of one call. */
export function environmentNames(key: string, one: Setting<unknown>, scope?: string): readonly string[] {
  return one.isFlagOnly === true ? [] : [environmentName(key, scope), ...(one.alsoFrom ?? [])];
}
