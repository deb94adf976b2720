import { expect } from 'chai';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backtestCommand } from '../../../src/processes/offline/backtest.ts';
import { scoreCommand } from '../../../src/processes/offline/score.ts';
import { simulateCommand } from '../../../src/processes/offline/simulate.ts';
import { commandContext } from '../commands/command-context.ts';
import { runWith } from '../commands/run-command.ts';

const model = new URL('../../../models/family-stress-12h.onnx', import.meta.url).pathname;
const header = 'timestamp_utc,region,availability_zone,instance_type,product,price_usd';

/** A price every six hours from 1 January 2024, up and down by a tick. */
function priced(type: string, price: number, days: number, firstDay = 0): string[] {
  return Array.from({ length: days * 4 }, (_, step) => {
    const at = new Date(Date.UTC(2024, 0, 1 + firstDay) + step * 6 * 3_600_000).toISOString().slice(0, 19);
    return `${at}Z,eu-west-3,eu-west-3a,${type},Linux/UNIX,${(price + 0.0001 * (step % 2)).toFixed(4)}`;
  });
}

describe('score', () => {
  let folder = '';
  const out = () => join(folder, 'out.csv');

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'score-'));
    const pools = [
      ...priced('c5.large', 0.03, 30),
      ...priced('c5.xlarge', 0.06, 30),
      ...priced('t4g.nano', 0.0011, 30),
      ...priced('c7g.large', 0.02, 10, 20),
    ];
    writeFileSync(join(folder, 'history.csv'), `${[header, ...pools].join('\n')}\n`);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  const scored = (from: string, to: string, ...more: readonly string[]) =>
    runWith([scoreCommand], folder, [
      'score',
      ...['--model', model, '--history', join(folder, 'history.csv'), '--from', from, '--to', to],
      ...['--out', out(), ...more],
    ]);
  const rows = () => readFileSync(out(), 'utf8').trim().split('\n').slice(1);

  it('says how many prices have no score, and why', async () => {
    const { error, exitCode } = await scored('2024-01-22', '2024-01-22T18:00:00Z');
    expect(exitCode, error).to.equal(0);
    expect(rows()).to.have.length(2 * 4);
    expect(error).to.contain('8 scores from family-stress-12h.onnx');
    expect(error).to.contain('4 times a pool had no price seven days before the moment');
    expect(error).to.contain(
      '4 times a pool cost less than 0.0034 USD an hour; --min-price 0 scores those too',
    );
    expect(error).to.not.contain('no score at all').and.to.not.contain('taken to stand');
  });

  it('scores the cheapest pools as well when it is told to', async () => {
    const { error } = await scored('2024-01-22', '2024-01-22', '--min-price', '0');
    expect(rows().map((row) => row.split(',')[3])).to.deep.equal(['c5.large', 'c5.xlarge', 't4g.nano']);
    expect(error).to.not.contain('USD an hour');
  });

  it('says which moments lie before the first score and after the last price', async () => {
    const { error } = await scored('2024-01-01', '2024-02-05', '--every', '1d');
    expect(error).to.contain('7 of 36 moments have no score at all');
    expect(error).to.match(
      /5 moments lie more than a day after the last price of the history, 2024-01-30T18:00:00Z/,
    );
  });

  it('of moments at which nothing can be said is refused, and the file of before stands', async () => {
    writeFileSync(out(), 'before');
    const { error, exitCode } = await scored('2024-01-02', '2024-01-04');
    expect(exitCode).to.equal(2);
    expect(error).to.contain('no pool has a score at any of the 9 moments');
    expect(readFileSync(out(), 'utf8')).to.equal('before');
    expect(readdirSync(folder).sort()).to.deep.equal(['history.csv', 'out.csv']);
  });

  for (const [place, why] of [
    ['nowhere/out.csv', 'no such file or directory'],
    ['.', 'is a directory'],
  ] as const)
    it(`refuses to begin when ${place} cannot be written`, async () => {
      const { error, exitCode } = await scored('2024-01-22', '2024-01-22', '--out', join(folder, place));
      expect(exitCode).to.equal(2);
      expect(error).to.contain('cannot be written').and.to.contain(why);
      expect(error).to.not.contain('price changes');
    });

  it('that is stopped leaves no part of a file', async () => {
    rmSync(out(), { force: true });
    const stop = new AbortController();
    const context = { ...commandContext(folder), signal: stop.signal };
    const told: string[] = [];
    const run = scoreCommand({
      ...context,
      writeError: (text) => {
        told.push(text);
        stop.abort('SIGINT');
      },
    }).parseAsync(
      [
        ...['--model', model, '--history', join(folder, 'history.csv')],
        ...['--from', '2024-01-10', '--to', '2024-01-20', '--every', '1m', '--out', out()],
      ],
      { from: 'user' },
    );
    expect(await run.catch((error: unknown) => error)).to.equal('SIGINT');
    expect(told).to.not.have.length(0);
    expect(readdirSync(folder)).to.deep.equal(['history.csv']);
  });

  for (const step of ['0m', '1s', '0.0001m', '-6h', '6', 'h'])
    it(`takes no step of ${step}`, async () => {
      const { error, exitCode } = await scored('2024-01-22', '2024-01-22', `--every=${step}`);
      expect(exitCode).to.equal(2);
      expect(error).to.match(
        /--every: must be (at least 1m|a duration with its unit, such as 250ms, 2s, 5m, 6h or 7d)/,
      );
    });

  describe('whose clock is not UTC', () => {
    const zone = process.env['TZ'];
    before(() => (process.env['TZ'] = 'Asia/Kolkata'));
    after(() => {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    });

    for (const from of ['2024-01-22', '2024-01-22T00:00', '2024-01-22 00:00:00', '2024-01-22T05:30:00+05:30'])
      it(`reads ${from} as the same moment`, async () => {
        const { error, exitCode } = await scored(from, '2024-01-22T05:00:00Z');
        expect(exitCode, error).to.equal(0);
        expect(rows()[0]).to.match(/^2024-01-22T00:00:00Z,/);
      });

    for (const from of ['Jan 22 2024', '01/22/2024', '2024-01-32', 'yesterday'])
      it(`refuses ${from}, in every command that takes a time`, async () => {
        const said = [
          await scored(from, '2024-01-23'),
          await runWith([backtestCommand], folder, [
            ...['backtest', '--history', join(folder, 'history.csv'), '--since', from],
          ]),
          await runWith([simulateCommand], folder, [
            ...['simulate', '--history', join(folder, 'history.csv'), '--from', from],
          ]),
        ];
        for (const { error, exitCode } of said) {
          expect(exitCode).to.equal(2);
          expect(error).to.contain('UTC unless it names another zone');
        }
      });
  });
});
