import { readFileSync, writeFileSync } from 'node:fs';
import { replaced } from '../certificates.ts';
import type { Drill } from '../drill.ts';
import { answersRestOn, counted, logged, measured } from '../signs.ts';
import { staticDataOf } from '../world.ts';

const dayMs = 86_400_000;

export const staticData: Drill = {
  name: 'static-data',
  title: 'static data broken, or a week old',
  load: 'light',
  async run(stage) {
    const { staticFile } = stage.world;
    const good = readFileSync(staticFile);
    await stage.play({
      what: 'static data written half-way',
      step: 'model, on the last good file',
      begin: () => writeFileSync(staticFile, good.subarray(0, good.length / 2)),
      signs: [
        counted('spot_refreshes_total', { source: 'static_intelligence', result: 'refused' }),
        logged('warn', /static_intelligence.*(mistake|not JSON|JSON)/),
        answersRestOn('model'),
      ],
      noticedWithinMs: 25_000,
      end: () => replaced(staticFile, good),
      recovery: [
        counted('spot_refreshes_total', { source: 'static_intelligence', result: 'recovered' }),
        logged('info', /static_intelligence.*again/),
        answersRestOn('model'),
      ],
      recoveredWithinMs: 45_000,
    });
    await stage.play({
      what: 'static data a week old',
      step: 'model; the bands of last week',
      begin: () => replaced(staticFile, staticDataOf(Date.now() - 7 * dayMs)),
      signs: [
        measured(
          'spot_source_age_seconds of static_intelligence above six days',
          (now) => now.sum('spot_source_age_seconds', { source: 'static_intelligence' }) > 6 * 86_400,
        ),
        logged('warn', /Static intelligence is 7 days old/),
        answersRestOn('model'),
      ],
      noticedWithinMs: 25_000,
      end: () => replaced(staticFile, staticDataOf(Date.now())),
      recovery: [
        measured(
          'spot_source_age_seconds of static_intelligence below a day',
          (now) => now.sum('spot_source_age_seconds', { source: 'static_intelligence' }) < 86_400,
        ),
        logged('info', /Static intelligence is fresh again/),
      ],
      recoveredWithinMs: 25_000,
    });
  },
};
