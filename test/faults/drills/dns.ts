import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dnsPeer, type DnsPeer } from '../dns-peer.ts';
import type { Drill } from '../drill.ts';
import { logged } from '../signs.ts';
import type { World } from '../world.ts';
import { pricesBack, pricesLost } from './ec2.ts';

const name = 'ec2.drill.test';
/** Any address of loopback will do; the usual ones may have a name server already. */
const address = '127.0.99.53';
let peer: DnsPeer | undefined;

function resolverFiles(world: World): {
  readonly hosts: string;
  readonly resolver: string;
  readonly order: string;
} {
  const files = {
    hosts: join(world.home, 'hosts'),
    resolver: join(world.home, 'resolv.conf'),
    order: join(world.home, 'nsswitch.conf'),
  };
  writeFileSync(files.hosts, '127.0.0.1 localhost\n');
  writeFileSync(files.resolver, `nameserver ${address}\n`);
  writeFileSync(files.order, 'hosts: files dns\npasswd: files\n');
  return files;
}

export const dnsDead: Drill = {
  name: 'dns-dead',
  title: 'the name server dead',
  load: 'light',
  missing: () =>
    spawnSync('unshare', ['--mount', 'true']).status === 0
      ? undefined
      : 'a mount namespace cannot be made here; run as root with CAP_SYS_ADMIN',
  shape: () => ({
    prepare: async () => {
      peer = await dnsPeer(address);
    },
    cleanUp: () => peer?.close(),
    environment: (world) => ({
      AWS_ENDPOINT_URL_EC2: world.ec2.endpoint.replace('127.0.0.1', name),
    }),
    // The server alone sees other resolver files.
    through: (world) => {
      const { hosts, resolver, order } = resolverFiles(world);
      const mounts = [
        `mount --bind ${hosts} /etc/hosts`,
        `mount --bind ${resolver} /etc/resolv.conf`,
        `mount --bind ${order} /etc/nsswitch.conf`,
      ];
      return ['unshare', '--mount', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh'];
    },
  }),
  async run(stage) {
    const { ec2 } = stage.world;
    stage.mustBe((peer?.questions() ?? 0) > 0, 'the server never asked the name server');
    const faults = stage.full
      ? ([
          ['fails', 'failing'],
          ['says nothing', 'silent'],
        ] as const)
      : ([['says nothing', 'silent']] as const);
    for (const [what, how] of faults)
      await stage.play({
        what: `the name server ${what}`,
        step: 'advisor-prior, once prices are stale',
        begin: () => {
          peer?.behave(how);
          ec2.dropConnections();
        },
        signs: [logged('warn', /DescribeSpotPriceHistory (failed|gave no answer)/), ...pricesLost],
        noticedWithinMs: 150_000,
        end: () => peer?.behave('well'),
        recovery: pricesBack,
        recoveredWithinMs: 90_000,
      });
  },
};
