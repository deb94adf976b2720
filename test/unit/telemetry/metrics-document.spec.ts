import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { dropReasons } from '../../../src/decision/decision.ts';
import { layers } from '../../../src/decision/layers.ts';

import { idleSources as idle, metricsOf } from './idle-sources.ts';

describe('docs/metrics.md', () => {
  const document = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');

  it('describes every metric of serve, and none that does not exist', async () => {
    const text = await metricsOf({ ...idle, ageSeconds: () => 1 }).text();
    const kinds = new Map(
      [...text.matchAll(/^# TYPE (spot_\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]),
    );
    const described = new Map(
      [...document.matchAll(/^\| `(spot_\w+)` +\| (counter|gauge|histogram) /gm)].map(([, name, kind]) => [
        name,
        kind,
      ]),
    );
    expect([...described].sort()).to.deep.equal([...kinds].sort());
  });

  it('names every layer and every reason for a drop', () => {
    for (const name of [...layers, ...dropReasons]) expect(document).to.include(`\`${name}\``);
  });

  it('maps the names that are known in milliseconds', () => {
    for (const name of ['spot_pipeline_duration_ms', 'spot_model_prediction_ms'])
      expect(document).to.include(`\`${name}\``);
  });
});
