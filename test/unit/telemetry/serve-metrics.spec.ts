import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { serveMetrics } from '../../../src/telemetry/serve-metrics.ts';

const idle = {
  ageSeconds: () => undefined,
  hotPools: () => 0,
  openConnections: () => 0,
  logLinesLost: () => 0,
};

function exportedNames(text: string): string[] {
  return [...text.matchAll(/^# TYPE (spot_\w+) /gm)].map((match) => match[1] ?? '').sort();
}

describe('the metrics of serve', () => {
  it('are exactly those that docs/metrics.md describes', async () => {
    const text = await serveMetrics({ ...idle, ageSeconds: () => 1 }).text();
    const documented = [
      ...readFileSync('docs/metrics.md', 'utf8').matchAll(
        /^\| `(spot_\w+)` \| (?:counter|gauge|histogram) \|/gm,
      ),
    ];
    expect(exportedNames(text)).to.deep.equal(documented.map((match) => match[1]).sort());
  });

  it('start at 0 for every decision and every degradation step', async () => {
    const text = await serveMetrics({ ...idle, ageSeconds: () => undefined }).text();
    for (const decision of ['STAY', 'SWITCH', 'DRAIN', 'EVACUATE'])
      expect(text).to.include(`spot_decision_total{decision="${decision}"} 0`);
    for (const step of ['model', 'advisor-prior', 'price-only', 'all-ids'])
      expect(text).to.include(`spot_scale_up_answers_total{degradation="${step}"} 0`);
  });

  it('show the age of a source that was read and nothing for one that never was', async () => {
    const text = await serveMetrics({
      ...idle,
      ageSeconds: (source) => (source === 'model' ? 42 : undefined),
    }).text();
    expect(text).to.include('spot_source_age_seconds{source="model"} 42');
    expect(text).not.to.include('source="node_watch"');
  });
});
