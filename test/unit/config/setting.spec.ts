import { Command } from 'commander';
import { expect } from 'chai';
import { z } from 'zod';
import { UsageError } from '../../../src/errors/usage-error.ts';
import { addSettingFlags, helpText, settingFlags } from '../../../src/config/setting-flags.ts';
import { flag, setting, settingValues } from '../../../src/config/setting.ts';
import {
  awsRegionList,
  boundedNumber,
  durationMs,
  filePath,
  moment,
  wholeNumber,
  yesOrNo,
} from '../../../src/config/value-types.ts';

const table = {
  history: setting(filePath, undefined, 'place', 'price history'),
  region: setting(awsRegionList.optional(), undefined, 'regions', 'these only'),
  trees: setting(wholeNumber(1, 100), 10, 'count', 'most trees'),
  spike: setting(boundedNumber(0, 1), 0.03, 'share', 'rise that counts'),
  wait: setting(durationMs(60_000), '5s', 'duration', 'between two looks'),
  since: setting(moment.optional(), undefined, 'time', 'not before'),
  model: setting(z.enum(['auto', 'family-stress']), 'auto', 'name', 'which model'),
  taint: setting(yesOrNo, 'true', 'yes|no', 'taint the node'),
  json: flag(yesOrNo, 'false', '', 'as JSON'),
} as const;

function told(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const command = addSettingFlags(new Command('x'), table, 'TRAIN').argument('[more...]').exitOverride();
  command.parse([...args], { from: 'user' });
  const values = settingValues(table, {
    flags: settingFlags(table, command.opts()),
    environment,
    file: undefined,
    scope: 'TRAIN',
  });
  return { ...values, more: command.args };
}

function mistakes(...args: readonly string[]): string {
  try {
    told(args);
  } catch (error) {
    if (error instanceof UsageError) return error.mistakes.join('\n');
    throw error;
  }
  throw new Error('expected a UsageError');
}

describe('the settings of a command', () => {
  it('are exact values, from flags over the environment over defaults', () => {
    const { trees, spike, wait, region, since, taint, json } = told(
      ['--history', 'x', '--trees', '7', '--region', 'ap-south-1, us-east-1', '--since', '2024-01-31'],
      { SPOT_EXPANDER_TRAIN_TREES: '8', SPOT_EXPANDER_TRAIN_SPIKE: '0.5', SPOT_EXPANDER_WAIT: '1s' },
    );
    expect([trees, spike, wait, region]).to.deep.equal([7, 0.5, 5_000, ['ap-south-1', 'us-east-1']]);
    expect([since, taint, json]).to.deep.equal([Date.UTC(2024, 0, 31), true, false]);
  });

  it('say of each flag what it takes, in which unit, its default and its variable', () => {
    const text = (key: keyof typeof table) => helpText(key, table[key], 'TRAIN');
    expect(text('trees')).to.equal('most trees (whole, 1 to 100; default 10; SPOT_EXPANDER_TRAIN_TREES)');
    expect(text('wait')).to.include('such as 250ms, 2s, 5m, 6h or 7d, at most 1m; default 5s');
    expect(text('history')).to.equal('price history (needed; SPOT_EXPANDER_TRAIN_HISTORY)');
    expect(text('model')).to.include('auto or family-stress');
    expect(text('taint')).to.include('default yes; or --no-taint');
    expect(text('json')).to.equal('as JSON (default no)');
  });

  it('name a flag that is missing, with what it is', () => {
    expect(mistakes()).to.equal('--history <place> is needed: price history');
  });

  it('name all mistakes together, each with the range and what may have been meant', () => {
    const text = mistakes(
      ...['--trees', '1.5', '--spike', '2', '--wait', '2m', '--since', 'soon'],
      ...['--model', 'famly-stress', '--region', 'ap-soth-1'],
    );
    expect(text.split('\n')).to.have.length(7);
    expect(text).to.include('--trees: must be a whole number from 1 to 100 (got "1.5")');
    expect(text).to.include('--spike: must be a number from 0 to 1 (got "2")');
    expect(text).to.include('--wait: must be at most 1m');
    expect(text).to.include('--since: must be a date or a time such as 2024-01-31');
    expect(text).to.include(
      '--model: must be auto or family-stress (got "famly-stress"); did you mean family-stress?',
    );
    expect(text).to.include('did you mean ap-south-1');
  });

  it('turn what is on by default off in one word, and swallow nothing behind a switch', () => {
    expect(told(['--history', 'x', '--no-taint']).taint).to.equal(false);
    expect(told(['--history', 'x', '--taint', 'no']).taint).to.equal(false);
    const { json, more } = told(['--history', 'x', '--json', 'c5.large@ap-south-1a']);
    expect([json, more]).to.deep.equal([true, ['c5.large@ap-south-1a']]);
  });
});
