import type { Command } from 'commander';
import { addSettingFlags, settingFlags } from '../config/setting-flags.ts';
import { settingValues, type SettingTable, type SettingValues } from '../config/setting.ts';
import type { CommandContext } from './command-context.ts';

/** Settings of one command and what their environment variables begin with: `TRAIN` for SPOT_EXPANDER_TRAIN_OUT. */
export interface CommandSettings<Table extends SettingTable> {
  readonly table: Table;
  /** Undefined where commands share the variables, as `serve`, `rank` and `config check` do. */
  readonly scope?: string;
}

export const usualExitCodes = '0 done, 1 failed, 2 used wrongly';

/** Gives a command the flags of its settings, and its exit codes at the end of its help. */
export function withSettings<Table extends SettingTable>(
  command: Command,
  { table, scope }: CommandSettings<Table>,
  exitCodes = usualExitCodes,
): Command {
  return withExitCodes(addSettingFlags(command, table, scope), exitCodes);
}

export function withExitCodes(command: Command, exitCodes = usualExitCodes): Command {
  return command.addHelpText('after', `\nExit codes: ${exitCodes}.`);
}

/** What the command was told. @throws UsageError that names every mistake. */
export function readSettings<Table extends SettingTable>(
  { table, scope }: CommandSettings<Table>,
  options: Readonly<Record<string, unknown>>,
  { environment }: CommandContext,
): SettingValues<Table> {
  return settingValues(table, {
    flags: settingFlags(table, options),
    environment,
    file: undefined,
    ...(scope !== undefined && { scope }),
  });
}
