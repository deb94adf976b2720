import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { dropReasons } from '../../../src/decision/decision.ts';

import { idleSources as idle, metricsOf } from './idle-sources.ts';

function exportedNames(text: string): string[] {
  return [...text.matchAll(/^# TYPE (spot_\w+) /gm)].map((match) => match[1] ?? '').sort();
}

describe('the metrics of serve', () => {
  it('are exactly those that docs/metrics.md describes', async () => {
    const text = await metricsOf({ ...idle, ageSeconds: () => 1 }).text();
    const documented = [
      ...readFileSync('docs/metrics.md', 'utf8').matchAll(
        /^\| `(spot_\w+)` \| (?:counter|gauge|histogram) \|/gm,
      ),
    ];
    expect(exportedNames(text)).to.deep.equal(documented.map((match) => match[1]).sort());
  });

  it('start at 0 for every decision and every degradation step', async () => {
    const text = await metricsOf({ ...idle, ageSeconds: () => undefined }).text();
    for (const decision of ['STAY', 'SWITCH', 'DRAIN', 'EVACUATE'])
      expect(text).to.include(`spot_decision_total{decision="${decision}"} 0`);
    for (const step of ['model', 'advisor-prior', 'price-only', 'all-ids'])
      expect(text).to.include(`spot_scale_up_answers_total{degradation="${step}"} 0`);
  });

  it('show the age of a source that was read and nothing for one that never was', async () => {
    const text = await metricsOf({
      ...idle,
      ageSeconds: (source) => (source === 'model' ? 42 : undefined),
    }).text();
    expect(text).to.include('spot_source_age_seconds{source="model"} 42');
    expect(text).not.to.include('spot_source_age_seconds{source="node_watch"');
  });

  it('start at 0 for every reason of a drop, every refresh and every outcome of a BestOptions call', async () => {
    const text = await metricsOf(idle).text();
    for (const line of [
      'spot_drops_total{layer="actuator",reason="internal-fault"} 0',
      'spot_refreshes_total{source="spot_prices",result="failed"} 0',
      'spot_grpc_calls_total{method="/grpcplugin.Expander/BestOptions",code="RESOURCE_EXHAUSTED"} 0',
      'spot_fleet_notices_total{signal="TERMINATION"} 0',
      'spot_chosen_total{capacity="spot"} 0',
    ])
      expect(text).to.include(`${line}\n`);
    expect(text.match(/^spot_drops_total\{/gm)).to.have.length(dropReasons.length);
  });

  it('tell a configured source that was never read from one that is not configured', async () => {
    const text = await metricsOf({
      ...idle,
      isWanted: (source) => source !== 'node_watch',
      ageSeconds: (source) => (source === 'model' ? 42 : undefined),
    }).text();
    expect(text).to.include('spot_source_known{source="model"} 1\n');
    expect(text).to.include('spot_source_known{source="spot_prices"} 0\n');
    expect(text).not.to.include('spot_source_age_seconds{source="node_watch"');
  });

  it('show the risk of the region as it is when they are read, and forget it with the assessments', async () => {
    let median: number | undefined = 0.25;
    const metrics = metricsOf({
      ...idle,
      poolRisk: () => ({
        priced: 3,
        assessed: median === undefined ? 0 : 2,
        aboveGate: 0,
        crashProbability:
          median === undefined ? undefined : { '0.5': median, '0.9': 0.5, '0.99': 0.5, '1': 0.5 },
      }),
    });
    expect(await metrics.text()).to.include('spot_pool_crash_probability{quantile="0.5"} 0.25\n');
    median = 0.3;
    expect(await metrics.text()).to.include('spot_pool_crash_probability{quantile="0.5"} 0.3\n');
    median = undefined;
    const text = await metrics.text();
    expect(text).not.to.include('spot_pool_crash_probability{');
    expect(text).to.include('spot_pools{known="priced"} 3\n').and.include('spot_pools{known="assessed"} 0\n');
  });

  it('tell version and mode', async () => {
    expect(await metricsOf(idle).text()).to.include('spot_build_info{version="0",mode="TEST"} 1\n');
  });
});
