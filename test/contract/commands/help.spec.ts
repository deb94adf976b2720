import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect } from 'chai';
import { commands } from '../../../src/processes/commands.ts';
import { completionCommand } from '../../../src/processes/completion.ts';
import { commandContext } from './command-context.ts';

/** Every command and the commands below it, by the words that name it. */
async function everyCommand(home: string): Promise<ReadonlyMap<string, Command>> {
  const found = new Map<string, Command>();
  const add = (command: Command, before: string): void => {
    const path = `${before} ${command.name()}`.trim();
    found.set(path, command);
    for (const child of command.commands) add(child, path);
  };
  for (const load of Object.values(commands)) add((await load())(commandContext(home)), '');
  return found;
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

describe('the help of every command', () => {
  const home = mkdtempSync(join(tmpdir(), 'help-'));
  after(() => rmSync(home, { recursive: true, force: true }));

  it('tells its exit codes, once', async () => {
    for (const [path, command] of await everyCommand(home)) {
      const codes = helpOf(command).match(/Exit codes: 0 .*1 .*2 used wrongly/g) ?? [];
      expect(codes, path).to.have.length(1);
    }
  });

  it('says of each flag what it takes, or is a switch', async () => {
    let flags = 0;
    for (const [path, command] of await everyCommand(home))
      for (const { long, flags: text, description, hidden } of command.options) {
        if (hidden) continue;
        flags += 1;
        expect(text, `${path} ${long}`).to.match(/^--[a-z0-9-]+( [<[][^>\]]+[>\]])?$/);
        expect(description.length, `${path} ${long}`).to.be.greaterThan(8);
        if (/<(duration|count|rows|days|hours|share|0\.\.1|USD.*|points|time)>/.test(text))
          expect(description, `${path} ${long}`).to.match(/\((.*(\d to \d|such as).*)\)/);
      }
    expect(flags).to.be.greaterThan(250);
  });

  it('names a variable of its own for each setting: no two commands read one name for different things', async () => {
    const meanings = new Map<string, string>();
    for (const [path, command] of await everyCommand(home))
      for (const { long, description } of command.options)
        for (const [name] of description.matchAll(/SPOT_EXPANDER_\w+/g)) {
          const known = meanings.get(name);
          // The time-outs of a question and of a release are two, and were so before they stood in one table.
          if (known !== undefined && name !== 'SPOT_EXPANDER_TIMEOUT')
            expect(known, `${path} ${long}: ${name}`).to.equal(long);
          meanings.set(name, long ?? '');
        }
  });
});

describe('completion', () => {
  const home = mkdtempSync(join(tmpdir(), 'completion-'));
  after(() => rmSync(home, { recursive: true, force: true }));

  async function script(shell: string): Promise<string> {
    const context = commandContext(home);
    await completionCommand(context, commands).parseAsync([shell], { from: 'user' });
    return context.out();
  }

  it('of bash completes commands, their flags, and what these take', async function () {
    this.timeout(20_000);
    const file = join(home, 'complete.bash');
    writeFileSync(file, await script('bash'));
    const completed = (...words: readonly string[]): readonly string[] => {
      const listed = words.map((word) => `'${word}'`).join(' ');
      const text = `source ${file}; COMP_WORDS=(spot-expander ${listed}); COMP_CWORD=${words.length}; _spot_expander; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['--norc', '-c', text], { encoding: 'utf8' }).trim().split('\n');
    };
    expect(completed('')).to.include.members(['serve', 'demo', 'rank', 'completion', '--help']);
    expect(completed('ra')).to.deep.equal(['rank']);
    expect(completed('rank', '--risk-m')).to.deep.equal(['--risk-model']);
    expect(completed('rank', '--risk-model', 'fam')).to.deep.equal(['family-stress']);
    expect(completed('serve', '--region', 'ap-south-')).to.deep.equal(['ap-south-1', 'ap-south-2']);
    expect(completed('models', 'r')).to.deep.equal(['rollback']);
    expect(completed('models', 'rollback', '--v')).to.deep.equal(['--version']);
    expect(completed('train', '--history', file.slice(0, -4))).to.deep.equal([file]);
    expect(completed('completion', 'z')).to.deep.equal(['zsh']);
  });

  it('of zsh and fish name every command and flag', async () => {
    for (const shell of ['zsh', 'fish']) {
      const text = await script(shell);
      for (const [path, command] of await everyCommand(home)) {
        expect(text, shell).to.include(path.split(' ').at(-1));
        for (const { long } of command.options)
          expect(text, `${shell} ${path}`).to.include((long ?? '').slice(2));
      }
    }
  });
});
