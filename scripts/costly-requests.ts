import {
  bytesField,
  concatenated,
  node,
  nodeEntry,
  numberField,
  option,
  pod,
  textField,
  type Bytes,
} from './wire-bytes.ts';

/** A request that is small for what it asks to be compared. */
export interface CostlyRequest {
  readonly name: string;
  /** `scale` 1 is the size that is measured; bytes grow with it in a straight line. */
  readonly bytes: (scale: number) => Bytes;
}

export const costlyRequests: readonly CostlyRequest[] = [
  {
    name: '300 pods of 200 preferred terms, 100 groups of 60 pools',
    bytes: (scale) => wishingPods({ pods: 300 * scale, terms: 200, groups: 100, ofPools: 60 }),
  },
  {
    name: '10,000 pods of one term each, 200 groups of 60 pools',
    bytes: (scale) => wishingPods({ pods: 10_000 * scale, terms: 1, groups: 200, ofPools: 60 }),
  },
  { name: '20,000 repeated ids', bytes: (scale) => repeatedIds(20_000 * scale) },
  {
    name: '2,000 pods that spread over a key of their own',
    bytes: (scale) => spreadPods(2_000 * scale, 400),
  },
  { name: 'a term of 20,000 values, 2,000 groups', bytes: (scale) => manyValues(20_000 * scale, 2_000) },
  { name: '5,000 groups of 60 pools without a pod', bytes: (scale) => manyGroups(5_000 * scale, wide) },
  { name: '20,000 groups of one byte', bytes: (scale) => manyGroups(20_000 * scale) },
];

/** Ids that begin so are groups of 60 pools in {@link widePools}. */
const wide = 'wide-';

/** What an operator's `node_groups` says of the groups of many pools. */
export const widePools = {
  match: { id: `^${wide}` },
  instanceTypes: ['c5', 'c5a', 'c6a', 'c6i', 'm5', 'm5a', 'm6a', 'm6i', 'r5', 'r6i'].flatMap((family) => [
    `${family}.large`,
    `${family}.xlarge`,
  ]),
  zones: ['ap-south-1a', 'ap-south-1b', 'ap-south-1c'],
  capacityType: 'spot',
  onDemandShare: 0,
} as const;

const zone = 'topology.kubernetes.io/zone';

interface Wishing {
  readonly pods: number;
  readonly terms: number;
  readonly groups: number;
  readonly ofPools: 1 | 60;
}

/** No two terms are the same, and each is met in one zone. */
function wishingPods({ pods, terms, groups, ofPools }: Wishing): Bytes {
  const held = Array.from({ length: pods }, (_, index) =>
    pod({
      name: `pod-${index}`,
      containers: [{ requests: { cpu: '500m', memory: '1Gi' } }],
      spec: [
        bytesField(
          18,
          bytesField(
            1,
            ...Array.from({ length: terms }, (_term, term) =>
              preferredTerm((term % 100) + 1, zone, [`ap-south-1${'abc'[term % 3]}`, `${index}/${term}`]),
            ),
          ),
        ),
      ],
    }),
  );
  const ids = Array.from({ length: groups }, (_, index) => `${ofPools === 1 ? 'group-' : wide}${index}`);
  return concatenated([
    ...ids.map((id) => option({ id, count: 20, raw: held })),
    ...ids.map((id, index) => nodeEntry(3, id, spotNode(index))),
  ]);
}

function preferredTerm(weight: number, key: string, values: readonly string[]): Bytes {
  const requirement = [textField(1, key), textField(2, 'In'), ...values.map((value) => textField(3, value))];
  return bytesField(2, numberField(1, weight), bytesField(2, bytesField(1, ...requirement)));
}

/** Every other option has one of two pods, so that none has the pods of the one before. */
function repeatedIds(options: number): Bytes {
  const held = Array.from({ length: options }, (_, index) => pod({ name: `pod-${index}` }));
  return concatenated([
    ...held.map((one) => option({ id: 'again', raw: [one] })),
    nodeEntry(3, 'again', spotNode(0)),
  ]);
}

function spreadPods(pods: number, groups: number): Bytes {
  const held = Array.from({ length: pods }, (_, index) =>
    pod({
      name: `pod-${index}`,
      spec: [
        bytesField(33, numberField(1, 1), textField(2, `key-${index}`), textField(3, 'ScheduleAnyway')),
        bytesField(33, numberField(1, 1), textField(2, zone), textField(3, 'ScheduleAnyway')),
      ],
    }),
  );
  const ids = Array.from({ length: groups }, (_, index) => `group-${index}`);
  return concatenated([
    ...ids.map((id) => option({ id, raw: held })),
    ...ids.map((id, index) => nodeEntry(3, id, spotNode(index))),
  ]);
}

function manyValues(values: number, groups: number): Bytes {
  const names = Array.from({ length: values }, (_, index) => `value-${index}`);
  const held = pod({ spec: [bytesField(18, bytesField(1, preferredTerm(50, 'rack', names)))] });
  const ids = Array.from({ length: groups }, (_, index) => `group-${index}`);
  return concatenated([
    ...ids.map((id) => option({ id, raw: [held] })),
    ...ids.map((id, index) => nodeEntry(3, id, spotNode(index, { rack: `rack-${index}` }))),
  ]);
}

function manyGroups(groups: number, prefix = ''): Bytes {
  return concatenated(
    Array.from({ length: groups }, (_, index) => option({ id: `${prefix}${index.toString(36)}` })),
  );
}

function spotNode(index: number, more: Readonly<Record<string, string>> = {}): Bytes {
  return node({
    labels: {
      'eks.amazonaws.com/capacityType': 'SPOT',
      'kubernetes.io/arch': 'amd64',
      'node.kubernetes.io/instance-type':
        widePools.instanceTypes[index % widePools.instanceTypes.length] ?? '',
      'topology.kubernetes.io/region': 'ap-south-1',
      [zone]: widePools.zones[index % widePools.zones.length] ?? '',
      ...more,
    },
    allocatable: { cpu: '2', memory: '8Gi' },
  });
}
