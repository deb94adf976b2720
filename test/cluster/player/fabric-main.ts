/* Runs in the fabric's namespace: every instance's metadata service on the one link-local address, told apart by who
   asks, and every Service's address, passed on to a pod that is ready (kube-proxy's part). */
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { metadataResponder, type MetadataResponder } from '../../peers/fake-imds.ts';
import type { FabricAnswer, FabricMessage, MetadataSettings, ServicePort } from './fabric-messages.ts';

const instances = new Map<string, MetadataResponder>();

const metadata = createHttpServer((request, response) => {
  const instance = instances.get(request.socket.remoteAddress ?? '');
  // Behind too many hops an answer never arrives.
  if (instance !== undefined) instance.answer(request, response);
});

function set(address: string, settings: MetadataSettings): void {
  const { state } = instances.get(address) ?? instances.set(address, metadataResponder()).get(address)!;
  const { spot, rebalance, faults, ...rest } = settings;
  Object.assign(state, rest);
  if (spot !== undefined) state.spot = spot === null ? undefined : () => spot;
  if (rebalance !== undefined) state.rebalance = rebalance === null ? undefined : () => rebalance;
  if (faults !== undefined) {
    state.faults.clear();
    for (const [part, fault] of Object.entries(faults)) state.faults.set(part, fault);
  }
}

interface Listening {
  readonly server: Server;
  targets: ServicePort['targets'];
}

const services = new Map<string, Listening>();

async function serve(ports: readonly ServicePort[]): Promise<void> {
  const wanted = new Map(ports.map((one) => [`${one.address}:${one.port}`, one]));
  for (const [key, { server }] of services)
    if (!wanted.has(key)) {
      services.delete(key);
      server.close();
    }
  for (const [key, { address, port, targets }] of wanted) {
    const known = services.get(key);
    if (known !== undefined) {
      known.targets = targets;
      continue;
    }
    let turn = 0;
    const listening: Listening = {
      targets,
      server: createServer((client) => {
        const target = listening.targets[(turn += 1) % Math.max(listening.targets.length, 1)];
        if (target === undefined) client.resetAndDestroy();
        else passedOn(client, connect(target.port, target.host));
      }),
    };
    services.set(key, listening);
    await new Promise<void>((resolve, reject) => {
      listening.server.once('error', reject).listen(port, address, resolve);
    });
  }
}

function passedOn(client: Socket, target: Socket): void {
  for (const [from, to] of [
    [client, target],
    [target, client],
  ] as const) {
    from.setNoDelay(true);
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}

async function done(message: FabricMessage): Promise<void> {
  switch (message.kind) {
    case 'metadata':
      set(message.address, message.settings);
      return;
    case 'no-metadata':
      instances.delete(message.address);
      return;
    case 'services':
      await serve(message.ports);
      return;
  }
}

const answered = (answer: FabricAnswer) => process.send?.(answer);
process.on('message', ({ id, message }: { id: number; message: FabricMessage }) => {
  void done(message).finally(() => answered({ kind: 'done', id }));
});
process.on('disconnect', () => process.exit(0));
metadata.listen(80, '169.254.169.254', () => answered({ kind: 'ready' }));
