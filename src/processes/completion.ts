import { Argument, Command, type Option } from 'commander';
import { completionOf } from '../config/setting-flags.ts';
import type { CommandContext } from './command-context.ts';
import type { CommandFactory } from './commands.ts';
import { withExitCodes } from './settings-command.ts';

/** A command by the words that name it: `serve`, `models list`. */
interface KnownCommand {
  readonly path: string;
  readonly description: string;
  readonly words: readonly string[];
  readonly options: readonly Option[];
}

const shells = ['bash', 'zsh', 'fish'] as const;

/** `spot-expander completion SHELL`: a script that completes commands, flags and what they take. */
export function completionCommand(
  context: CommandContext,
  commands: Readonly<Record<string, () => Promise<CommandFactory>>>,
): Command {
  return withExitCodes(new Command('completion'))
    .description('print a script that completes commands, flags and their values in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText(
      'after',
      `
bash  source <(spot-expander completion bash)    in ~/.bashrc
zsh   source <(spot-expander completion zsh)     in ~/.zshrc, behind compinit
fish  spot-expander completion fish | source     in ~/.config/fish/config.fish`,
    )
    .action(async (shell: (typeof shells)[number]) => {
      const loaded = await Promise.all(Object.values(commands).map((load) => load()));
      const known = knownCommands(loaded.map((factory) => factory(context)));
      const text = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](known);
      context.writeOut(text);
    });
}

function knownCommands(tops: readonly Command[]): readonly KnownCommand[] {
  const below = (command: Command, before: string): readonly KnownCommand[] => {
    const path = before === '' ? command.name() : `${before} ${command.name()}`;
    return [
      {
        path,
        description: command.description(),
        words: command.commands.map((child) => child.name()),
        options: command.options.filter(({ long }) => long !== undefined),
      },
      ...command.commands.flatMap((child) => below(child, path)),
    ];
  };
  const completion = {
    path: 'completion',
    description: 'print a script for a shell',
    words: shells,
    options: [],
  };
  const known = [...tops.flatMap((top) => below(top, '')), completion];
  const words = known.flatMap(({ path }) => (path.includes(' ') ? [] : [path]));
  return [{ path: '', description: '', words: [...words, '--version'], options: [] }, ...known];
}

function wordsOf({ words, options }: KnownCommand): string {
  return [...words, ...options.map(({ long }) => long ?? ''), '--help'].join(' ');
}

/** `case` branches of what may follow a flag, which bash and zsh read alike. */
function valueCases(
  known: readonly KnownCommand[],
  words: (list: string) => string,
  files: string,
): readonly string[] {
  return known.flatMap(({ path, options }) =>
    options.flatMap((option) => {
      const value = completionOf(option);
      if (value === 'nothing') return [];
      const then = value === 'anything' ? ':' : value === 'file' ? files : words(value.join(' '));
      return [`    '${path} ${option.long ?? ''}') ${then}; return ;;`];
    }),
  );
}

/** Finds the words that name the command among those before the cursor. */
function pathLoop(known: readonly KnownCommand[], words: string): readonly string[] {
  const names = known.flatMap(({ path }) => {
    const at = path.lastIndexOf(' ');
    return path === '' ? [] : [`'${path.slice(0, Math.max(0, at))} ${path.slice(at + 1)}'`];
  });
  return [
    `  for word in ${words}; do`,
    '    case "$named $word" in',
    `      ${names.join('|')}) named="\${named:+$named }$word" ;;`,
    '    esac',
    '  done',
  ];
}

function bashScript(known: readonly KnownCommand[]): string {
  const reply = (list: string): string => `COMPREPLY=($(compgen -W '${list}' -- "$current"))`;
  const files = 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current"))';
  return [
    '# source <(spot-expander completion bash)',
    '_spot_expander() {',
    "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} named='' word",
    '  COMPREPLY=()',
    ...pathLoop(known, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"'),
    '  case "$named $previous" in',
    ...valueCases(known, reply, files),
    '  esac',
    '  case "$named" in',
    ...known.map((one) => `    '${one.path}') ${reply(wordsOf(one))} ;;`),
    '  esac',
    '}',
    'complete -F _spot_expander spot-expander',
    '',
  ].join('\n');
}

function zshScript(known: readonly KnownCommand[]): string {
  const add = (list: string): string => `compadd -- ${list}`;
  return [
    '#compdef spot-expander',
    '_spot_expander() {',
    "  local named='' word previous=${words[CURRENT-1]}",
    ...pathLoop(known, '"${(@)words[2,CURRENT-1]}"'),
    '  case "$named $previous" in',
    ...valueCases(known, add, '_files'),
    '  esac',
    '  case "$named" in',
    ...known.map((one) => `    '${one.path}') ${add(wordsOf(one))} ;;`),
    '  esac',
    '}',
    'compdef _spot_expander spot-expander',
    '',
  ].join('\n');
}

function fishScript(known: readonly KnownCommand[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = known.flatMap(({ path, words, options }) => {
    const names = path.split(' ').filter((name) => name !== '');
    const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ');
    const when = path === '' ? '__fish_use_subcommand' : seen;
    const nextWords = words
      .filter((word) => !word.startsWith('-'))
      .map((word) => {
        const { description = '' } = known.find((one) => one.path === `${path} ${word}`.trim()) ?? {};
        return `complete -c spot-expander -n ${quoted(when)} -a ${word} -d ${quoted(description)}`;
      });
    const flags = options.map((option) => {
      const value = completionOf(option);
      const takes =
        value === 'nothing'
          ? ''
          : value === 'file'
            ? ' -rF'
            : value === 'anything'
              ? ' -x'
              : ` -xa ${quoted(value.join(' '))}`;
      const long = (option.long ?? '').replace(/^--/, '');
      return `complete -c spot-expander -n ${quoted(when)} -l ${long}${takes} -d ${quoted(option.description)}`;
    });
    return [...nextWords, ...flags];
  });
  return ['# spot-expander completion fish | source', 'complete -c spot-expander -f', ...lines, ''].join(
    '\n',
  );
}
