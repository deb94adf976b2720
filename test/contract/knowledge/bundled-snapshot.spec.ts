import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { serveConfig } from '../../../src/config/serve-config.ts';
import type { Pool } from '../../../src/decision/pool.ts';
import { openKnowledge } from '../../../src/processes/serve/open-knowledge.ts';
import { systemClock } from '../../../src/telemetry/system-clock.ts';
import { openedKnowledge } from './opened-knowledge.ts';

const snapshotEnds = Date.parse('2024-01-31T21:12:42Z');

function pool(instanceType: string, zone: string): Pool {
  return { instanceType, zone, region: 'ap-south-1', capacityType: 'spot' };
}

describe('the bundled snapshot of ap-south-1', () => {
  const stop = new AbortController();

  const opened = (settings: Readonly<Record<string, unknown>> = {}) => openedKnowledge(settings, stop.signal);

  after(() => stop.abort());

  it('lets the shipped model speak of its pools, by zone name and zone id alike', async () => {
    const { keeper } = await opened();
    const known = keeper.current();
    const byName = known.risk(pool('c5.large', 'ap-south-1a'));
    expect(byName?.source).to.equal('family-stress');
    expect(known.risk(pool('c5.large', 'aps1-az1'))).to.deep.equal(byName);
    expect(known.risk(pool('c5.large', 'ap-south-1b'))).not.to.deep.equal(byName);
    const assessed = keeper.offerings().pools.filter((one) => known.risk(one)?.source === 'family-stress');
    expect(assessed.length).to.be.greaterThan(1_300);
  });

  it('says of when that is, and which dealing of zone names it assumes, in the status and in answers', async () => {
    const { keeper } = await opened();
    const { risk, degradations } = keeper.status();
    const { remarks = [] } = keeper.current();
    expect(risk.pricesAsOfMs).to.equal(snapshotEnds);
    expect(remarks[0]).to.equal(
      'The facts of ap-south-1 are Spot prices of 2024-01-31 21:12 UTC, Spot Advisor bands of 2025-07-28, on-demand prices of 2024-11-03.',
    );
    for (const sentence of [
      /^Risk is told as of 2024-01-31 21:12 UTC/,
      /^Zone names are assumed: ap-south-1a is taken for aps1-az1/,
    ]) {
      expect(
        degradations.some((one) => sentence.test(one)),
        String(sentence),
      ).to.equal(true);
      expect(
        remarks.some((one) => sentence.test(one)),
        String(sentence),
      ).to.equal(true);
    }
  });

  it('is scored as of its own end, whatever the hour of asking', async () => {
    const ownClock = { ...systemClock, nowMs: () => Date.parse('2027-07-04T15:00:00Z') };
    const config = serveConfig({
      flags: { mode: 'TEST' },
      environment: {},
      configFile: undefined,
      prod: false,
    });
    const later = openKnowledge({ config, clock: ownClock, signal: stop.signal, events: {} });
    await later.ready(20_000);
    const now = (await opened()).keeper.current();
    const asked = pool('c5.large', 'ap-south-1a');
    expect(later.keeper.current().risk(asked)).to.deep.equal(now.risk(asked));
  });

  it('is no word of the model where stale prices are ignored', async () => {
    const { keeper } = await opened({ stale_prices: 'ignore' });
    expect(keeper.current().risk(pool('c5.large', 'ap-south-1a'))).to.equal(undefined);
    expect(keeper.current().pricesAreStale).to.equal(true);
    expect((keeper.current().remarks ?? []).join(' ')).not.to.include('Risk is told as of');
  });

  it('stands in with its price changes while nothing is published, and leaves with them once something is', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'published-')), 'ap-south-1.json');
    const before = await opened({ static_data: path });
    expect(before.keeper.current().risk(pool('c5.large', 'ap-south-1a'))?.source).to.equal('family-stress');
    const published = {
      metadata: { last_updated: new Date().toISOString(), region: 'ap-south-1' },
      spot_advisor: { 'c5.large@ap-south-1': { code: 1 } },
      instance_metadata: { 'c5.large': { vcpu: 2, memory_gb: 4 } },
      spot: { 'c5.large@ap-south-1a': 0.03 },
    };
    writeFileSync(path, JSON.stringify(published));
    const after = await opened({ static_data: path });
    expect(after.keeper.current().risk(pool('c5.large', 'ap-south-1a'))).to.equal(undefined);
    expect(after.keeper.current().remarks ?? []).to.deep.equal([]);
  });
});
