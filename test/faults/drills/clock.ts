import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installed } from '../../../scripts/system-packages.ts';
import type { Drill } from '../drill.ts';
import { terminationMark } from '../marked-node.ts';
import { answersRestOn, counted, logged, measured } from '../signs.ts';
import type { World } from '../world.ts';

/** Debian's libfaketime moves the wall clock of one process; the monotonic clock goes on, as when a clock is set. */
function faketime(): string | undefined {
  const folders = readdirSync('/usr/lib')
    .map((one) => `/usr/lib/${one}/faketime`)
    .concat('/usr/lib/faketime');
  return folders.map((one) => join(one, 'libfaketimeMT.so.1')).find((path) => existsSync(path));
}

const offsetFile = (world: World): string => join(world.home, 'clock-offset');
const setClock = (world: World, offset: string): void => writeFileSync(offsetFile(world), `${offset}\n`);

export const clockJumps: Drill = {
  name: 'clock-jumps',
  title: 'clock a week ahead, then an hour behind',
  load: 'light',
  missing: () => {
    if (faketime() !== undefined) return undefined;
    return (
      installed('libfaketime') ??
      (faketime() === undefined ? 'libfaketime is not where it was installed' : undefined)
    );
  },
  shape: () => ({
    settings: { 'price-refresh': '12s', 'max-price-age': '40s' },
    prepare: (world) => setClock(world, '+0'),
    environment: (world) => ({
      LD_PRELOAD: faketime() ?? '',
      FAKETIME_TIMESTAMP_FILE: offsetFile(world),
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    }),
  }),
  async run(stage) {
    const { world } = stage;
    // Right after a reading, so that there is time to see what is stale before the next one.
    const jumped = async (offset: string): Promise<void> => {
      await stage.pricesRead();
      setClock(world, offset);
    };
    const refreshed = counted('spot_refreshes_total', { source: 'spot_prices', result: 'changed' });
    await stage.play({
      what: 'clock jumps a week ahead',
      step: 'advisor-prior, until prices are read again',
      begin: () => jumped('+7d'),
      signs: [
        logged('warn', /Spot prices are 7 days old .*they are not used/),
        logged('warn', /Static intelligence is 7 days old/),
        answersRestOn('advisor-prior'),
      ],
      noticedWithinMs: 20_000,
      // The clock stays where it is: the server finds its way by itself.
      end: () => undefined,
      recovery: [refreshed, logged('info', /Spot prices are fresh again/), answersRestOn('model')],
      recoveredWithinMs: 60_000,
    });
    await stage.play({
      what: 'clock jumps back, to an hour behind',
      step: 'model',
      begin: () => setClock(world, '-1h'),
      signs: [logged('info', /Static intelligence is fresh again/), answersRestOn('model')],
      noticedWithinMs: 20_000,
      end: () =>
        world.kube.update('Node', '', 'first', (node) => {
          Object.assign(node['metadata'] as object, { annotations: terminationMark('i-0000000000000000a') });
        }),
      recovery: [
        refreshed,
        measured('a node’s notice heard', (now) => now.sum('spot_hot_pools') === 1),
        measured(
          'prices not older than they are',
          (now) => now.sum('spot_source_age_seconds', { source: 'spot_prices' }) < 60,
        ),
        answersRestOn('model'),
      ],
      recoveredWithinMs: 60_000,
    });
    await stage.play({
      what: 'clock set right',
      step: 'model',
      begin: () => jumped('+0'),
      signs: [logged('warn', /Spot prices are \d+ minutes old/)],
      noticedWithinMs: 20_000,
      end: () => undefined,
      recovery: [refreshed, logged('info', /Spot prices are fresh again/), answersRestOn('model')],
      recoveredWithinMs: 60_000,
    });
  },
};
