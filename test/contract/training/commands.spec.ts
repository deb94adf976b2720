import { expect } from 'chai';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openOnnxModel } from '../../../src/adapters/onnx/onnx-model.ts';
import { directoryObjects } from '../../../src/adapters/files/directory-objects.ts';
import { modelCardOf } from '../../../src/formats/model-card-schema.ts';
import { chanceFrom } from '../../../src/learning/chance.ts';
import { backtestCommand } from '../../../src/processes/offline/backtest.ts';
import type { CommandContext } from '../../../src/processes/command-context.ts';
import { importLightGbmCommand } from '../../../src/processes/offline/import-lightgbm.ts';
import { modelsCommand } from '../../../src/processes/offline/models.ts';
import { scoreCommand } from '../../../src/processes/offline/score.ts';
import { trainCommand } from '../../../src/processes/offline/train.ts';
import { storedModel } from '../../../src/offline/training/stored-model.ts';

const hour = 3_600_000;
const start = Date.UTC(2024, 0, 1);
const signal = new AbortController().signal;

/** Prices that drift for days on end in some pools (what a model can learn), or jump by chance alone (what none can). */
function history(kind: 'drifting' | 'chance', days: number, seed: number): string {
  const chance = chanceFrom(seed);
  const lines = ['timestamp_utc,region,availability_zone,instance_type,product,price_usd'];
  for (const region of ['ap-south-1', 'us-east-1'])
    for (const type of ['c5.large', 'c5.xlarge', 'c5.24xlarge', 'm5.large', 'm5.xlarge', 'r5.large'])
      for (const zone of ['a', 'b']) {
        let price = 0.5 + chance();
        let drift = 0;
        for (let step = 0; step < days * 4; step += 1) {
          if (chance() < 0.04) drift = [0, 0, 0.012, -0.012, 0.02, -0.02][Math.floor(6 * chance())]!;
          const move =
            kind === 'drifting'
              ? drift + 0.002 * (chance() - 0.5)
              : chance() < 0.03
                ? 0.06 * (chance() < 0.5 ? 1 : -1)
                : 0;
          price = Math.min(Math.max(price * (1 + move), 0.3), 3);
          const time = new Date(start + step * 6 * hour).toISOString().replace('.000Z', 'Z');
          lines.push(`${time},${region},${region}${zone},${type},Linux/UNIX,${price.toFixed(4)}`);
        }
      }
  return `${lines.join('\n')}\n`;
}

interface Run {
  readonly out: string;
  readonly error: string;
  readonly exitCode: number;
}

async function ran(
  command: (context: CommandContext) => {
    parseAsync: (args: string[], from: { from: 'user' }) => Promise<unknown>;
  },
  args: readonly string[],
): Promise<Run> {
  const told = { out: '', error: '', exitCode: 0 };
  const context: CommandContext = {
    writeOut: (text) => (told.out += text),
    writeError: (text) => (told.error += text),
    environment: {},
    signal,
    setExitCode: (code) => (told.exitCode = code),
  };
  await command(context).parseAsync([...args], { from: 'user' });
  return told;
}

const quick = [
  '--trees',
  '30',
  '--learning-rate',
  '0.1',
  '--min-leaf-rows',
  '20',
  '--l2',
  '1',
  '--threads',
  '1',
  '--draws',
  '20',
  '--calibration-days',
  '8',
];

