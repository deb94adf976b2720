import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelCardOf } from '../../../src/formats/model-card-schema.ts';
import { featureTable } from '../../../src/learning/features.ts';
import type { ModelCard } from '../../../src/formats/model-card.ts';
import { backtestCommand } from '../../../src/processes/offline/backtest.ts';
import { publishedScores } from '../../../src/offline/training/published-scores.ts';
import { runWith } from '../commands/run-command.ts';
import { driftingRows, header } from './drifting-history.ts';

const model = new URL('../../../models/family-stress-12h.onnx', import.meta.url).pathname;
const { signal } = new AbortController();

function shippedCard(): ModelCard {
  const reading = modelCardOf(readFileSync(model.replace('.onnx', '.card.json'), 'utf8'));
  if (reading.kind !== 'card') throw new Error('the shipped card does not fit');
  return reading.card;
}

describe('a published model on data that it never saw', function () {
  this.timeout(60_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'backtest-published-'));
    const rows = (region: string, from: string) =>
      `${header}${driftingRows(70, { region, fromMs: Date.parse(from) }).join('\n')}\n`;
    // The shipped model's data ends on the last day of January 2024.
    writeFileSync(join(folder, 'foreign.csv'), rows('eu-west-3', '2023-10-01'));
    writeFileSync(join(folder, 'own.csv'), rows('ap-south-1', '2023-10-01'));
    writeFileSync(join(folder, 'later.csv'), rows('ap-south-1', '2024-01-01'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const judged = (history: string, ...more: readonly string[]) =>
    runWith([backtestCommand], folder, [
      ...['backtest', '--model', model, '--history', join(folder, history), '--draws', '20', ...more],
    ]);

  it('is judged on what came after its data', async () => {
    const { out, exitCode, error } = await judged('later.csv');
    expect(exitCode, error).to.equal(0);
    expect(out).to.contain('on what came after 2024-01-31').and.to.contain('trailing 24 h return');
  });

  it('is judged on a region that it was not trained on, whatever its time', async () => {
    const { out, exitCode, error } = await judged('foreign.csv', '--origins', '2023-11');
    expect(exitCode, error).to.equal(0);
    expect(out).to.contain('on eu-west-3, never seen by the model: 2023-11-01 to 2023-12-01');
    // 30 days of four moments and twelve pools.
    expect(out).to.match(/14[0-9]{2} moments of pools over 30 days/);
  });

  it('is not judged on what it has seen', async () => {
    const { error, exitCode } = await judged('own.csv');
    expect(exitCode).to.equal(2);
    expect(error).to.contain('it has seen all of it');
  });

  it('says where baselines have nothing to learn from', async () => {
    const { error, exitCode } = await judged('foreign.csv', '--origins', '2023-10');
    expect(exitCode).to.equal(2);
    expect(error).to.contain('no unstable moment before 2023-10-01');
  });

  it("takes a family's own model for its pools, and its own scale", async () => {
    const card = shippedCard();
    const scale = (probability: number) => ({
      sha256: card.sha256,
      calibration: { method: 'platt', points: [[0, probability]] } as const,
      priorRate: 0.5,
      thresholds: card.thresholds,
    });
    const asked: (string | undefined)[] = [];
    const families = { m5: { file: 'm5.onnx', ...scale(0.25) } };
    const ported = {
      card: { ...card, ...scale(0.125), families },
      score: (family: string | undefined, matrix: Float32Array) => {
        asked.push(family);
        return Promise.resolve(new Float32Array(matrix.length / card.features.length));
      },
      close: () => Promise.resolve(),
    };
    const series = ['c5.large', 'm5.large'].map((instanceType) => ({
      region: 'ap-south-1',
      zone: 'aps1-az1',
      instanceType,
      atMs: Float64Array.of(0),
      pricePerHour: Float64Array.of(0.05),
    }));
    const timesMs = Float64Array.of(30 * 86_400_000);
    const table = featureTable({ series, timesMs, onDemandPerHour: () => undefined });
    const said = await publishedScores(ported, { series, table }, Uint32Array.of(1, 0), signal);
    expect(asked.sort()).to.deep.equal(['m5', undefined]);
    expect(said.map((one) => one?.expectedFrequency)).to.deep.equal([0.25, 0.125]);
  });
});
