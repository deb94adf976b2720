import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { fileDocuments } from '../../../src/adapters/files/file-documents.ts';
import { openOnnxModel } from '../../../src/adapters/onnx/onnx-model.ts';
import type { Refresh } from '../../../src/server/knowledge/knowledge-events.ts';
import { startModelKeeper, type ModelKeeper } from '../../../src/server/knowledge/model-keeper.ts';
import { servingFeatures } from '../../../src/server/knowledge/serving-features.ts';
import { featureNames } from '../../../src/learning/feature-names.ts';
import type { PriceSeries } from '../../../src/learning/price-series.ts';
import type { ModelCard } from '../../../src/formats/model-card.ts';
import { systemClock } from '../../../src/telemetry/system-clock.ts';
import { tinyOnnx } from '../onnx/tiny-onnx.ts';

const signal = new AbortController().signal;
const features = ['return_24h', 'discount_depth'] as const;

interface Publishing {
  readonly card: string;
  readonly onnx: Uint8Array;
}

function publishing(weights: readonly number[], version: string, extra: Partial<ModelCard> = {}): Publishing {
  const onnx = tinyOnnx({ weights });
  const card: ModelCard = {
    name: 'family-stress-24h',
    version,
    createdAt: '2026-01-01T00:00:00Z',
    features,
    horizonHours: 24,
    spikeThreshold: 0.03,
    thresholds: { f1: 0.3, gate: 0.85 },
    calibration: {
      method: 'isotonic',
      points: [
        [0, 0],
        [1, 0.5],
      ],
    },
    priorRate: 0.01,
    dataSpan: { fromMs: 0, toMs: 86_400_000, regions: ['ap-south-1'] },
    metrics: {},
    sha256: createHash('sha256').update(onnx).digest('hex'),
    ...extra,
  };
  return { card: JSON.stringify(card), onnx };
}

const now = Date.parse('2026-01-14T06:00:00Z');
const hour = 3_600_000;

/** Flat until a day ago, then risen by `rise`. */
function series(zone: string, rise: number, days = 9): PriceSeries {
  return {
    region: 'ap-south-1',
    zone,
    instanceType: 'c5.large',
    atMs: Float64Array.of(now - days * 24 * hour, now - 6 * hour),
    pricePerHour: Float64Array.of(0.03, 0.03 * (1 + rise)),
  };
}

