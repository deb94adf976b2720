import { expect } from 'chai';
import fc from 'fast-check';
import type { CapacityFigures } from '../../../../src/ports/capacity-manager.ts';
import type { JournalEntry } from '../../../../src/ports/fleet-journal.ts';
import { AccountRecord, CombinedRecord } from '../../../../src/server/fleet/account-record.ts';
import { EvidenceSpans } from '../../../../src/server/fleet/evidence-spans.ts';
import { FleetRecord, halfLifeMs } from '../../../../src/server/fleet/fleet-record.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.parse('2026-03-02T00:00:00Z');
const pool = 'c5.large@ap-south-1a';
const zoneName = (zone: string): string => (zone === 'aps1-az1' ? 'ap-south-1a' : zone);

type Counted = CapacityFigures & { readonly periodHours: number };
function counted(
  atMs: number,
  usageHours: number,
  interruptions = 0,
  periodHours = 1,
  zoneId = 'aps1-az1',
): Counted {
  return {
    region: 'ap-south-1',
    zoneId,
    instanceType: 'c5.large',
    atMs,
    usageHours,
    interruptions,
    periodHours,
  };
}

/** Three nodes for some hours, one of which is interrupted in the last. */
function lived(record: FleetRecord, fromMs: number, hours: number, id: string): void {
  for (let at = 0; at < hours; at += 1)
    record.add({ kind: 'hours', pool, hours: 3, atMs: fromMs + (at + 0.5) * hour });
  record.add({ kind: 'notice', pool, signal: 'TERMINATION', id, atMs: fromMs + (hours - 0.4) * hour });
}

