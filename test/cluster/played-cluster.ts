import { startedCluster, type Cluster } from '../../scripts/cluster/control-plane.ts';
import { KubeApi } from './kube-api.ts';
import type { MetadataSettings } from './player/fabric-messages.ts';
import { Network } from './player/network.ts';
import { Player } from './player/player.ts';

export interface NodeOrder {
  readonly instanceId: string;
  readonly instanceType?: string;
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly isSpot?: boolean;
}

/** A control plane, a network, and kubelets for pods of our image. */
export interface PlayedCluster {
  readonly cluster: Cluster;
  readonly api: KubeApi;
  readonly network: Network;
  readonly player: Player;
  /** A Node that kwok makes ready, with a metadata service of its own. */
  addNode(name: string, order: NodeOrder): Promise<void>;
  /** What that node's metadata service says from now on. */
  metadata(node: string, settings: MetadataSettings): Promise<void>;
  close(): Promise<void>;
}

export async function playedCluster(): Promise<PlayedCluster> {
  const network = await Network.made();
  try {
    const { hostAddress, serviceRange, firstService } = network.place;
    const cluster = await startedCluster({ address: hostAddress, serviceRange, alsoAt: [firstService] });
    const api = await KubeApi.of(cluster.kubeconfig);
    const port = Number(new URL(cluster.server).port);
    const player = Player.start(api, network, { host: hostAddress, port });
    return {
      cluster,
      api,
      network,
      player,
      addNode: async (name, order) => {
        await api.create('/api/v1/nodes', nodeObject(name, order));
        const { instanceId, instanceType = 'c5.large', zone = 'ap-south-1a' } = order;
        await player.metadata(name, { instanceId, instanceType, zone });
      },
      metadata: (node, settings) => player.metadata(node, settings),
      async close() {
        await player.close();
        api.close();
        await cluster.stop();
        await network.close();
      },
    };
  } catch (error) {
    await network.close();
    throw error;
  }
}

export function nodeObject(name: string, order: NodeOrder): unknown {
  const { instanceId, instanceType = 'c5.large', zone = 'ap-south-1a', isSpot = true } = order;
  const room = { cpu: '32', memory: '256Gi', pods: '250' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'node.kubernetes.io/instance-type': instanceType,
        'topology.kubernetes.io/zone': zone,
        'topology.kubernetes.io/region': zone.slice(0, -1),
        'eks.amazonaws.com/capacityType': isSpot ? 'SPOT' : 'ON_DEMAND',
        ...order.labels,
      },
    },
    spec: { providerID: `aws:///${zone}/${instanceId}` },
    status: { allocatable: room, capacity: room, nodeInfo: { bootID: 'boot-1' } },
  };
}
