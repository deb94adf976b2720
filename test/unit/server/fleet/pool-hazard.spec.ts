import { expect } from 'chai';
import fc from 'fast-check';
import type { Pool } from '../../../../src/decision/pool.ts';
import { FleetRecord } from '../../../../src/server/fleet/fleet-record.ts';
import {
  hazardAfterInterruption,
  justInterrupted,
  PoolHazards,
} from '../../../../src/server/fleet/pool-hazard.ts';
import { start } from '../../drain/simulated-node.ts';

const hour = 3_600_000;
const key = 'c5.large@ap-south-1a';
const pool: Pool = {
  instanceType: 'c5.large',
  zone: 'ap-south-1a',
  region: 'ap-south-1',
  capacityType: 'spot',
};
const elsewhere: Pool = { ...pool, zone: 'ap-south-1b' };
const band = { interruptRate: 0.075, code: 1 };
const bandPerHour = -Math.log(1 - 0.075) / 730;

function hazards(record: FleetRecord): PoolHazards {
  return new PoolHazards(record, () => band);
}

function interrupted(record: FleetRecord, atMs: number, times = 1): void {
  for (let time = 0; time < times; time += 1)
    record.add({ kind: 'notice', pool: key, signal: 'TERMINATION', id: `node-${atMs}-${time}/notice`, atMs });
}

describe('launches that bring nothing', () => {
  it('count one outage for as long as they follow each other within the hour', () => {
    const record = new FleetRecord();
    for (const minutes of [0, 30, 80, 139])
      record.add({ kind: 'shortage', pool: key, atMs: start + minutes * 60_000 });
    expect(record.of(key, start + 3 * hour)?.shortages).to.be.closeTo(1, 0.01);
    record.add({ kind: 'shortage', pool: key, atMs: start + 200 * 60_000 });
    expect(record.of(key, start + 4 * hour)?.shortages).to.be.closeTo(2, 0.01);
  });

  it('right after an interruption tell nothing that it did not', () => {
    const record = new FleetRecord();
    interrupted(record, start);
    record.add({ kind: 'shortage', pool: key, atMs: start + 60_000 });
    expect(record.of(key, start + hour)?.shortages).to.equal(0);
  });

  it('are in the sum that a journal is replaced by, as is when the pool was last empty', () => {
    const record = new FleetRecord();
    interrupted(record, start);
    record.add({ kind: 'shortage', pool: key, atMs: start + 5 * hour });
    record.add({ kind: 'hours', pool: 'c5.large@ap-south-1b', hours: 2, atMs: start });
    const again = new FleetRecord();
    for (const entry of record.entries()) again.add(entry);
    for (const one of [key, 'c5.large@ap-south-1b'] as const)
      expect(again.of(one, start + 6 * hour)).to.deep.equal(record.of(one, start + 6 * hour));
  });
});

describe('what the fleet expects of a pool', () => {
  it('is the band where nothing was met, and nothing for on-demand', () => {
    const expected = hazards(new FleetRecord());
    expect(expected.perHour(pool, start)).to.be.closeTo(bandPerHour, 1e-12);
    expect(expected.perHour({ ...pool, capacityType: 'on-demand' }, start)).to.equal(0);
  });

  it('rises with an interruption at once, here most and elsewhere by what the whole fleet meets', () => {
    const record = new FleetRecord();
    record.add({ kind: 'hours', pool: key, hours: 100, atMs: start });
    const expected = hazards(record);
    const before = [pool, elsewhere].map((one) => expected.perHour(one, start));
    interrupted(record, start, 3);
    const after = [pool, elsewhere].map((one) => expected.perHour(one, start));
    expect(after[1]).to.be.greaterThan(before[1]!);
    expect(after[0]! - before[0]!).to.be.greaterThan(after[1]! - before[1]!);
  });

  it('is far above that of a calm pool right after a notice, though it was calm itself for years', () => {
    const record = new FleetRecord();
    record.add({ kind: 'hours', pool: key, hours: 50_000, atMs: start });
    interrupted(record, start);
    const expected = hazards(record);
    expect(expected.perHour(pool, start)).to.be.greaterThan(50 * expected.perHour(elsewhere, start));
    const dayLater = start + 24 * hour;
    expect(expected.perHour(pool, dayLater)).to.be.lessThan(4 * expected.perHour(elsewhere, dayLater));
  });

  it('counts an outage that a launch found as an interruption', () => {
    const found = new FleetRecord();
    found.add({ kind: 'shortage', pool: key, atMs: start });
    const expected = hazards(found);
    const later = start + 24 * hour;
    expect(expected.perHour(pool, later)).to.be.greaterThan(2 * expected.perHour(elsewhere, later));
  });

  it('falls with quiet hours', () => {
    const record = new FleetRecord();
    const expected = hazards(record);
    const before = expected.perHour(pool, start);
    record.add({ kind: 'hours', pool: key, hours: 5_000, atMs: start });
    expect(expected.perHour(pool, start)).to.be.lessThan(before / 2);
  });

  it('is never less than its average, and the nearer the interruption the more', () => {
    const average = fc.double({ min: 0, max: 5, noNaN: true });
    const age = fc.integer({ min: 0, max: 100 * hour });
    fc.assert(
      fc.property(average, age, age, (perHour, one, other) => {
        const near = hazardAfterInterruption(perHour, Math.min(one, other));
        const far = hazardAfterInterruption(perHour, Math.max(one, other));
        expect(far).to.be.within(perHour, near);
      }),
    );
    expect(hazardAfterInterruption(0.2, Infinity)).to.equal(0.2);
    expect(hazardAfterInterruption(0.2, -hour)).to.equal(
      0.2 * (1 + justInterrupted.excess) + justInterrupted.leastPerHour,
    );
  });
});