describe('the model keeper', () => {
  const told: Refresh[] = [];
  let stop = new AbortController();
  let place = '';

  function publish({ card, onnx }: Publishing): void {
    writeFileSync(join(place, 'm.onnx'), onnx);
    writeFileSync(join(place, 'm.card.json'), card);
  }

  function keeper(): ModelKeeper {
    return startModelKeeper({
      store: fileDocuments(),
      path: join(place, 'm.onnx'),
      open: openOnnxModel,
      features: servingFeatures,
      knownFeatures: featureNames,
      pollMs: 5,
      timeoutMs: 5_000,
      events: { onRefresh: (refresh) => void told.push(refresh) },
      clock: systemClock,
      signal: stop.signal,
    });
  }

  async function until(fact: () => boolean): Promise<void> {
    while (!fact()) await wait(2);
  }

  function refusals(): readonly string[] {
    return told.filter(({ outcome }) => outcome === 'refused').map(({ sentence }) => sentence);
  }

  async function assess(one: ModelKeeper, pools: readonly PriceSeries[]) {
    const model = one.current();
    if (model === undefined) throw new Error('no model');
    return model.assess({ series: pools, onDemandPerHour: () => 0.085, nowMs: now }, signal);
  }

  beforeEach(() => {
    stop = new AbortController();
    told.length = 0;
    place = mkdtempSync(join(tmpdir(), 'model-keeper-'));
  });

  afterEach(() => stop.abort());

  it('scores pools with the features that training uses, and leaves out what has too short a history', async () => {
    publish(publishing([10, 0], '1'));
    const one = keeper();
    await one.firstAttempt;
    const risks = await assess(one, [series('a', 0), series('b', 0.2), series('c', 0.2, 3)]);
    expect([...risks.keys()]).to.deep.equal(['c5.large@a', 'c5.large@b']);
    const calm = risks.get('c5.large@a')!;
    const risen = risks.get('c5.large@b')!;
    // sigmoid(0) = 0.5 on the way through the table to 0.25.
    expect(calm.expectedFrequency).to.be.closeTo(0.25, 1e-6);
    const score = 1 / (1 + Math.exp(-10 * Math.log(1.2)));
    expect(risen.expectedFrequency).to.be.closeTo(score / 2, 1e-5);
    expect(risen.crashProbability).to.be.greaterThan(calm.crashProbability);
    expect(one.current()?.description).to.equal(
      'family-stress-24h 1 of 2026-01-01T00:00:00Z: risk that the price rises by 3 % within 24 h, learnt from ap-south-1 from 1970-01-01 to 1970-01-02',
    );
  });

  it('scores no pool that is cheaper than the card allows', async () => {
    publish(publishing([10, 0], '1', { minPricePerHour: 0.034 }));
    const one = keeper();
    await one.firstAttempt;
    expect([...(await assess(one, [series('a', 0), series('b', 0.2)])).keys()]).to.deep.equal(['c5.large@b']);
  });

  it('has no model while there is none, and takes it when it comes', async () => {
    const one = keeper();
    await one.firstAttempt;
    expect(one.current()).to.equal(undefined);
    expect(told[0]).to.include({ source: 'model', outcome: 'failed', failures: 1 });
    expect(told[0]?.sentence).to.include('There is no ');
    publish(publishing([1, 0], '1'));
    await until(() => one.current() !== undefined);
  });

  it('takes a new publishing without a restart, one that is torn only when it is whole', async () => {
    publish(publishing([1, 0], '1'));
    const one = keeper();
    await one.firstAttempt;
    const before = one.current();
    const next = publishing([2, 0], '2');
    writeFileSync(join(place, 'm.onnx'), next.onnx);
    await until(() => refusals().length > 0);
    expect(refusals()[0]).to.include('the two are not from one publishing');
    expect(one.current()).to.equal(before);
    writeFileSync(join(place, 'm.card.json'), next.card);
    await until(() => one.status().card?.version === '2');
    expect((await assess(one, [series('a', 0)])).size).to.equal(1);
  });

  for (const [what, bad, sentence] of [
    [
      'features that are not known',
      () => publishing([1, 0], '2', { features: ['return_24h', 'phase_of_the_moon'] }),
      'features that this version does not know: phase_of_the_moon',
    ],
    [
      'a calibration that falls',
      () =>
        publishing([1, 0], '2', {
          calibration: {
            method: 'isotonic',
            points: [
              [0, 0.5],
              [1, 0],
            ],
          },
        }),
      'calibration.points[1]: probabilities must never fall',
    ],
    ['a base rate of zero', () => publishing([1, 0], '2', { priorRate: 0 }), 'priorRate: '],
    ['half a card', () => ({ ...publishing([1, 0], '2'), card: '{"name": "family' }), 'not JSON'],
    [
      'another number of columns',
      () => publishing([1, 0, 3], '2'),
      'it takes 3 columns, its card names 2 features',
    ],
  ] as const)
    it(`keeps its model and says why once when the new one has ${what}`, async () => {
      publish(publishing([1, 0], '1'));
      const one = keeper();
      await one.firstAttempt;
      publish(bad());
      await until(() => refusals().some((one) => one.includes(sentence)));
      await wait(40);
      expect(refusals().filter((one) => one.includes(sentence))).to.have.length(1);
      expect(one.status().card?.version).to.equal('1');
      expect(one.status().lastFailure).to.include(sentence);
      expect((await assess(one, [series('a', 0)])).size).to.equal(1);
      publish(publishing([3, 0], '3'));
      await until(() => one.status().card?.version === '3');
      expect(one.status().lastFailure).to.equal(undefined);
    });

  it('scores a family with its own file beside the card', async () => {
    const own = tinyOnnx({ weights: [0, 0] });
    const scale = {
      file: 'c5.onnx',
      sha256: createHash('sha256').update(own).digest('hex'),
      calibration: { method: 'platt' as const, points: [[0, 0.07]] as const },
      priorRate: 0.02,
      thresholds: { f1: 0.3, gate: 0.85 },
    };
    writeFileSync(join(place, 'c5.onnx'), own);
    publish(publishing([10, 0], '1', { families: { c5: scale } }));
    const one = keeper();
    await one.firstAttempt;
    const risks = await assess(one, [series('a', 0), { ...series('a', 0), instanceType: 'm5.large' }]);
    expect(risks.get('c5.large@a')?.expectedFrequency).to.equal(0.07);
    expect(risks.get('m5.large@a')?.expectedFrequency).to.be.closeTo(0.25, 1e-6);
  });
});

describe('the models that are shipped', () => {
  const folder = new URL('../../../models/', import.meta.url);
  const cards = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.card.json')) : [];
  for (const name of cards)
    it(`${name} is taken and scores pools`, async () => {
      const card: unknown = JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
      expect(card).to.be.an('object');
      const stop = new AbortController();
      const one = startModelKeeper({
        store: fileDocuments(),
        path: new URL(name.replace('.card.json', '.onnx'), folder).pathname,
        open: openOnnxModel,
        features: servingFeatures,
        knownFeatures: featureNames,
        pollMs: 60_000,
        timeoutMs: 10_000,
        events: {},
        clock: systemClock,
        signal: stop.signal,
      });
      await one.firstAttempt;
      expect(one.status().lastFailure).to.equal(undefined);
      const risks = await one
        .current()
        ?.assess(
          { series: [series('a', 0), series('b', 0.2)], onDemandPerHour: () => 0.085, nowMs: now },
          signal,
        );
      expect(risks?.size).to.equal(2);
      stop.abort();
    });
});
