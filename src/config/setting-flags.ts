import type { Command } from 'commander';
import { Option } from 'commander';
import { awsRegions } from '../formats/aws-regions.ts';
import { environmentNames, flagName, type Setting, type SettingTable } from './setting.ts';
import { choicesOf, acceptedText } from './value-text.ts';

/** The setting behind an option, for whoever needs more than its help text: completion. */
const settingOf = new WeakMap<Option, Setting<unknown>>();

/** What may follow a flag: words, a file or folder, anything, or nothing at all. */
export function completionOf(option: Option): readonly string[] | 'file' | 'anything' | 'nothing' {
  if (!option.required && !option.optional) return 'nothing';
  const one = settingOf.get(option);
  if (one === undefined) return 'anything';
  if (isSwitch(one)) return ['yes', 'no'];
  if (one.placeholder === 'region' || one.placeholder === 'regions') return awsRegions;
  if (['file', 'place', 'path', 'directory'].includes(one.placeholder)) return 'file';
  return choicesOf(one.schema) ?? 'anything';
}

/** Adds one flag per setting to a command; `scope` is what its environment variables begin with. */
export function addSettingFlags(command: Command, table: SettingTable, scope?: string): Command {
  for (const [key, one] of Object.entries(table)) {
    const option = new Option(`${flagName(key)} ${argumentOf(one)}`.trim(), helpText(key, one, scope));
    settingOf.set(option, one);
    command.addOption(option);
    // What is on by default is told off in one word as well.
    if (isSwitch(one) && String(one.fallback) === 'true')
      command.addOption(new Option(flagName(`no_${key}`)).hideHelp());
  }
  return command;
}

/** A switch may stand alone: `--dry-run` is `--dry-run yes`. */
function argumentOf(one: Setting<unknown>): string {
  if (one.placeholder === '') return '';
  return isSwitch(one) ? `[${one.placeholder}]` : `<${one.placeholder}>`;
}

/** Without a placeholder a flag takes no value at all: what follows it is never swallowed. */
function isSwitch({ placeholder }: Setting<unknown>): boolean {
  return placeholder === 'yes|no' || placeholder === '';
}

/** What the setting is, what it takes and in which unit, its default, and the variables that give it too. */
export function helpText(key: string, one: Setting<unknown>, scope?: string): string {
  const isOn = isSwitch(one) && String(one.fallback) === 'true';
  const facts = [
    acceptedOf(one),
    fallbackText(one),
    isOn ? `or ${flagName(`no_${key}`)}` : '',
    environmentNames(key, one, scope).join(', '),
  ].filter((part) => part !== '');
  return facts.length === 0 ? one.description : `${one.description} (${facts.join('; ')})`;
}

/** A description that names every choice is not followed by them again. */
export function acceptedOf({ schema, description }: Setting<unknown>): string {
  const choices = choicesOf(schema);
  if (choices?.every((choice) => description.includes(choice)) === true) return '';
  return acceptedText(schema) ?? '';
}

function fallbackText(one: Setting<unknown>): string {
  if (one.fallback !== undefined) return `default ${isSwitch(one) ? switchText(one.fallback) : one.fallback}`;
  return one.schema.safeParse(undefined).success ? '' : 'needed';
}

function switchText(fallback: string | number): string {
  return String(fallback) === 'true' ? 'yes' : 'no';
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