describe("the account's record beside the fleet's own", () => {
  it('speaks for pools in which the fleet has only just begun, from the first reading on', () => {
    const account = new AccountRecord();
    const combined = new CombinedRecord(new FleetRecord(), account, zoneName);
    expect(combined.of(pool, start)).to.equal(undefined);
    account.replace([counted(start - 30 * day, 500, 2, 24)], { sinceMs: start - 60 * day, untilMs: start });
    const found = combined.of(pool, start);
    expect(found?.hours).to.be.closeTo(500 * 0.5 ** (29 / 60), 1e-9);
    expect(found?.interruptions).to.be.closeTo(2 * 0.5 ** (29 / 60), 1e-9);
    expect(found?.interruptedAtMs).to.equal(start - 30 * day);
    expect(combined.poolKeys()).to.deep.equal([pool]);
  });

  it('replaces what the fleet saw in hours that AWS has counted, and adds what is newer', () => {
    const own = new FleetRecord();
    lived(own, start, 6, 'seen-by-both/1');
    lived(own, start + 6 * hour, 2, 'not-counted-yet/1');
    const account = new AccountRecord();
    account.replace(
      [...Array(6).keys()].map((at) => counted(start + at * hour, 5, at === 5 ? 2 : 0)),
      { sinceMs: start - day, untilMs: start + 6 * hour },
    );
    const found = new CombinedRecord(own, account, zoneName).of(pool, start + 8 * hour);
    expect(found?.hours).to.be.closeTo(6 * 5 + 2 * 3, 0.1);
    expect(found?.interruptions).to.be.closeTo(2 + 1, 0.02);
    expect(own.of(pool, start + 8 * hour)?.hours).to.be.closeTo(24, 0.1);
  });

  it('keeps what the fleet saw before AWS began to count, and in pools and zones that AWS does not name', () => {
    const own = new FleetRecord();
    lived(own, start - 3 * day, 5, 'before/1');
    const account = new AccountRecord();
    account.replace([counted(start, 7), counted(start, 9, 1, 1, 'nobody-knows')], {
      sinceMs: start,
      untilMs: start + hour,
    });
    const combined = new CombinedRecord(own, account, zoneName);
    expect(combined.of(pool, start + hour)?.hours).to.be.closeTo(15 * 0.5 ** (3 / 60) + 7, 0.2);
    own.add({ kind: 'hours', pool: 'm5.large@ap-south-1a', hours: 4, atMs: start });
    expect(combined.of('m5.large@ap-south-1a', start)?.hours).to.equal(4);
    expect(combined.poolKeys()).to.have.members([pool, 'm5.large@ap-south-1a']);
  });

  it('leaves rebalance recommendations and empty launches to the fleet, which alone sees them', () => {
    const own = new FleetRecord();
    own.add({ kind: 'notice', pool, signal: 'REBALANCE', id: 'a/1', atMs: start });
    own.add({ kind: 'shortage', pool, atMs: start });
    const account = new AccountRecord();
    account.replace([counted(start, 7)], { sinceMs: start - day, untilMs: start + hour });
    const found = new CombinedRecord(own, account, zoneName).of(pool, start);
    expect(found).to.deep.include({ rebalances: 1, shortages: 1, emptyAtMs: start });
  });

  it('a sum of an earlier version, of which nobody knows when, is taken to be within what AWS counted', () => {
    const own = new FleetRecord();
    own.add({ kind: 'total', pool, hours: 900, interruptions: 9, rebalances: 0, atMs: start });
    const account = new AccountRecord();
    const combined = new CombinedRecord(own, account, zoneName);
    expect(combined.of(pool, start)?.hours).to.equal(900);
    account.replace([counted(start - 2 * day, 70, 1, 24)], { sinceMs: start - 60 * day, untilMs: start });
    expect(combined.of(pool, start)?.hours).to.be.closeTo(70, 1);
  });

  it('no hour and no interruption counts twice, however the two records lie over each other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.integer({ min: 0, max: 60 * 24 - 1 }), hit: fc.boolean() }), {
          minLength: 1,
          maxLength: 120,
        }),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 60 * 24 }),
        fc.boolean(),
        (met, sinceDay, untilHour, restarted) => {
          // One node in each of these hours, seen by the agent and counted by AWS alike.
          const hours = new Map(met.map(({ at, hit }) => [at, hit]));
          let own = new FleetRecord();
          for (const [at, hit] of [...hours].sort(([one], [other]) => one - other)) {
            own.add({ kind: 'hours', pool, hours: 1, atMs: start + (at + 0.5) * hour });
            if (hit)
              own.add({
                kind: 'notice',
                pool,
                signal: 'TERMINATION',
                id: `${at}/1`,
                atMs: start + (at + 0.5) * hour,
              });
          }
          if (restarted) {
            const again = new FleetRecord();
            for (const entry of JSON.parse(JSON.stringify(own.entries())) as JournalEntry[]) again.add(entry);
            own = again;
          }
          const nowMs = start + 60 * day;
          const sinceMs = start + sinceDay * day;
          const untilMs = start + untilHour * hour;
          const hourlyFrom = Math.floor(untilHour / 24 - 3) * 24;
          const figures = new Map<string, Counted>();
          for (const [at, hit] of hours) {
            if (start + at * hour < sinceMs || at >= untilHour + 3) continue;
            const periodHours = at < hourlyFrom ? 24 : 1;
            const periodAt = start + Math.floor(at / periodHours) * periodHours * hour;
            const key = `${periodAt} ${periodHours}`;
            const before = figures.get(key);
            figures.set(
              key,
              counted(
                periodAt,
                (before?.usageHours ?? 0) + 1,
                (before?.interruptions ?? 0) + (hit ? 1 : 0),
                periodHours,
              ),
            );
          }
          const account = new AccountRecord();
          account.replace([...figures.values()], { sinceMs, untilMs });
          const found = new CombinedRecord(own, account, zoneName).of(pool, nowMs);
          const weight = (at: number): number => 0.5 ** ((nowMs - start - (at + 0.5) * hour) / halfLifeMs);
          const truth = [...hours.keys()].reduce((sum, at) => sum + weight(at), 0);
          const hits = [...hours].reduce((sum, [at, hit]) => sum + (hit ? weight(at) : 0), 0);
          // A day weighs a hundredth more at its end than at its beginning.
          expect(found?.hours).to.be.at.most(truth * 1.013);
          expect(found?.interruptions).to.be.at.most(hits * 1.013 + 1e-9);
          // What is lost at most: the hours of one day and one week that the edges cut.
          const cut = [...hours.keys()].filter((at) => {
            const atMs = start + at * hour;
            return Math.abs(atMs - sinceMs) <= 8 * day || Math.abs(atMs - untilMs) <= 8 * day;
          });
          const lost = cut.reduce((sum, at) => sum + weight(at), 0);
          expect(found?.hours).to.be.at.least((truth - lost) * 0.987);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('when evidence was met', () => {
  it('is known by the hour for three days, by the week for half a year, and bounded', () => {
    const spans = new EvidenceSpans(halfLifeMs);
    for (let at = 0; at < 365 * 24; at += 1) spans.add(start + at * hour, 1, 0);
    const { all } = spans;
    expect(all.length).to.be.within(72 + 26, 72 + 28);
    expect(all.filter(({ sinceMs, untilMs }) => untilMs - sinceMs === hour)).to.have.length(72);
    for (const [at, span] of all.entries()) expect(span.sinceMs).to.be.at.least(all[at - 1]?.untilMs ?? 0);
  });

  it('late entries join the week that they are of', () => {
    const spans = new EvidenceSpans(halfLifeMs);
    spans.add(start, 1, 0);
    spans.add(start + 10 * day, 1, 0);
    spans.add(start + hour, 2, 1);
    expect(spans.all).to.have.length(2);
    expect(spans.all[0]).to.deep.include({ sinceMs: start, untilMs: start + 2 * hour, interruptions: 1 });
  });
});
