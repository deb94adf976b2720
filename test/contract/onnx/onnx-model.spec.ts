import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { openOnnxModel } from '../../../src/adapters/onnx/onnx-model.ts';
import { trialLimits } from '../../../src/adapters/onnx/model-trial.ts';
import { scoringThread } from '../../../src/adapters/onnx/scoring-thread.ts';
import { DocumentRefused } from '../../../src/errors/document-refused.ts';
import type { ModelCard } from '../../../src/formats/model-card.ts';
import type { ModelFiles } from '../../../src/ports/scoring-model.ts';
import { tinyOnnx } from './tiny-onnx.ts';

const signal = new AbortController().signal;

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function cardOf(onnx: Uint8Array, features: readonly string[], extra: Partial<ModelCard> = {}): ModelCard {
  return {
    name: 'tiny',
    version: '1',
    createdAt: '2026-01-01T00:00:00Z',
    features,
    horizonHours: 24,
    spikeThreshold: 0.03,
    thresholds: { f1: 0.3, gate: 0.85 },
    calibration: {
      method: 'isotonic',
      points: [
        [0, 0],
        [1, 1],
      ],
    },
    priorRate: 0.01,
    dataSpan: { fromMs: 0, toMs: 1, regions: ['ap-south-1'] },
    metrics: {},
    sha256: sha256(onnx),
    ...extra,
  };
}

