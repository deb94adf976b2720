import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Drill } from '../drill.ts';
import { terminationMark } from '../marked-node.ts';
import { answersRestOn, counted, logged, measured } from '../signs.ts';
import type { World } from '../world.ts';

const sizeKb = 64 * 1_024;

function mounted(directory: string): string | undefined {
  const { status, stderr } = spawnSync(
    'mount',
    ['-t', 'tmpfs', '-o', `size=${sizeKb}k`, 'tmpfs', directory],
    {
      encoding: 'utf8',
    },
  );
  return status === 0 ? undefined : stderr.trim();
}

/** Fills a file system to its last byte. */
function filled(path: string): void {
  const file = openSync(path, 'w');
  const piece = Buffer.alloc(1_024);
  try {
    for (;;) writeSync(file, piece);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    closeSync(file);
  }
}

const diskOf = (world: World): string => world.stateDir;

export const diskFull: Drill = {
  name: 'disk-full',
  title: 'disk full under recordings and the fleet journal',
  load: 'light',
  missing: () =>
    // Tried in a namespace of its own, which takes the mount with it.
    spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0
      ? undefined
      : 'a small file system cannot be mounted here; run as root with CAP_SYS_ADMIN',
  shape: () => ({
    prepare: (world) => {
      const why = mounted(diskOf(world));
      if (why !== undefined) throw new Error(`tmpfs cannot be mounted: ${why}`);
    },
    cleanUp: (world) => void spawnSync('umount', [diskOf(world)]),
    moreSettings: (world) => ({ record: join(diskOf(world), 'record'), 'record-max-size': '1Gi' }),
  }),
  async run(stage) {
    const { world } = stage;
    const filler = join(diskOf(world), 'filler');
    const journal = join(diskOf(world), 'fleet-journal.jsonl');
    const notice = (node: string, zone: string, instanceId: string): void => {
      world.kube.addNode(node, { zone, instanceId, metadata: { annotations: terminationMark(instanceId) } });
    };
    await stage.play({
      what: 'disk full',
      step: 'model; recording is off, the journal waits',
      begin: () => {
        filled(filler);
        notice('during', 'ap-south-1b', 'i-0000000000000000d');
      },
      signs: [
        counted('spot_recordings_total', { result: 'failed' }),
        logged('warn', /a recording could not be written; recording is off for a while/),
        logged('warn', /the fleet journal cannot be written/),
        measured('the pool hot all the same', (now) => now.sum('spot_hot_pools') === 1),
        answersRestOn('model'),
      ],
      noticedWithinMs: 30_000,
      end: () => {
        rmSync(filler);
        notice('after', 'ap-south-1c', 'i-0000000000000000e');
      },
      recovery: [
        counted('spot_recordings_total', { result: 'stored' }),
        logged('info', /the fleet journal is written again/),
        answersRestOn('model'),
      ],
      recoveredWithinMs: 90_000,
    });
    const written = readFileSync(journal, 'utf8');
    for (const pool of ['c5.large@ap-south-1b', 'c5.large@ap-south-1c'])
      stage.mustBe(
        written.includes(pool),
        `the fleet journal has lost what was learnt of ${pool}:\n${written}`,
      );
    for (const line of written.split('\n').filter((one) => one !== ''))
      stage.mustBe(isJson(line), `the fleet journal holds a broken line: ${line}`);
  },
};

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
