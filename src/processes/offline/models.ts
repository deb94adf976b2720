import { Command } from 'commander';
import { z } from 'zod';
import { flag, setting } from '../../config/setting.ts';
import { filePath } from '../../config/value-types.ts';
import { archivedVersions, rollBack } from '../../offline/training/published-models.ts';
import type { CommandContext } from '../command-context.ts';
import { readSettings, withExitCodes, withSettings } from '../settings-command.ts';
import { openStore } from './open-location.ts';

const placeSettings = {
  at: setting(filePath, 'models', 'place', 'where models are published: a directory or s3://bucket/prefix'),
} as const;

const listSettings = { scope: 'MODELS', table: placeSettings } as const;
const rollbackSettings = {
  scope: 'MODELS',
  table: {
    ...placeSettings,
    version: flag(
      z.string().min(1).optional(),
      undefined,
      'version',
      'the one to return to; default the one before',
    ),
  },
} as const;

/** `spot-expander models`: which versions there are, and the way back to one. */
export function modelsCommand(context: CommandContext): Command {
  const list = withSettings(new Command('list'), listSettings)
    .description('list the archived versions of a model')
    .argument('[name]', 'the model', 'family-stress-12h')
    .action(async (name: string, options: Readonly<Record<string, unknown>>) => {
      const { at } = readSettings(listSettings, options, context);
      const versions = await archivedVersions(await openStore(at), name, context.signal);
      context.writeOut(
        versions.length === 0 ? `No version of ${name} is archived.\n` : `${versions.join('\n')}\n`,
      );
    });
  const rollback = withSettings(new Command('rollback'), rollbackSettings)
    .description('put the version before the current one back, or a named one')
    .argument('[name]', 'the model', 'family-stress-12h')
    .action(async (name: string, options: Readonly<Record<string, unknown>>) => {
      const settings = readSettings(rollbackSettings, options, context);
      const version = await rollBack(await openStore(settings.at), name, settings.version, context.signal);
      context.writeOut(`${name} is back at ${version}. Running servers pick it up at their next look.\n`);
    });
  return withExitCodes(new Command('models').description('published models'))
    .addCommand(list)
    .addCommand(rollback);
}