describe('from history to a published model', function () {
  this.timeout(120_000);
  let folder = '';
  const models = () => join(folder, 'models');

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'training-'));
    for (const kind of ['drifting', 'chance'] as const)
      writeFileSync(join(folder, `${kind}.csv.gz`), gzipSync(history(kind, 60, 4)));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  const train = (kind: string, out: string, ...more: string[]) =>
    ran(trainCommand, ['--history', join(folder, `${kind}.csv.gz`), '--out', out, ...quick, ...more]);

  it('train publishes a model, its card and its report, which a server opens', async () => {
    const { out, exitCode, error } = await train('drifting', models());
    expect(exitCode, error).to.equal(0);
    expect(out).to.include('Published family-stress-12h');
    expect(out).to.match(
      /precision \d\.\d+, recall \d\.\d+ and F1 \d\.\d+ at the threshold \d\.\d+ .*; ROC-AUC \d\.\d+, PR-AUC/,
    );
    for (const file of ['onnx', 'card.json', 'report.html'])
      expect(out).to.include(join(models(), `family-stress-12h.${file}`));
    expect(readdirSync(models()).sort()).to.deep.equal([
      'family-stress-12h.card.json',
      'family-stress-12h.onnx',
      'family-stress-12h.report.html',
      'family-stress-12h.report.json',
    ]);
    const reading = modelCardOf(readFileSync(join(models(), 'family-stress-12h.card.json'), 'utf8'));
    expect(reading.kind).to.equal('card');
    const files = await storedModel(directoryObjects(models()), 'family-stress-12h.onnx', signal);
    const model = await openOnnxModel(files, signal);
    await model.close();
    const page = readFileSync(join(models(), 'family-stress-12h.report.html'), 'utf8');
    for (const words of [
      'Reliability',
      'Precision and recall',
      'ROC',
      'Score through time',
      'Gain by feature',
      'trailing 24 h return',
      'ap-south-1a',
    ])
      expect(page).to.include(words);
    expect(page).to.not.match(/<script|<link|src=|https?:/);
  });

  it('the same seed gives the same model', async () => {
    await train('drifting', join(folder, 'again'));
    expect(readFileSync(join(folder, 'again', 'family-stress-12h.onnx'))).to.deep.equal(
      readFileSync(join(models(), 'family-stress-12h.onnx')),
    );
  });

  it('a second publishing archives the first, and rollback brings it back byte for byte', async () => {
    const first = readFileSync(join(models(), 'family-stress-12h.onnx'));
    const card = readFileSync(join(models(), 'family-stress-12h.card.json'));
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await train('drifting', models(), '--seed', '7');
    expect(readFileSync(join(models(), 'family-stress-12h.onnx'))).to.not.deep.equal(first);
    const listed = await ran(modelsCommand, ['list', '--at', models()]);
    expect(listed.out.trim().split('\n').length).to.equal(1);
    await ran(modelsCommand, ['rollback', '--at', models()]);
    expect(readFileSync(join(models(), 'family-stress-12h.onnx'))).to.deep.equal(first);
    expect(readFileSync(join(models(), 'family-stress-12h.card.json'))).to.deep.equal(card);
  });

  it('rollback to a version that is not there says which there are', async () => {
    let sentence = '';
    await ran(modelsCommand, ['rollback', '--at', models(), '--version', 'never']).catch(
      (error: unknown) => (sentence = String(error)),
    );
    expect(sentence).to.include('version never is not archived: there are 2');
  });

  it('what chance alone moves is refused, with the baseline that is as good', async () => {
    const place = join(folder, 'refused');
    const { exitCode, error, out } = await train('chance', place);
    expect(exitCode).to.equal(1);
    expect(readdirSync(place)).to.deep.equal(['refused']);
    const page = readFileSync(join(place, 'refused', 'family-stress-12h.report.html'), 'utf8');
    expect(page).to.include('Reliability').and.not.include('Gain by feature (');
    expect(out).to.include(join(place, 'refused', 'family-stress-12h.report.html'));
    expect(error).to.match(/Not published:\n- its (PR-AUC|Brier skill) of .* is not above that of "/);
  });

  it('a shard learns its own regions, each under its name', async () => {
    await train('drifting', join(folder, 'shards'), '--shard', '1/2', '--publish-below-baseline');
    expect(readdirSync(join(folder, 'shards'))).to.deep.equal(['us-east-1']);
  });

  it('families with enough unstable moments get models of their own, named in the card', async () => {
    const out = join(folder, 'families');
    const { exitCode, error } = await train(
      'drifting',
      out,
      '--per-family',
      '--family-unstable',
      '100',
      '--publish-below-baseline',
    );
    expect(exitCode, error).to.equal(0);
    const files = await storedModel(directoryObjects(out), 'family-stress-12h.onnx', signal);
    expect(Object.keys(files.card.families ?? {})).to.include('c5');
    const model = await openOnnxModel(files, signal);
    const scores = await model.score('c5', new Float32Array(files.card.features.length), signal);
    await model.close();
    expect(scores[0]).to.be.within(0, 1);
  });

  it('a history of five days is refused in a sentence', async () => {
    writeFileSync(join(folder, 'short.csv'), history('drifting', 5, 1));
    let sentence = '';
    await ran(trainCommand, ['--history', join(folder, 'short.csv'), '--out', models()]).catch(
      (error: unknown) => (sentence = String(error)),
    );
    expect(sentence).to.match(/spans 4\.5 days: seven days for the features/);
  });

  it('score writes every pool at every moment, and nothing after a moment changes its scores', async () => {
    const model = join(models(), 'family-stress-12h.onnx');
    const score = async (source: string, name: string) => {
      const out = join(folder, `${name}.csv`);
      await ran(scoreCommand, [
        '--model',
        model,
        '--history',
        source,
        '--from',
        '2024-02-01',
        '--to',
        '2024-02-03T18:00:00Z',
        '--every',
        '6h',
        '--region',
        'ap-south-1',
        '--out',
        out,
      ]);
      return readFileSync(out, 'utf8');
    };
    const whole = await score(join(folder, 'drifting.csv.gz'), 'whole');
    const lines = whole.trim().split('\n');
    expect(lines[0]).to.equal('time,region,zone,type,crash_probability,expected_frequency');
    expect(lines.length).to.equal(1 + 12 * 12);
    expect(lines[1]).to.match(
      /^2024-02-01T00:00:00Z,ap-south-1,ap-south-1[ab],[cmr]5\.\w+,\d[\d.e-]*,\d[\d.e-]*$/,
    );
    const past = history('drifting', 60, 4)
      .split('\n')
      .filter((line, index) => index === 0 || line < '2024-02-02T00:00:01');
    writeFileSync(join(folder, 'past.csv'), `${past.join('\n')}\n`);
    const upTo = (text: string) => text.split('\n').filter((line) => line < '2024-02-02T06');
    expect(upTo(await score(join(folder, 'past.csv'), 'past'))).to.deep.equal(upTo(whole));
  });

  it('backtest compares with every baseline, within the history and for regions left out', async () => {
    const json = join(folder, 'backtest.json');
    const html = join(folder, 'backtest.html');
    const { out } = await ran(backtestCommand, [
      '--history',
      join(folder, 'drifting.csv.gz'),
      ...quick,
      '--origins',
      '2024-02',
      '--leave-regions-out',
      '--ablations',
      '--json',
      json,
      '--html',
      html,
    ]);
    expect(readFileSync(html, 'utf8')).to.include('Precision and recall').and.include('By region');
    for (const name of [
      'base rate',
      'past spike rate of the pool',
      'trailing 24 h return',
      '24 h volatility',
      'hour of week',
      'logistic regression',
      'model without family features',
    ])
      expect(out).to.include(name);
    expect(out).to.include('Regions that the model never saw');
    const measured: unknown = JSON.parse(readFileSync(json, 'utf8'));
    expect(measured).to.have.nested.property('verdict.judgements.model.prAuc.low');
    expect(measured).to.have.nested.property('leftOut.differences.trailing 24 h return.brierSkill.low');
  });

  it('a LightGBM text model becomes an ONNX file', async () => {
    const text = join(folder, 'model.txt');
    writeFileSync(
      text,
      'tree\nobjective=binary sigmoid:1\nfeature_names=return_24h\n\nTree=0\nnum_leaves=2\nsplit_feature=0\nsplit_gain=1\nthreshold=0.02\ndecision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=-3 1\n\nend of trees\n',
    );
    const { out } = await ran(importLightGbmCommand, [text, '--out', join(folder, 'imported.onnx')]);
    expect(out).to.include('1 trees, 1 features in this order: return_24h');
    expect(readFileSync(join(folder, 'imported.onnx')).length).to.be.above(200);
  });
});
