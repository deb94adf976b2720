import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundledModel, bundledStaticData } from '../../src/processes/bundled-files.ts';
import { freePort } from '../e2e/served.ts';
import { awsPeer, spotPriceHistory, type AwsPeer, type PriceRow } from '../peers/aws-peer.ts';
import { FakeKubernetes } from '../peers/fake-kubernetes.ts';
import { newLeaf, newRoot, type Root } from './certificates.ts';
import { tenDaysOfPrices } from './prices.ts';
import { startedServer, type ServerProcess, type ServerShape } from './server-process.ts';

/** How a drill's server differs from the usual one. */
export interface WorldShape {
  /** Settings beside or instead of the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The same, where a path of this world is needed. */
  readonly moreSettings?: (world: World) => Readonly<Record<string, string>>;
  readonly environment?: (world: World) => Readonly<Record<string, string>>;
  readonly through?: (world: World) => readonly string[];
  /** Before the server starts. */
  readonly prepare?: (world: World) => void | Promise<void>;
  /** After it has ended. */
  readonly cleanUp?: (world: World) => void | Promise<void>;
  /** Another API server than the fake. */
  readonly kubeconfig?: string;
}

/** Everything that a server in PROD stands on, each piece ours to break. */
export interface World {
  readonly home: string;
  readonly root: Root;
  readonly certFile: string;
  readonly keyFile: string;
  readonly modelFile: string;
  readonly cardFile: string;
  readonly staticFile: string;
  readonly stateDir: string;
  readonly recordDir: string;
  readonly ec2: AwsPeer;
  readonly groups: AwsPeer;
  readonly kube: FakeKubernetes;
  readonly port: number;
  readonly httpPort: number;
  readonly probePort: number;
  /** Of Node's inspector: memory is measured after a collection that is asked for there. */
  readonly inspectorPort: number;
  readonly start: () => Promise<ServerProcess>;
  readonly close: () => Promise<void>;
}

const zones =
  '<DescribeAvailabilityZonesResponse><availabilityZoneInfo>' +
  [
    ['a', 1],
    ['b', 3],
    ['c', 2],
  ]
    .map(
      ([letter, id]) => `<item><zoneName>ap-south-1${letter}</zoneName><zoneId>aps1-az${id}</zoneId></item>`,
    )
    .join('') +
  '</availabilityZoneInfo></DescribeAvailabilityZonesResponse>';
const types =
  '<DescribeInstanceTypesResponse><instanceTypeSet><item><instanceType>c5.large</instanceType><processorInfo><supportedArchitectures><item>x86_64</item></supportedArchitectures></processorInfo><vCpuInfo><defaultVCpus>2</defaultVCpus></vCpuInfo><memoryInfo><sizeInMiB>4096</sizeInMiB></memoryInfo></item></instanceTypeSet><nextToken></nextToken></DescribeInstanceTypesResponse>';
const noGroups =
  '<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups></AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>';
const rowsPerPage = 500;

/** Prices are read every few seconds, so that a drill of seconds sees what takes minutes in production. */
const usualSettings: Readonly<Record<string, string>> = {
  'price-refresh': '3s',
  'max-price-age': '12s',
  'model-refresh': '2s',
  'log-level': 'info',
};

export async function openedWorld(shape: WorldShape): Promise<World> {
  const home = mkdtempSync(join(tmpdir(), 'spot-expander-drill-'));
  const inHome = (...names: string[]): string => join(home, ...names);
  for (const directory of ['tls', 'models', 'static', 'state', 'record']) mkdirSync(inHome(directory));
  const root = await newRoot();
  const leaf = await newLeaf(root);
  writeFileSync(inHome('tls', 'tls.crt'), leaf.cert);
  writeFileSync(inHome('tls', 'tls.key'), leaf.key);
  cpSync(bundledModel, inHome('models', 'model.onnx'));
  cpSync(bundledModel.replace(/\.onnx$/, '.card.json'), inHome('models', 'model.card.json'));
  writeFileSync(inHome('static', 'static.json'), staticDataOf(Date.now()));
  const rows: readonly PriceRow[] = tenDaysOfPrices(Date.now());
  const ec2 = await awsPeer(
    {
      DescribeSpotPriceHistory: spotPriceHistory(rows, rowsPerPage),
      DescribeAvailabilityZones: () => zones,
      DescribeInstanceTypes: () => types,
    },
    'ec2',
    { checksDate: true },
  );
  const groups = await awsPeer({ DescribeAutoScalingGroups: () => noGroups }, 'query', { checksDate: true });
  const kube = await FakeKubernetes.started();
  kube.addNode('first', { zone: 'ap-south-1a', instanceId: 'i-0000000000000000a' });
  writeFileSync(inHome('kubeconfig'), kube.kubeconfig);
  const [port, httpPort, probePort, inspectorPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];

  const world: World = {
    home,
    root,
    certFile: inHome('tls', 'tls.crt'),
    keyFile: inHome('tls', 'tls.key'),
    modelFile: inHome('models', 'model.onnx'),
    cardFile: inHome('models', 'model.card.json'),
    staticFile: inHome('static', 'static.json'),
    stateDir: inHome('state'),
    recordDir: inHome('record'),
    ec2,
    groups,
    kube,
    port,
    httpPort,
    probePort,
    inspectorPort,
    start: () => startedServer(serverShape(), probePort),
    close: async () => {
      await Promise.all([ec2.close(), groups.close(), kube.close()]);
      await shape.cleanUp?.(world);
      rmSync(home, { recursive: true, force: true });
    },
  };

  function serverShape(): ServerShape {
    const settings = {
      ...usualSettings,
      'grpc-listen': `127.0.0.1:${port}`,
      'http-listen': `127.0.0.1:${httpPort}`,
      'probe-listen': `127.0.0.1:${probePort}`,
      'tls-cert': world.certFile,
      'tls-key': world.keyFile,
      'state-dir': world.stateDir,
      kubeconfig: shape.kubeconfig ?? inHome('kubeconfig'),
      model: world.modelFile,
      'static-data': world.staticFile,
      ...shape.settings,
      ...shape.moreSettings?.(world),
    };
    return {
      home,
      args: ['--prod', ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])],
      environment: {
        AWS_ACCESS_KEY_ID: 'drill',
        AWS_SECRET_ACCESS_KEY: 'drill',
        AWS_REGION: 'ap-south-1',
        AWS_ENDPOINT_URL_EC2: ec2.endpoint,
        AWS_ENDPOINT_URL_AUTO_SCALING: groups.endpoint,
        ...shape.environment?.(world),
      },
      nodeFlags: [`--inspect=127.0.0.1:${inspectorPort}`, '--inspect-publish-uid=http'],
      ...(shape.through !== undefined && { through: shape.through(world) }),
    };
  }

  await shape.prepare?.(world);
  return world;
}

/** The bundled snapshot without the price history beside it, said to have been collected at that time. */
export function staticDataOf(collectedMs: number): string {
  const snapshot = JSON.parse(readFileSync(bundledStaticData('ap-south-1'), 'utf8')) as { metadata: object };
  const metadata = {
    ...snapshot.metadata,
    last_updated: new Date(collectedMs).toISOString(),
    price_changes: undefined,
  };
  return JSON.stringify({ ...snapshot, metadata });
}
