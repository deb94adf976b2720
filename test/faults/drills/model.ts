import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { bundledModel } from '../../../src/processes/bundled-files.ts';
import { replaced } from '../certificates.ts';
import type { Drill } from '../drill.ts';
import { answersRestOn, counted, logged } from '../signs.ts';

const refreshes = (result: string) => counted('spot_refreshes_total', { source: 'model', result });
const wellAgain = [
  refreshes('recovered'),
  logged('info', /"source":"model".*without fault again/),
  answersRestOn('model'),
];

export const model: Drill = {
  name: 'model',
  title: 'model file gone, corrupt, older than its card, or missing at a start',
  load: 'light',
  async run(stage) {
    const { modelFile, cardFile } = stage.world;
    const [onnx, card] = [readFileSync(modelFile), readFileSync(cardFile)];
    const restored = (): void => {
      replaced(modelFile, onnx);
      replaced(cardFile, card);
    };
    const limits = { noticedWithinMs: 20_000, recoveredWithinMs: 20_000, step: 'model, the last good one' };
    await stage.play({
      ...limits,
      what: 'model file and card gone',
      begin: () => {
        rmSync(modelFile);
        rmSync(cardFile);
      },
      signs: [refreshes('failed'), logged('warn', /"source":"model".*There is no /), answersRestOn('model')],
      end: restored,
      recovery: wellAgain,
    });
    await stage.play({
      ...limits,
      what: 'model file written half-way',
      begin: () => writeFileSync(modelFile, onnx.subarray(0, onnx.length / 2)),
      signs: [refreshes('refused'), logged('warn', /"source":"model".*SHA-256/), answersRestOn('model')],
      end: restored,
      recovery: wellAgain,
    });
    await stage.play({
      ...limits,
      what: 'model file older than its card',
      begin: () => copyFileSync(bundledModel.replace('12h.onnx', '24h.card.json'), cardFile),
      signs: [
        refreshes('refused'),
        logged('warn', /"source":"model".*not from one publishing/),
        answersRestOn('model'),
      ],
      // The publishing is completed: the newer model is taken.
      end: () => replaced(modelFile, readFileSync(bundledModel.replace('12h', '24h'))),
      recovery: [refreshes('changed'), logged('info', /"source":"model".*within 24 h/), ...wellAgain],
    });
    await stage.play({
      what: 'model file missing beside its card when the server starts',
      step: 'advisor-prior',
      begin: async () => {
        await stage.restart(() => rmSync(modelFile));
      },
      signs: [
        logged('warn', /No risk model is in use; the Spot Advisor’s bands take its place/),
        refreshes('failed'),
        answersRestOn('advisor-prior'),
      ],
      noticedWithinMs: 20_000,
      end: restored,
      recovery: [refreshes('changed'), answersRestOn('model')],
      recoveredWithinMs: 30_000,
    });
  },
};