function filesOf(weights: readonly number[], extra: Partial<ModelCard> = {}): ModelFiles {
  const onnx = tinyOnnx({ weights });
  const features = weights.map((_, index) => `f${index}`);
  return { card: cardOf(onnx, features, extra), onnx, families: new Map() };
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

async function refusal(files: ModelFiles, trial = trialLimits): Promise<string> {
  try {
    await (await openOnnxModel(files, signal, { trial })).close();
    return 'it was taken';
  } catch (error) {
    if (error instanceof DocumentRefused) return error.message;
    throw error;
  }
}

describe('an ONNX model', () => {
  it('scores rows on the calling thread and on its own thread alike', async () => {
    const files = filesOf([1, -2]);
    const matrix = Float32Array.from([0, 0, 1, 0, 0, 1, 3, 1]);
    const expected = [0.5, sigmoid(1), sigmoid(-2), sigmoid(1)];
    for (const maxRowsOnCaller of [100, 1]) {
      const model = await openOnnxModel(files, signal, { maxRowsOnCaller });
      const scores = await model.score(undefined, matrix.slice(), signal);
      expect(scores).to.have.length(4);
      for (const [index, score] of scores.entries()) expect(score).to.be.closeTo(expected[index]!, 1e-6);
      await model.close();
    }
  });

  it('gives an empty answer for no rows', async () => {
    const model = await openOnnxModel(filesOf([1]), signal);
    expect(await model.score(undefined, new Float32Array(0), signal)).to.have.length(0);
    await model.close();
  });

  it('takes a family to its own file, on either thread, and any other family to the card’s own', async () => {
    const own = tinyOnnx({ weights: [5] });
    const scale = {
      file: 'c5.onnx',
      sha256: sha256(own),
      calibration: { method: 'platt' as const, points: [[0, 0]] as const },
      priorRate: 0.02,
      thresholds: { f1: 0.3, gate: 0.85 },
    };
    const files = { ...filesOf([1], { families: { c5: scale } }), families: new Map([['c5', own]]) };
    for (const maxRowsOnCaller of [100, 0]) {
      const model = await openOnnxModel(files, signal, { maxRowsOnCaller });
      const one = () => Float32Array.from([1]);
      expect((await model.score('c5', one(), signal))[0]).to.be.closeTo(sigmoid(5), 1e-6);
      expect((await model.score('m5', one(), signal))[0]).to.be.closeTo(sigmoid(1), 1e-6);
      await model.close();
    }
    expect(await refusal({ ...files, families: new Map() })).to.equal(
      'c5.onnx is refused: it is missing for the family c5',
    );
  });

  it('is refused when its hash is not the card’s', async () => {
    const files = filesOf([1]);
    const other = { ...files, onnx: tinyOnnx({ weights: [2] }) };
    expect(await refusal(other)).to.match(/^tiny is refused: its SHA-256 is [0-9a-f]{64}, its card says/);
  });

  it('is refused when it takes another number of columns than the card names features', async () => {
    const onnx = tinyOnnx({ weights: [1, 2, 3] });
    expect(await refusal({ card: cardOf(onnx, ['a', 'b']), onnx, families: new Map() })).to.equal(
      'tiny is refused: it takes 3 columns, its card names 2 features',
    );
  });

  it('is refused when it is no model, has two outputs, or gives no score from 0 to 1', async () => {
    const noise = Buffer.from('this is not a model at all');
    expect(await refusal({ card: cardOf(noise, ['a']), onnx: noise, families: new Map() })).to.match(
      /^tiny is refused: it is not an ONNX model that can be loaded/,
    );
    const two = tinyOnnx({ weights: [1], secondOutput: true });
    expect(await refusal({ card: cardOf(two, ['a']), onnx: two, families: new Map() })).to.include(
      'it has 2 outputs instead of one',
    );
    const half = tinyOnnx({ weights: [1] }).slice(0, 60);
    expect(await refusal({ card: cardOf(half, ['a']), onnx: half, families: new Map() })).to.include(
      'is refused',
    );
  });

  it('is refused when its graph asks for gigabytes, or for minutes, and this process pays for neither', async () => {
    const before = process.memoryUsage().rss;
    const limits = { ...trialLimits, cpuMs: 1_000 };
    for (const [burden, said] of [
      [{ floats: 2 ** 29, times: 2 }, 'tiny is refused: it takes more than 512 MiB to be loaded and run'],
      [{ floats: 2 ** 22, times: 4_000 }, 'tiny is refused: it takes more than 1 s to be loaded and run'],
    ] as const) {
      const onnx = tinyOnnx({ weights: [1], burden });
      expect(await refusal({ card: cardOf(onnx, ['a']), onnx, families: new Map() }, limits)).to.equal(said);
    }
    expect(process.memoryUsage().rss - before).to.be.below(300 * 2 ** 20);
    const light = tinyOnnx({ weights: [1], burden: { floats: 1_000, times: 2 } });
    expect(await refusal({ card: cardOf(light, ['a']), onnx: light, families: new Map() })).to.equal(
      'it was taken',
    );
  }).timeout(120_000);

  it('is left untried when the signal ends the wait', async () => {
    const stop = new AbortController();
    const onnx = tinyOnnx({ weights: [1], burden: { floats: 2 ** 22, times: 4_000 } });
    const opening = openOnnxModel({ card: cardOf(onnx, ['a']), onnx, families: new Map() }, stop.signal);
    setTimeout(() => stop.abort(new Error('enough')), 1_000);
    expect(await opening.catch((error: unknown) => String(error))).to.equal('Error: enough');
  });

  it('hands batches over two thousand rows to its own thread', async () => {
    const model = await openOnnxModel(filesOf([1]), signal);
    const small = new Float32Array(2_000);
    const large = new Float32Array(2_001);
    expect(await model.score(undefined, small, signal)).to.have.length(2_000);
    expect(await model.score(undefined, large, signal)).to.have.length(2_001);
    expect(small).to.have.length(2_000);
    // A matrix that went to another thread is empty here.
    expect(large).to.have.length(0);
    await model.close();
  });

  it('is left when the signal ends the wait, and its thread starts anew for the next batch', async () => {
    const columns = 64;
    const model = await openOnnxModel(filesOf(Array.from({ length: columns }, () => 0.01)), signal, {
      maxRowsOnCaller: 0,
    });
    const stop = new AbortController();
    const large = model.score(undefined, new Float32Array(columns * 300_000), stop.signal);
    stop.abort(new Error('enough'));
    expect(await large.catch((error: unknown) => String(error))).to.equal('Error: enough');
    expect(await model.score(undefined, new Float32Array(columns), signal)).to.have.length(1);
    await model.close();
  });

  it('lets a scoring end when it is closed in the middle, and takes no other', async () => {
    const model = await openOnnxModel(filesOf([1]), signal, { maxRowsOnCaller: 0 });
    const scoring = model.score(undefined, new Float32Array(100_000), signal);
    const closing = model.close();
    expect(await scoring).to.have.length(100_000);
    await closing;
    const after = await model
      .score(undefined, new Float32Array(1), signal)
      .catch((error: unknown) => String(error));
    expect(after).to.equal('Error: The model tiny is closed.');
  });

  it('says so when its thread cannot load a file', async () => {
    const thread = scoringThread({ files: new Map([['x', new Uint8Array(3)]]), columns: 1 });
    const failure = await thread
      .score('x', new Float32Array(1), signal)
      .catch((error: unknown) => String(error));
    expect(failure).to.include('not an ONNX model');
    await thread.close();
  });
});
