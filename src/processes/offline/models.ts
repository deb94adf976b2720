import { Command } from 'commander';
import { openStore } from './open-location.ts';
import { archivedVersions, rollBack } from '../../offline/training/published-models.ts';
import type { CommandContext } from '../command-context.ts';

interface Flags {
  readonly at: string;
  readonly version?: string;
}

/** `spot-expander models`: which versions there are, and the way back to one. */
export function modelsCommand(context: CommandContext): Command {
  const list = new Command('list')
    .description('list the archived versions of a model')
    .argument('[name]', 'the model', 'family-stress-12h')
    .option('--at <place>', 'where models are published', 'models')
    .action(async (name: string, flags: Flags) => {
      const versions = await archivedVersions(await openStore(flags.at), name, context.signal);
      context.writeOut(
        versions.length === 0 ? `No version of ${name} is archived.\n` : `${versions.join('\n')}\n`,
      );
    });
  const rollback = new Command('rollback')
    .description('put the version before the current one back, or a named one')
    .argument('[name]', 'the model', 'family-stress-12h')
    .option('--at <place>', 'where models are published', 'models')
    .option('--version <version>', 'the version to return to')
    .action(async (name: string, flags: Flags) => {
      const version = await rollBack(await openStore(flags.at), name, flags.version, context.signal);
      context.writeOut(`${name} is back at ${version}. Running servers pick it up at their next look.\n`);
    });
  return new Command('models').description('published models').addCommand(list).addCommand(rollback);
}
