import { fabricProcess, type FabricProcess } from './fabric-process.ts';
import { ip, ipBatch, takenPlace, type RunPlace } from './run-place.ts';

export interface Seat {
  readonly namespace: string;
  readonly address: string;
}

const seats = 1_000;

/**
 * A bridge in a namespace of its own, to which every node and every pod has a link. The metadata service and the
 * Services' addresses are served there, by one process (fabric-main.ts).
 */
export class Network {
  readonly place: RunPlace;
  readonly fabric: FabricProcess;
  private next = 0;
  private readonly seats = new Map<string, number>();

  private constructor(place: RunPlace, fabric: FabricProcess) {
    this.place = place;
    this.fabric = fabric;
  }

  static async made(): Promise<Network> {
    const place = takenPlace();
    const { fabric, hostLink, hostAddress, fabricAddress, serviceRange } = place;
    ipBatch(fabric, [
      'link set lo up',
      // Left to itself it takes the lowest address of its links, and with each pod that comes or goes another one:
      // whoever has learnt the old one waits half a minute.
      'link add name bridge address 02:00:c6:12:00:02 type bridge',
      'link set bridge up',
    ]);
    ip('link', 'add', hostLink, 'type', 'veth', 'peer', 'name', 'host', 'netns', fabric);
    ipBatch(fabric, [
      'link set host master bridge up',
      `addr add ${fabricAddress}/22 dev bridge`,
      'addr add 169.254.169.254/32 dev bridge',
      `route add local ${serviceRange} dev lo`,
    ]);
    ipBatch(undefined, [
      `addr add ${hostAddress}/22 dev ${hostLink}`,
      `link set ${hostLink} up`,
      `route add ${serviceRange} via ${fabricAddress}`,
    ]);
    return new Network(place, await fabricProcess(fabric));
  }

  /** A namespace with a link, an address and a way to Services and the metadata service. */
  seat(): Seat {
    const taken = new Set(this.seats.values());
    // An address comes back as late as can be, so that nobody takes a new pod for an old one.
    do this.next = (this.next + 1) % seats;
    while (taken.has(this.next));
    const index = this.next;
    const { fabric, fabricAddress } = this.place;
    const namespace = this.place.namespace(index);
    const address = this.place.address(index);
    ip('netns', 'add', namespace);
    ip('-n', fabric, 'link', 'add', `p${index}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    ip('-n', fabric, 'link', 'set', `p${index}`, 'master', 'bridge', 'up');
    ipBatch(namespace, [
      'link set lo up',
      `addr add ${address}/22 dev eth0`,
      'link set eth0 up',
      `route add default via ${fabricAddress}`,
    ]);
    this.seats.set(namespace, index);
    return { namespace, address };
  }

  /** The link goes with the namespace. */
  leave({ namespace }: Seat): void {
    const index = this.seats.get(namespace);
    if (index === undefined) return;
    this.seats.delete(namespace);
    ip('netns', 'del', namespace);
  }

  async close(): Promise<void> {
    await this.fabric.stop();
    this.place.give();
  }
}
