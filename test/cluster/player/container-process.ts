import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../../scripts/go-tools.ts';

/** As the image sets it. */
const imageUser = 65_532;
const entryPoint = ['/app/node_modules/node/bin/node', '/app/dist/processes/main.js'];

export interface MountedVolume {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ContainerOrder {
  readonly networkNamespace: string;
  /** Of this container on this machine: its empty root, its files, its log. */
  readonly directory: string;
  readonly hostsFile: string;
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly mounts: readonly MountedVolume[];
  readonly user: number | undefined;
  readonly group: number | undefined;
  readonly alsoGroups: readonly number[];
  readonly readOnlyRoot: boolean;
}

export interface ContainerProcess {
  readonly pid: number;
  readonly startedAt: string;
  readonly ended: Promise<{ readonly code: number; readonly signal: NodeJS.Signals | null }>;
  signal(name: NodeJS.Signals): void;
}

/**
 * The program in a root of its own: this machine's libraries, the checkout at /app, and the pod's volumes at the paths
 * that the pod names; as the user that the pod or the image names, without a way to more rights.
 */
export function containerProcess(order: ContainerOrder, onLine: (line: string) => void): ContainerProcess {
  const root = join(order.directory, 'root');
  mkdirSync(root, { recursive: true });
  const user = order.user ?? imageUser;
  const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/', ...order.environment };
  const program = [...(order.command ?? entryPoint), ...order.args];
  const script = `${rootScript(root, order)}
exec chroot --userspec=${user}:${order.group ?? imageUser} --groups=${[...order.alsoGroups].join(',')} ${quoted(root)} \\
  /usr/bin/setpriv --pdeathsig KILL --no-new-privs /usr/bin/env -i "$@"
`;
  const child: ChildProcess = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'ip', 'netns', 'exec', order.networkNamespace],
      ...['unshare', '-m', '--propagation', 'private', 'sh', '-e', '-c', script, 'container'],
      ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ...program,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' },
  );
  const log = createWriteStream(join(order.directory, 'log'), { flags: 'a' });
  let rest = '';
  const keep = (chunk: Buffer) => {
    log.write(chunk);
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const ended = new Promise<Awaited<ContainerProcess['ended']>>((resolve) => {
    child.once('close', (code, signal) => {
      if (rest !== '') onLine(rest);
      log.end();
      resolve({ code: code ?? 128 + (signal === 'SIGKILL' ? 9 : 15), signal });
    });
  });
  return {
    pid: child.pid ?? 0,
    startedAt: new Date().toISOString(),
    ended,
    signal: (name) => void child.kill(name),
  };
}

function rootScript(root: string, { mounts, hostsFile, readOnlyRoot }: ContainerOrder): string {
  const at = (path: string) => quoted(`${root}${path}`);
  const lines = [
    `mount -t tmpfs -o mode=755 tmpfs ${quoted(root)}`,
    `mkdir -p ${['usr', 'proc', 'dev', 'etc/ssl', 'app', 'run', 'var/lib'].map((name) => at(`/${name}`)).join(' ')}`,
    `mkdir -m 1777 ${at('/tmp')}`,
    `for d in bin sbin lib lib32 lib64 libx32; do if [ -L /$d ]; then cp -P /$d ${at('/')}; elif [ -d /$d ]; then mkdir ${at('/')}$d; mount --bind /$d ${at('/')}$d; fi; done`,
    ...[
      ['/usr', '/usr'],
      ['/etc/ssl', '/etc/ssl'],
      [repository, '/app'],
    ].map(
      ([from = '', to = '']) => `mount --bind ${quoted(from)} ${at(to)}; mount -o remount,bind,ro ${at(to)}`,
    ),
    `mount --rbind /dev ${at('/dev')}; mount --bind /proc ${at('/proc')}`,
    `ln -s ../run ${at('/var/run')}`,
    `printf 'root:x:0:0::/:/\\nnonroot:x:${imageUser}:${imageUser}::/:/\\n' > ${at('/etc/passwd')}`,
    `printf 'hosts: files\\n' > ${at('/etc/nsswitch.conf')}; touch ${at('/etc/hosts')}`,
    `mount --bind ${quoted(hostsFile)} ${at('/etc/hosts')}`,
    ...mounts.flatMap(({ source, target, readOnly }) => [
      `if [ -d ${quoted(source)} ]; then mkdir -p ${at(target)}; else mkdir -p "$(dirname ${at(target)})"; touch ${at(target)}; fi`,
      `mount --bind ${quoted(source)} ${at(target)}`,
      ...(readOnly ? [`mount -o remount,bind,ro ${at(target)}`] : []),
    ]),
    ...(readOnlyRoot ? [`mount -o remount,ro ${quoted(root)}`] : []),
  ];
  return lines.join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
