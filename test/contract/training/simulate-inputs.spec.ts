import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { simulateCommand } from '../../../src/processes/offline/simulate.ts';
import { runWith, type CommandRun } from '../commands/run-command.ts';
import { driftingRows, header } from './drifting-history.ts';

const demandHeader = 'time,pods,cpu_milli,memory_mib,hours\n';
const twoGroups =
  'groups:\n' +
  '  - { id: spot-c5, instance_type: c5.large, zone: aps1-az1 }\n' +
  '  - { id: spot-m5, instance_type: m5.large, zone: aps1-az1 }\n';

const pools = {
  region: 'ap-south-1',
  fromMs: Date.UTC(2024, 0, 1),
  zones: ['aps1-az1', 'aps1-az3'],
} as const;
const twentyDays = `${header}${driftingRows(20, pools).join('\n')}\n`;

/** A tar archive of one file: a header block, and the content in blocks of 512 bytes. */
function tarOf(name: string, content: string): Buffer {
  const head = Buffer.alloc(512);
  head.write(name);
  head.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([head, body, Buffer.alloc(1024)]);
}

describe('simulate, asked with mistakes', function () {
  this.timeout(30_000);
  let folder = '';
  const at = (name: string): string => join(folder, name);
  const given = (name: string, content: string | Buffer): string => {
    writeFileSync(at(name), content);
    return at(name);
  };
  const simulated = (...args: readonly string[]): Promise<CommandRun> =>
    runWith([simulateCommand], folder, [
      ...['simulate', '--history', at('prices.csv'), '--seeds', '2', '--days', '1'],
      ...args,
    ]);
  const traced = (path: string): Promise<CommandRun> =>
    runWith([simulateCommand], folder, ['simulate', '--traces', path]);

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'simulate-inputs-'));
    given('prices.csv', twentyDays);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  async function refuses(run: Promise<CommandRun>, ...words: readonly string[]): Promise<void> {
    const { out, error, exitCode } = await run;
    expect(exitCode, error).to.equal(2);
    expect(out).to.equal('');
    for (const word of words) expect(error).to.contain(word);
    expect(error).not.to.contain('seed 1 of');
  }

  it('wants bursts that take no more at the least than at the most, and weights that are numbers', async () => {
    await refuses(
      simulated('--burst-least', '0.8', '--burst-most', '0.5'),
      '--burst-least must not be above --burst-most',
    );
    await refuses(simulated('--at-once-times', '1,many'), '--at-once-times: must be numbers from 0 to 1000');
    await refuses(simulated('--dry', '1'), '--dry: ');
  });

  it('names a group of a type that nothing tells', async () => {
    const groups = given(
      'g1.yaml',
      `${twoGroups}  - { id: odd, instance_type: c99.large, zone: aps1-az1 }\n`,
    );
    await refuses(simulated('--groups', groups), 'g1.yaml: odd: c99.large is no instance type of --static');
  });

  it('names a group whose on-demand price is not known', async () => {
    const groups = given(
      'g2.yaml',
      `${twoGroups}  - { id: od, instance_type: c5.large, zone: aps1-az1, capacity_type: on-demand }\n`,
    );
    const types = given(
      'types.csv',
      'instance_type,vcpu,memory_mb,gpu,arch\nc5.large,2,4096,0,x86_64\nm5.large,2,8192,0,x86_64\n',
    );
    await refuses(
      simulated('--groups', groups, '--instance-types', types),
      'od: no on-demand price of c5.large in ap-south-1 is known',
    );
  });

  it('leaves out groups without prices, saying so, and refuses where fewer than two stay', async () => {
    const elsewhere = '  - { id: far, instance_type: c5.large, zone: use1-az1 }\n';
    const rest = await simulated('--groups', given('g3.yaml', twoGroups + elsewhere));
    expect(rest.exitCode, rest.error).to.equal(0);
    expect(rest.error).to.contain('far is left out: the history has no prices in use1-az1; its zones are');
    expect(rest.out).to.contain('ap-south-1: 2 groups');
    const one = twoGroups.split('\n').slice(0, 2).join('\n');
    const absent = '\n  - { id: b, instance_type: c5a.large, zone: aps1-az1 }\n';
    await refuses(
      simulated('--groups', given('g4.yaml', one + absent)),
      'b is left out: the history has no prices of c5a.large in aps1-az1',
      'fewer than two of the groups have prices',
    );
  });

  for (const [what, text, why] of [
    ['that is no list', 'groups: 3\n', 'g.yaml: groups'],
    ['with an id twice', twoGroups.replace('spot-m5', 'spot-c5'), 'g.yaml: two groups are called spot-c5'],
    ['that is empty', '', 'g.yaml'],
  ] as const)
    it(`refuses a groups file ${what}`, async () => {
      await refuses(simulated('--groups', given('g.yaml', text)), why);
    });

  for (const [what, text, why] of [
    ['that is empty', '', 'd.csv: no rows; it needs a header (time, pods'],
    ['with a header alone', demandHeader, 'd.csv: no rows'],
    ['without columns', 'time,pods\n', 'no column for cpu_milli, memory_mib, hours'],
    [
      'of -3 pods',
      `${demandHeader}2024-01-10T00:00:00Z,-3,500,512,2\n`,
      'd.csv, row 2: needs a time and numb',
    ],
    ['of -1 hours', `${demandHeader}2024-01-10T00:00:00Z,3,500,512,-1\n`, 'd.csv, row 2'],
    ['of endless hours', `${demandHeader}2024-01-10T00:00:00Z,3,500,512,Infinity\n`, 'd.csv, row 2'],
    [
      'of too many pods',
      `${demandHeader}2024-01-10T00:00:00Z,1e9,500,512,1\n`,
      'more than 10000 pods at once',
    ],
    ['without a time', `${demandHeader}soon,3,500,512,1\n`, 'd.csv, row 2'],
    [
      'before the history',
      `${demandHeader}2023-01-10T00:00:00Z,3,500,512,1\n`,
      'before the first price of ap-s',
    ],
    ['after the history', `${demandHeader}2024-06-10T00:00:00Z,3,500,512,1\n`, 'before the demand begins'],
    ['that fits nowhere', `${demandHeader}2024-01-10T00:00:00Z,3,500000,512,1\n`, 'seed 1: no pod ran'],
  ] as const)
    it(`refuses demand ${what}`, async () => {
      await refuses(simulated('--demand', given('d.csv', text)), why);
    });

  it('tells the kinds of demand where the file is not there', async () => {
    await refuses(simulated('--demand', 'generated:huge'), 'generated:huge cannot be read', 'large, memory');
    await refuses(simulated('--groups', at('none.yaml')), '--groups', 'none.yaml cannot be read');
  });

  it('counts pods that fit no group beside those that do', async () => {
    const rows = '2024-01-10T00:00:00Z,3,500,512,1\n2024-01-10T01:00:00Z,2,500000,512,1\n';
    const { error, exitCode } = await simulated('--demand', given('d.csv', demandHeader + rows));
    expect(exitCode, error).to.equal(0);
    expect(error).to.contain('4 pods in 2 seeds fit none of the groups');
  });

  for (const [flag, value] of [
    ['--seeds', '1..5'],
    ['--seeds', '2.5'],
    ['--seeds', '0'],
    ['--first-seed', '-1'],
    ['--first-seed', '1e99'],
  ] as const)
    it(`refuses ${flag} ${value}`, async () => {
      await refuses(simulated(flag, value), `${flag}: must be a whole number from 1 to`);
    });

  for (const [flag, value] of [
    ['--reuse-share', '1.5'],
    ['--node-tail', '-0.1'],
    ['--disturbance-price', 'Infinity'],
    ['--days', 'Infinity'],
  ] as const)
    it(`refuses ${flag} ${value}`, async () => {
      await refuses(simulated(flag, value), 'must be a number');
    });

  it('refuses traces that are cut short, no archive, empty or not there', async () => {
    const whole = tarOf(
      'set/zone-a_v100.json',
      JSON.stringify({ metadata: { gap_seconds: 60 }, data: [1, 1, 0] }),
    );
    const packed = gzipSync(whole);
    await refuses(
      traced(given('cut.tgz', packed.subarray(0, -12))),
      'cut.tgz cannot be unpacked, it may be cut',
    );
    await refuses(
      traced(given('cut.tar', whole.subarray(0, 530))),
      'cut.tar is cut short in set/zone-a_v100.json',
    );
    await refuses(
      traced(given('text.tar', 'no archive\n'.repeat(200))),
      'text.tar holds no traces',
      'a tar archive',
    );
    await refuses(traced(given('empty.tar', '')), 'empty.tar holds no traces of several pools');
    await refuses(traced(given('one.tgz', packed)), 'one.tgz holds no traces of several pools');
    await refuses(traced(at('nothing.tar')), 'nothing.tar cannot be read');
    await refuses(
      traced(given('odd.tar', tarOf('set/zone-a_v100.json', '{"data":[]}'))),
      'set/zone-a_v100.json is no trace',
    );
  });

  it('says so when a result cannot be written after all, and prints the table all the same', async function () {
    if (process.platform !== 'linux') this.skip();
    const { out, error, exitCode } = await simulated('--json', '/dev/full');
    expect(exitCode).to.equal(1);
    expect(error).to.contain('/dev/full cannot be written: ');
    expect(out).to.contain('| spot-expander ');
  });

  it('needs something to replay', async () => {
    await refuses(runWith([simulateCommand], folder, ['simulate']), 'name --history, --traces or both');
  });
});

