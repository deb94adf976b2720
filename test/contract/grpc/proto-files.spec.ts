import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { loadSync } from '@grpc/proto-loader';
import { expect } from 'chai';
import { loadedProto, serviceIn } from '../../../src/adapters/grpc/services.ts';
import type { PendingPod } from '../../../src/decision/scale-up-request.ts';
import { readBestOptions } from '../../../src/wire/best-options-reader.ts';
import { milliValue, wholeValue } from '../../../src/wire/quantity.ts';

interface TypedRequest {
  readonly options: readonly {
    readonly nodeGroupId: string;
    readonly nodeCount: number;
    readonly pod: readonly Buffer[];
    readonly podBytes: readonly Buffer[];
  }[];
  readonly nodeMap: Readonly<Record<string, Buffer>>;
  readonly nodeBytesMap: Readonly<Record<string, Buffer>>;
}

type Amounts = Readonly<Record<string, { readonly string: string }>>;
interface TypedContainer {
  readonly resources: { readonly requests: Amounts } | null;
}
interface TypedPod {
  readonly metadata: {
    readonly uid: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly { readonly kind: string; readonly controller: boolean }[];
  };
  readonly spec: {
    readonly containers: readonly TypedContainer[];
    readonly initContainers: readonly TypedContainer[];
    readonly affinity: {
      readonly nodeAffinity: {
        readonly preferredDuringSchedulingIgnoredDuringExecution: readonly {
          readonly weight: number;
          readonly preference: { readonly matchExpressions: readonly object[] };
        }[];
      } | null;
    } | null;
    readonly topologySpreadConstraints: readonly {
      readonly maxSkew: number;
      readonly topologyKey: string;
      readonly whenUnsatisfiable: string;
    }[];
  };
}
interface TypedNode {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly providerID: string };
  readonly status: { readonly capacity: Amounts; readonly allocatable: Amounts };
}

const here = fileURLToPath(new URL('.', import.meta.url));
const protoDirectory = fileURLToPath(new URL('../../../proto', import.meta.url));
const fixture = (name: string): Buffer => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));

const expander = serviceIn(loadedProto('expander.proto'), 'grpcplugin.Expander');
const probe: ServiceDefinition = serviceIn(
  loadSync('kube_probe.proto', { includeDirs: [here, protoDirectory], keepCase: true, defaults: true }),
  'probe.KubeProbe',
);

const typedRequest = (bytes: Buffer): TypedRequest =>
  expander['BestOptions']!.requestDeserialize(bytes) as TypedRequest;
const typedPod = (bytes: Buffer): TypedPod => probe['Read']!.requestDeserialize(bytes) as TypedPod;
const typedNode = (bytes: Buffer): TypedNode => probe['Read']!.responseDeserialize(bytes) as TypedNode;

const asked = (
  amounts: Amounts | undefined,
  name: string,
  read: (text: string) => number | undefined,
): number => read(amounts?.[name]?.string ?? '0')!;

function stays({ annotations, ownerReferences }: TypedPod['metadata']): boolean {
  const safe = annotations['cluster-autoscaler.kubernetes.io/safe-to-evict'];
  const kinds = ownerReferences.flatMap(({ kind, controller }) => (controller ? kind : []));
  const isReplicated = ['ReplicaSet', 'StatefulSet', 'Job', 'ReplicationController'].includes(kinds[0] ?? '');
  return safe === 'true' ? false : safe === 'false' || !isReplicated;
}

/** What the reader should make of a pod without sidecars, overhead and pod-level requests, in the plainest words. */
function plainly({ metadata, spec }: TypedPod): PendingPod {
  const requests = (name: string, read: (text: string) => number | undefined): number => {
    const of = ({ resources }: TypedContainer): number => asked(resources?.requests, name, read);
    const together = spec.containers.map(of).reduce((a, b) => a + b, 0);
    return Math.max(together, ...spec.initContainers.map(of));
  };
  const terms = spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return {
    uid: metadata.uid,
    requests: { cpuMilli: requests('cpu', milliValue), memoryBytes: requests('memory', wholeValue), gpus: 0 },
    onScaleDown: stays(metadata) ? 'stays' : 'moves',
    preferredNodeTerms: terms.map(({ weight, preference }) => ({
      weight,
      requirements: preference.matchExpressions as PendingPod['preferredNodeTerms'][number]['requirements'],
    })),
    spreadPreferences: spec.topologySpreadConstraints
      .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway')
      .map(({ topologyKey, maxSkew }) => ({ topologyKey, maxSkew })),
  };
}

describe('the lazy reader and the proto files', () => {
  for (const release of ['1.34.1', '1.34.5', '1.35.2']) {
    const bytes = fixture(`real_request.ca-${release}.bin`);
    const typed = typedRequest(bytes);
    const read = readBestOptions(bytes);

    it(`see the same options in a request of ${release}`, () => {
      const plain = typed.options.map(({ nodeGroupId, nodeCount, pod, podBytes }) => ({
        nodeGroupId,
        nodeCount,
        pods: (podBytes.length > 0 ? podBytes : pod).map((one) => plainly(typedPod(one))),
      }));
      const lazy = read.options.map(({ nodeGroupId, nodeCount, pods }) => ({
        nodeGroupId,
        nodeCount,
        pods: Array.from(pods, (index) => read.pods[index]!),
      }));
      expect(lazy).to.deep.equal(plain);
    });

    it(`see the same nodes in a request of ${release}`, () => {
      const raw = Object.keys(typed.nodeBytesMap).length > 0 ? typed.nodeBytesMap : typed.nodeMap;
      const resources = (amounts: Amounts): object => ({
        cpuMilli: asked(amounts, 'cpu', milliValue),
        memoryBytes: asked(amounts, 'memory', wholeValue),
        gpus: 0,
      });
      expect(read.nodes.size).to.equal(9);
      for (const [id, node] of read.nodes) {
        const { metadata, spec, status } = typedNode(raw[id]!);
        expect(node).to.deep.equal({
          name: metadata.name,
          labels: metadata.labels,
          providerId: spec.providerID,
          capacity: resources(status.capacity),
          allocatable: resources(status.allocatable),
        });
      }
    });
  }
});
