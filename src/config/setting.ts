import type { Command } from 'commander';
import { Option } from 'commander';
import type { z } from 'zod';
import { UsageError } from '../errors/usage-error.ts';

/** One setting: a key of the configuration file, a flag and an environment variable, read by one schema. */
export interface Setting<T> {
  readonly schema: z.ZodType<T>;
  /** As an operator would write it; passes through `schema` like any other value. Undefined: not set. */
  readonly fallback: string | number | undefined;
  readonly placeholder: string;
  readonly description: string;
  /** Environment variables accepted beside `SPOT_EXPANDER_<KEY>`. */
  readonly alsoFrom?: readonly string[];
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

export interface RawSettings {
  /** Values of flags by setting key; undefined where the flag was not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: { readonly path: string; readonly values: Readonly<Record<string, unknown>> } | undefined;
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
    else
      mistakes.push(
        ...parsed.error.issues.map((issue) => `${source}: ${withPath(issue)} (got ${JSON.stringify(value)})`),
      );
  }
  if (raw.file !== undefined)
    mistakes.push(...unknownKeys(raw.file, [...Object.keys(table), ...structured.keys]));
  if (mistakes.length > 0) throw new UsageError(mistakes);
  // Every key of the table has been parsed by its own schema above.
  return values as SettingValues<Table>;
}

function sourced(key: string, one: Setting<unknown>, raw: RawSettings): Sourced {
  const flag = raw.flags[key];
  if (flag !== undefined) return { value: flag, source: flagName(key) };
  for (const name of [environmentName(key), ...(one.alsoFrom ?? [])]) {
    const value = raw.environment[name];
    if (value !== undefined && value !== '') return { value, source: `environment variable ${name}` };
  }
  const fileValue = raw.file?.values[key];
  if (raw.file !== undefined && fileValue !== undefined && fileValue !== null)
    return { value: fileValue, source: `${raw.file.path}: ${key}` };
  return { value: one.fallback, source: `default of ${key}` };
}

function withPath(issue: z.core.$ZodIssue): string {
  return issue.path.length === 0 ? issue.message : `${issue.path.join('.')} ${issue.message}`;
}

function unknownKeys(file: NonNullable<RawSettings['file']>, known: readonly string[]): string[] {
  return Object.keys(file.values)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = known.find(
        (candidate) => candidate.replaceAll('_', '') === key.replaceAll(/[-_]/g, '').toLowerCase(),
      );
      return `${file.path}: ${key} is not a setting${near === undefined ? `; known are ${known.join(', ')}` : `, did you mean ${near}?`}`;
    });
}

export function flagName(key: string): string {
  return `--${key.replaceAll('_', '-')}`;
}

export function environmentName(key: string): string {
  return `SPOT_EXPANDER_${key.toUpperCase()}`;
}

/** Adds one flag per setting to a command. */
export function addSettingFlags(command: Command, table: SettingTable): Command {
  for (const [key, one] of Object.entries(table)) {
    const names = [environmentName(key), ...(one.alsoFrom ?? [])].join(', ');
    const fallback = one.fallback === undefined ? '' : `, default ${one.fallback}`;
    command.addOption(
      new Option(`${flagName(key)} ${argumentOf(one)}`, `${one.description} (${names}${fallback})`),
    );
  }
  return command;
}

/** A switch may stand alone: `--dry-run` is `--dry-run yes`. */
function argumentOf({ placeholder }: Setting<unknown>): string {
  return placeholder === 'yes|no' ? `[${placeholder}]` : `<${placeholder}>`;
}

/** The flags of a command by setting key. */
export function settingFlags(
  table: SettingTable,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(table).map((key) => [
      key,
      options[key.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())],
    ]),
  );
}
