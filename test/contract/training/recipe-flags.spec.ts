import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backtestCommand } from '../../../src/processes/offline/backtest.ts';
import { trainCommand } from '../../../src/processes/offline/train.ts';
import { runWith } from '../commands/run-command.ts';

const model = new URL('../../../models/family-stress-12h.onnx', import.meta.url).pathname;

describe('a wrong flag is told before any history is read', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'recipe-flags-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const commands: Readonly<Record<string, readonly string[]>> = {
    train: ['train', '--out', 'models'],
    backtest: ['backtest'],
    'backtest --model': ['backtest', '--model', model],
  };
  const numbers = ['--trees', '--seed', '--near-miss-share', '--window-days', '--min-price', '--draws'];
  const wrong: readonly (readonly [string, readonly string[]])[] = [
    ['train', [...numbers, '--label-hours', '--family-unstable']],
    ['backtest', [...numbers, '--label-hours']],
    ['backtest --model', numbers],
  ];
  const told = async (command: string, ...more: readonly string[]): Promise<string> => {
    const run = await runWith(
      [trainCommand, backtestCommand],
      folder,
      // Looked at first, this file would be what is complained of.
      [...(commands[command] ?? []), '--history', 'not-there.csv', ...more],
    );
    expect(run.exitCode, run.error).to.equal(2);
    return run.error;
  };

  for (const [command, flags] of wrong)
    for (const flag of flags)
      it(`${command} ${flag}`, async () => {
        expect(await told(command, flag, '-1')).to.match(
          new RegExp(`${flag}: must be a (whole )?number from`),
        );
      });

  for (const [flag, value, why] of [
    ['--since', 'soon', 'must be a date or a time'],
    ['--until', '2024-13-01', 'must be a date or a time'],
    ['--shard', 'x', 'takes i/n with i from 0 to n'],
    ['--shard', '4/4', 'takes i/n with i from 0 to n'],
    ['--region', 'ap-soth-1', 'did you mean ap-south-1'],
    ['--tress', '3', 'Did you mean --trees'],
  ] as const)
    it(`train ${flag} ${value}, without a region`, async () => {
      expect(await told('train', flag, value)).to.contain(why);
    });

  it('train --until before --since', async () => {
    const span = ['--since', '2024-02-01', '--until', '2024-01-01'];
    expect(await told('train', ...span)).to.contain('--until: must come after --since');
  });

  it('train --out where no folder can be made: told at once, not tried for ever', async () => {
    expect(await told('train', '--out', '/proc/x')).to.contain('nothing can be published at --out /proc/x');
  });

  for (const command of ['backtest', 'backtest --model'])
    for (const months of ['2023-13', '2023-00', 'March', '2023-10,'])
      it(`${command} --origins ${months}`, async () => {
        expect(await told(command, '--origins', months)).to.contain('--origins takes months such as 2023-10');
      });
});
