import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { backtestCommand } from '../../../src/processes/offline/backtest.ts';
import { scoreCommand } from '../../../src/processes/offline/score.ts';
import { simulateCommand } from '../../../src/processes/offline/simulate.ts';
import { trainCommand } from '../../../src/processes/offline/train.ts';
import { runWith } from '../commands/run-command.ts';
import { driftingRows, header } from './drifting-history.ts';

const model = new URL('../../../models/family-stress-12h.onnx', import.meta.url).pathname;
const badRows = [
  '2024-01-03T01:00:00Z,ap-south-1,aps1-az1,c5.large,Linux/UNIX,0',
  '2024-01-03T02:00:00Z,ap-south-1,aps1-az1,c5.large,Linux/UNIX,-0.03',
  '2024-01-03T03:00:00Z,ap-south-1,aps1-az1,c5.large,Linux/UNIX,dear',
  'yesterday,ap-south-1,aps1-az1,c5.large,Linux/UNIX,0.5',
  '2093-01-03T00:00:00Z,ap-south-1,aps1-az1,c5.large,Linux/UNIX,0.5',
  '2024-01-03T00:00:00Z,ap-south-1,aps1-az1,large,Linux/UNIX,0.5',
  '2024-01-03T00:00:00Z,,nowhere,c5.large,Linux/UNIX,0.5',
  '2024-01-03T00:00:00Z,ap',
];

const told = [
  'Dropped 1 rows without the needed columns',
  'Dropped 1 rows with a time that cannot be read',
  'Dropped 1 rows with a price that is no number',
  'Dropped 2 rows with a price of zero or less',
  'Dropped 1 rows from the future',
  'Dropped 1 rows whose instance type is none',
  'Dropped 1 rows whose zone names no region',
  'Dropped 1 rows that stand there twice',
  'empty.csv: the file is empty (0 bytes)',
  'cut.csv.gz: the gzip file is cut off',
  'other.json: the file holds no rows of SpotPriceHistory',
  '12 pools are under zone ids and 1 under zone names',
];

const dropped = {
  malformed: 1,
  'malformed-time': 1,
  'malformed-price': 1,
  'price-not-positive': 2,
  'time-in-future': 1,
  'malformed-type': 1,
  'unknown-zone': 1,
  duplicate: 1,
};

const quick = [
  ...['--trees', '10', '--learning-rate', '0.1', '--min-leaf-rows', '20', '--l2', '1', '--threads', '1'],
  ...['--draws', '20', '--calibration-days', '8'],
];

describe('a history with everything wrong', function () {
  this.timeout(60_000);
  let folder = '';
  const at = (name: string) => join(folder, name);

  const commands = {
    score: (place: string) =>
      runWith([scoreCommand], folder, [
        ...['score', '--history', at(place), '--model', model, '--out', at('scores.csv')],
        ...['--from', '2024-01-02', '--to', '2024-02-20'],
      ]),
    train: (place: string) =>
      runWith([trainCommand], folder, [
        ...['train', '--history', at(place), '--out', at('models'), ...quick, '--publish-below-baseline'],
      ]),
    backtest: (place: string) =>
      runWith([backtestCommand], folder, [
        ...['backtest', '--history', at(place), ...quick, '--origins', '1', '--json', at('backtest.json')],
      ]),
    simulate: (place: string) =>
      runWith([simulateCommand], folder, [
        ...['simulate', '--history', at(place), '--seeds', '2', '--days', '1', '--json', at('simulate.json')],
      ]),
  };
  const names = ['score', 'train', 'backtest', 'simulate'] as const;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bad-history-'));
    for (const name of ['bad', 'empty', 'future', 'short']) mkdirSync(at(name));
    const pools = {
      region: 'ap-south-1',
      fromMs: Date.UTC(2024, 0, 1),
      zones: ['aps1-az1', 'aps1-az3'],
    } as const;
    // Four days are a gap.
    const rows = driftingRows(60, pools).filter((row) => row < '2024-01-20' || row >= '2024-01-24');
    writeFileSync(at('bad/rows.csv'), `${header}${[...rows, ...badRows, rows[5]].join('\n')}\n`);
    writeFileSync(at('bad/empty.csv'), '');
    const named = gzipSync(
      `${header}2024-01-01T00:00:00Z,ap-south-1,ap-south-1a,c5.large,Linux/UNIX,0.5000\n`,
    );
    writeFileSync(at('bad/cut.csv.gz'), named.subarray(0, -8));
    writeFileSync(at('bad/other.json'), '{"message":"Access denied"}');
    writeFileSync(at('empty/rows.csv'), '');
    writeFileSync(at('future/rows.csv'), `${header}${rows.join('\n').replaceAll('2024-', '2094-')}\n`);
    writeFileSync(at('short/rows.csv'), `${header}${driftingRows(5, pools).join('\n')}\n`);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const name of names)
    it(`${name} counts what it drops and uses the rest`, async () => {
      const { error, exitCode } = await commands[name]('bad');
      expect(exitCode, error).to.equal(0);
      for (const words of told) expect(error).to.contain(words);
    });

  it('the reports that are kept hold the counts as well', () => {
    const kept = (name: string): unknown => JSON.parse(readFileSync(at(name), 'utf8'));
    for (const name of ['backtest.json', 'simulate.json'])
      expect(kept(name)).to.have.property('history').that.has.property('dropped').that.includes(dropped);
    const page = readFileSync(at('models/family-stress-12h.report.html'), 'utf8');
    for (const words of told) expect(page).to.contain(words);
  });

  for (const [command, flag] of [
    [backtestCommand, '--json'],
    [simulateCommand, '--json'],
    [simulateCommand, '--html'],
  ] as const)
    it(`${command.name} begins nothing when its ${flag} cannot be written`, async () => {
      for (const [place, why] of [
        ['nowhere/results', 'there is no folder'],
        ['bad', 'it is a folder'],
      ] as const) {
        const { error, exitCode } = await runWith([command], folder, [
          ...[command === backtestCommand ? 'backtest' : 'simulate', '--history', at('bad')],
          ...[flag, at(place)],
        ]);
        expect(exitCode).to.equal(2);
        expect(error).to.contain('cannot be written').and.to.contain(why);
        expect(error).to.not.contain('price changes');
      }
    });

  it('train begins nothing when nothing can be published', async () => {
    const { error, exitCode } = await runWith([trainCommand], folder, [
      ...['train', '--history', at('bad'), '--out', at('bad/rows.csv/models')],
    ]);
    expect(exitCode).to.equal(2);
    expect(error).to.contain('nothing can be published at --out').and.to.contain('rows.csv');
    expect(error).to.not.contain('price changes');
  });

  for (const name of names) {
    it(`${name} of an empty file or of the future alone is refused in a sentence`, async () => {
      for (const [place, why] of [
        ['empty', 'the file is empty (0 bytes)'],
        ['future', 'from the future (a clock is wrong)'],
      ] as const) {
        const { error, exitCode } = await commands[name](place);
        expect(exitCode).to.equal(2);
        expect(error).to.contain(why).and.to.contain('holds no prices of what was asked for');
      }
    });

    it(`${name} of five days says that they are too few`, async () => {
      const { error, exitCode } = await commands[name]('short');
      expect(error).to.match(/spans [45]\.\d days; features look seven days back/);
      if (name !== 'score') expect(exitCode).to.be.above(0);
      if (name === 'simulate') expect(error).to.contain('before the demand begins');
    });
  }
});