describe('simulate, as it goes', function () {
  this.timeout(30_000);
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'simulate-goes-'));
    writeFileSync(join(folder, 'prices.csv'), twentyDays);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('tells each seed and what is left, and writes intervals, regret and plots', async () => {
    const { out, error, exitCode } = await runWith([simulateCommand], folder, [
      ...['simulate', '--history', join(folder, 'prices.csv'), '--seeds', '3', '--days', '2'],
      ...['--json', join(folder, 'out.json'), '--html', join(folder, 'out.html')],
    ]);
    expect(exitCode, error).to.equal(0);
    expect(error).to.match(/ap-south-1: seeds: 33 %, about \d+ s left/);
    const rows = out.split('\n').filter((line) => line.startsWith('| random'));
    expect(rows.map((row) => row.match(/ … /g)?.length)).to.deep.equal([3, 4, 4]);
    const { regions } = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')) as {
      regions: { summaries: { expander: string; regret: { mean: number; low: number; high: number } }[] }[];
    };
    const page = readFileSync(join(folder, 'out.html'), 'utf8');
    const regretPlot = page.slice(page.indexOf('Regret: dearer than the oracle'));
    const { regret } = regions[0]!.summaries.find(({ expander }) => expander === 'random')!;
    const figures = [regret.mean, regret.low, regret.high].map((value) => (100 * value).toFixed(2));
    expect(regretPlot).to.contain(`${figures[0]} (${figures[1]} … ${figures[2]})`);
  });
});
