import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { directoryObjects } from '../../../src/adapters/files/directory-objects.ts';
import { fileDocuments } from '../../../src/adapters/files/file-documents.ts';
import { defaultPolicy } from '../../../src/decision/policy.ts';
import type { RestEntry } from '../../../src/formats/capacity-record.ts';
import { capacityKeeper } from '../../../src/server/expander/capacity-keeper.ts';
import { KeptCapacity } from '../../../src/server/expander/kept-capacity.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const minutes = 60_000;
const pool = {
  instanceType: 'c5.large',
  zone: 'ap-south-1a',
  region: 'ap-south-1',
  capacityType: 'spot',
} as const;
const rest = (sinceMs: number): RestEntry => ({
  kind: 'rest',
  of: 'class',
  type: pool.instanceType,
  zone: pool.zone,
  region: pool.region,
  capacity: 'spot',
  group: 'asg-batch',
  since: new Date(sinceMs).toISOString(),
  until: new Date(sinceMs + defaultPolicy.cooldownMs).toISOString(),
  evidence: 'nothing came',
  by: 'server-1',
});

/** A server that starts at this time of the wall clock, which its monotonic clock knows nothing of. */
function started(folder: string, wallMs: number) {
  const said: string[] = [];
  const clock = { wallMs, monotonicMs: 500 };
  const say = (_: unknown, message: string) => void said.push(message);
  const kept = new KeptCapacity({
    store: directoryObjects(folder),
    documents: fileDocuments({ maxBytes: 1024 * 1024 }),
    nowMs: () => clock.wallMs,
    warn: say,
    info: say,
  });
  const keeper = capacityKeeper({
    policy: defaultPolicy,
    by: 'server-1',
    clock: { nowMs: () => clock.wallMs, monotonicMs: () => clock.monotonicMs },
    onRest: () => undefined,
    onFault: (error) => {
      throw error;
    },
  });
  const read = async () => keeper.hear(await kept.read(new AbortController().signal), []);
  const passes = (ms: number) => {
    clock.wallMs += ms;
    clock.monotonicMs += ms;
  };
  return { kept, keeper, clock, said, read, passes };
}

describe('capacity memory on disk', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'kept-'))));

  async function written(sinceMs = now): Promise<void> {
    const { kept } = started(folder, now);
    kept.write([rest(sinceMs)]);
    await kept.settled();
  }

  it('a restart remembers what rests, for the time that is left', async () => {
    await written();
    const again = started(folder, now + 4 * minutes);
    await again.read();
    expect(again.keeper.cooldown(pool)?.untilMs).to.equal(now + 10 * minutes);
    expect(again.keeper.entries()).to.deep.equal([rest(now)]);
    again.passes(6 * minutes + 1);
    expect(again.keeper.cooldown(pool)).to.equal(undefined);
    expect(again.keeper.entries()).to.deep.equal([]);
  });

  it('a clock that was set ahead or back while it was down never makes an endless rest', async () => {
    await written();
    for (const [jump, rests] of [
      [365 * 24 * 60 * minutes, false],
      [-60 * minutes, false],
      [-minutes, true],
    ] as const) {
      const again = started(folder, now + jump);
      await again.read();
      expect(again.keeper.cooldown(pool) !== undefined, String(jump)).to.equal(rests);
      again.passes(defaultPolicy.cooldownMs + 1);
      again.clock.wallMs -= 24 * 60 * minutes;
      expect(again.keeper.cooldown(pool), String(jump)).to.equal(undefined);
    }
  });

  it('hearing the same words again and again under a clock that goes back prolongs nothing', async () => {
    await written();
    const again = started(folder, now);
    await again.read();
    for (let round = 0; round < 12; round += 1) {
      again.passes(minutes);
      again.clock.wallMs -= minutes;
      again.keeper.hear([rest(now)], []);
    }
    expect(again.keeper.cooldown(pool)).to.equal(undefined);
  });

  for (const [what, make] of [
    ['torn', (path: string) => writeFileSync(path, '{"format":1,"entries":[{"kind":"rest"')],
    ['of another kind', (path: string) => writeFileSync(path, Buffer.alloc(4_096, 0xff))],
    ['far too large', (path: string) => writeFileSync(path, Buffer.alloc(2 * 1024 * 1024, 0x20))],
    ['a directory', (path: string) => mkdirSync(path)],
    ['a pipe that nobody writes into', (path: string) => void execFileSync('mkfifo', [path])],
  ] as const)
    it(`a file that is ${what} is told of and ignored`, async () => {
      make(join(folder, 'capacity-memory.json'));
      const one = started(folder, now);
      await one.read();
      expect(one.keeper.entries()).to.deep.equal([]);
      expect(one.said.join()).to.match(/what rested before the start|of what rested before the start/);
    });

  it('no file is no news', async () => {
    const one = started(join(folder, 'not-there'), now);
    await one.read();
    expect(one.said).to.deep.equal([]);
  });

  it('a disk that refuses is told of once, and when it takes again', async () => {
    const blocked = join(folder, 'blocked');
    writeFileSync(blocked, '');
    const one = started(blocked, now);
    for (let round = 0; round < 3; round += 1) {
      one.kept.write([rest(now)]);
      await one.kept.settled();
    }
    expect(one.said).to.deep.equal([
      'what rests cannot be written to disk; a restart forgets it unless replicas share it',
    ]);
  });
});
