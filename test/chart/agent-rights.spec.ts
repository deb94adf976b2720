import { expect } from 'chai';
import { stringify } from 'yaml';
import {
  chartCluster,
  expectDone,
  soon,
  type ChartCluster,
  type PodIdentity,
  type Said,
} from './cluster-of-charts.ts';
import { chartPath } from './rendered.ts';

const label = 'node.kubernetes.io/exclude-from-external-load-balancers';
const signalTaint = 'status-taint.cluster-autoscaler.kubernetes.io/spot-interruption';
const foreignTaint = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };
const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady' };

describe('an agent’s token under the chart’s policies, on a real API server', function () {
  this.timeout(120_000);
  let cluster: ChartCluster;
  let agent: PodIdentity;

  const asAgent: PodIdentity['kubectl'] = (args, input) => agent.kubectl(args, input);
  const as = (what: object) => JSON.stringify(what);
  const made = (object: object) => asAgent(['create', '--dry-run=server', '-f', '-'], as(object));
  const node = (patch: object, name = 'own') => agent.patched(`/api/v1/nodes/${name}?dryRun=All`, patch);
  /** Conditions are merged by their type, as the agent's own writes are. */
  const status = (patch: object) =>
    agent.patched('/api/v1/nodes/own/status?dryRun=All', patch, 'strategic-merge');
  const claim = (patch: object, name = 'own-claim') =>
    agent.patched(`/apis/karpenter.sh/v1/nodeclaims/${name}?dryRun=All`, patch);
  const claimDeleted = (name: string) =>
    asAgent(['delete', 'nodeclaims.karpenter.sh', name, '--dry-run=server', '--wait=false']);
  const podDeleted = (on: string) =>
    asAgent(['delete', 'pod', `on-${on}`, '-n', 'web', '--dry-run=server', '--wait=false']);
  const evicted = (on: string) =>
    asAgent(
      ['create', '--raw', `/api/v1/namespaces/web/pods/on-${on}/eviction?dryRun=All`, '-f', '-'],
      as({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: `on-${on}`, namespace: 'web' } }),
    );
  const lease = (name: string, spec: object, metadata: object = {}) =>
    ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'spot', ...metadata },
      spec: { leaseDurationSeconds: 60, renewTime: '2026-01-01T00:00:00.000000Z', ...spec },
    }) as const;
  /** As the agent writes it: over the version that it has seen. */
  const leaseReplaced = async (name: string, spec: object) => {
    const old = await expectDone(cluster.kubectl(['get', 'lease', name, '-n', 'spot', '-o', 'json']));
    const { resourceVersion } = (JSON.parse(old) as { metadata: { resourceVersion: string } }).metadata;
    return asAgent(
      [
        'replace',
        '--raw',
        `/apis/coordination.k8s.io/v1/namespaces/spot/leases/${name}?dryRun=All`,
        '-f',
        '-',
      ],
      as(lease(name, spec, { resourceVersion })),
    );
  };
  const event = (change: object = {}) => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: 'e-', namespace: 'default' },
    involvedObject: { kind: 'Node', name: 'own' },
    source: { component: 'spot-expander-agent', host: 'own' },
    reportingComponent: 'spot-expander-agent',
    reportingInstance: 'own',
    reason: 'SpotTermination',
    type: 'Warning',
    ...change,
  });

  before(async function () {
    const started = await chartCluster();
    if (typeof started === 'string') {
      console.log(`      skipped: ${started}`);
      this.skip();
    }
    cluster = started;
    for (const name of ['spot', 'web']) await expectDone(cluster.kubectl(['create', 'namespace', name]));
    const objects = ['own', 'other'].flatMap((name) => [
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name,
          annotations: { 'kwok.x-k8s.io/node': 'fake', foreign: 'yes' },
          labels: {
            'node.kubernetes.io/instance-type': 'm5.large',
            'topology.kubernetes.io/zone': 'ap-south-1a',
            team: 'a',
          },
        },
        spec: { providerID: `aws:///ap-south-1a/i-${name}`, taints: [foreignTaint] },
      },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `on-${name}`, namespace: 'web' },
        spec: { nodeName: name, containers: [{ name: 'c', image: 'none' }] },
      },
      {
        apiVersion: 'karpenter.sh/v1',
        kind: 'NodeClaim',
        metadata: { name: `${name}-claim`, finalizers: ['karpenter.sh/termination'] },
        spec: {
          nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' },
          requirements: [],
        },
      },
    ]);
    const list = as({ apiVersion: 'v1', kind: 'List', items: objects });
    await soon('nodes and pods', async () => (await cluster.kubectl(['apply', '-f', '-'], list)).code === 0);
    for (const name of ['own', 'other'])
      await expectDone(
        cluster.kubectl([
          ...[
            'patch',
            'nodeclaims.karpenter.sh',
            `${name}-claim`,
            '--subresource=status',
            '--type=merge',
            '-p',
          ],
          as({ status: { nodeName: name } }),
        ]),
      );
    const leases = { held: 'other', mine: 'own', free: '' };
    for (const [place, holderIdentity] of Object.entries(leases))
      await expectDone(
        cluster.kubectl(
          ['create', '-f', '-'],
          as(lease(`spot-expander-drain-total-${place}`, { holderIdentity })),
        ),
      );
    await expectDone(
      cluster.helm(
        'helm 4',
        ['install', 'se', chartPath, '-n', 'spot', '--no-hooks', '-f', '-'],
        stringify({ region: 'ap-south-1' }),
      ),
    );
    agent = await cluster.asPod('spot', 'se-spot-expander-agent', 'own');
    // The API server takes some seconds to apply policies that have just been made.
    await soon('the policies', async () =>
      (
        await Promise.all([
          node({ spec: { unschedulable: true } }, 'other'),
          evicted('other'),
          node({ metadata: { labels: { team: 'b' } } }),
          made(lease('spot-expander-drain-total-0', { holderIdentity: 'other' })),
        ])
      ).every(({ text }) => text.includes('ValidatingAdmissionPolicy')),
    );
  });
  after(() => (cluster as ChartCluster | undefined)?.stop());

  const allowed: Readonly<Record<string, () => Promise<Said>>> = {
    'marks its own Node: annotations, cordon, taint and label in one write': () =>
      node({
        metadata: {
          annotations: { 'spot-expander.io/signal': '{}', 'spot-expander.io/owned': '[]' },
          labels: { [label]: 'termination' },
        },
        spec: {
          unschedulable: true,
          taints: [foreignTaint, { key: signalTaint, value: 'termination', effect: 'NoSchedule' }],
        },
      }),
    'sets the out-of-service taint': () =>
      node({
        spec: {
          taints: [
            foreignTaint,
            { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' },
          ],
        },
      }),
    'takes its annotations back': () =>
      node({ metadata: { annotations: { 'spot-expander.io/signal': null } } }),
    'sets its condition': () =>
      status({
        status: {
          conditions: [{ type: 'spot-expander.io/SpotSignal', status: 'True', reason: 'Termination' }],
        },
      }),
    'evicts a pod on it': () => evicted('own'),
    'deletes a pod on it': () => podDeleted('own'),
    'takes a place of the drain budget': () =>
      made(lease('spot-expander-drain-total-0', { holderIdentity: 'own' })),
    'gives its own place back': () => leaseReplaced('spot-expander-drain-total-mine', { holderIdentity: '' }),
    'takes a place whose holder has gone': () =>
      leaseReplaced('spot-expander-drain-total-held', { holderIdentity: 'own' }),
    'tells of its own Node': () => made(event()),
    'hands its NodeClaim over': () =>
      claim({ metadata: { annotations: { 'karpenter.sh/nodeclaim-termination-timestamp': '2026-01-01' } } }),
    'puts its NodeClaim at risk': () =>
      claim({ metadata: { labels: { 'spot-expander.io/at-risk': 'rebalance' } } }),
    'deletes its NodeClaim': () => claimDeleted('own-claim'),
  };
  for (const [what, tried] of Object.entries(allowed))
    it(what, async () => {
      const { code, text } = await tried();
      expect(code, text).to.equal(0);
    });

  const refused: Readonly<Record<string, readonly [() => Promise<Said>, RegExp]>> = {
    'may not mark another Node': [() => node({ spec: { unschedulable: true } }, 'other'), /nodes of other/],
    'nor change its instance type': [
      () => node({ metadata: { labels: { 'node.kubernetes.io/instance-type': 'p5.48xlarge' } } }),
      /labels beside its own: node\.kubernetes\.io\/instance-type/,
    ],
    'nor its zone': [
      () => node({ metadata: { labels: { 'topology.kubernetes.io/zone': null } } }),
      /labels beside its own: topology\.kubernetes\.io\/zone/,
    ],
    'nor set a label that NodeRestriction keeps': [
      () => node({ metadata: { labels: { 'node-restriction.kubernetes.io/tenant': 'x' } } }),
      /labels beside its own: node-restriction\.kubernetes\.io\/tenant/,
    ],
    'nor change anybody’s annotation': [
      () => node({ metadata: { annotations: { foreign: null } } }),
      /annotations beside its own: foreign/,
    ],
    'nor set an annotation that another program obeys': [
      () =>
        node({
          metadata: { annotations: { 'cluster-autoscaler.kubernetes.io/scale-down-disabled': 'true' } },
        }),
      /annotations beside its own: cluster-autoscaler/,
    ],
    'nor take another’s taint away': [
      () => node({ spec: { taints: null } }),
      /taints beside its own: dedicated/,
    ],
    'nor change its effect': [
      () => node({ spec: { taints: [{ ...foreignTaint, effect: 'NoExecute' }] } }),
      /taints beside its own: dedicated/,
    ],
    'nor add one': [
      () => node({ spec: { taints: [foreignTaint, { key: 'evil', effect: 'NoExecute' }] } }),
      /taints beside its own: evil/,
    ],
    'nor change which machine it is': [
      () => node({ spec: { providerID: 'aws:///ap-south-1a/i-other' } }),
      /spec beside its own: providerID|Forbidden|may not be changed|updates to/,
    ],
    'nor keep it from being deleted': [
      () => node({ metadata: { finalizers: ['example.com/keep'] } }),
      /metadata beside its own: finalizers/,
    ],
    'nor give it an owner whose end is its own': [
      () =>
        node({
          metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: '0' }] },
        }),
      /metadata beside its own: ownerReferences/,
    ],
    'nor its capacity': [
      () => status({ status: { capacity: { 'example.com/gpu': '8' } } }),
      /status beside its own: capacity/,
    ],
    'nor what is allocatable': [
      () => status({ status: { allocatable: { 'example.com/gpu': '8' } } }),
      /status beside its own: allocatable/,
    ],
    'nor its addresses': [
      () => status({ status: { addresses: [{ type: 'InternalIP', address: '10.9.9.9' }] } }),
      /status beside its own: addresses/,
    ],
    'nor the kubelet’s condition': [
      () => status({ status: { conditions: [{ ...ready, status: 'False' }] } }),
      /conditions beside its own: Ready/,
    ],
    'nor any label by way of the status': [
      () => status({ metadata: { labels: { 'node-restriction.kubernetes.io/tenant': 'x' } } }),
      /labels beside its own: node-restriction/,
    ],
    'nor evict a pod elsewhere': [() => evicted('other'), /own Node/],
    'nor delete one': [() => podDeleted('other'), /pods of other/],
    'nor take a Lease of somebody else’s': [
      () => made(lease('kube-scheduler', { holderIdentity: 'own' })),
      /leases of no node/,
    ],
    'nor take a place in another’s name': [
      () => made(lease('spot-expander-drain-total-0', { holderIdentity: 'other' })),
      /for its own Node/,
    ],
    'nor give another’s place back': [
      () => leaseReplaced('spot-expander-drain-total-held', { holderIdentity: '' }),
      /give that one back/,
    ],
    'nor hold a place for ever': [
      () =>
        made(
          lease('spot-expander-drain-total-0', {
            holderIdentity: 'own',
            leaseDurationSeconds: 2_147_483_647,
          }),
        ),
      /at most 600 s/,
    ],
    'nor keep a place from being deleted': [
      () =>
        made(
          lease(
            'spot-expander-drain-total-0',
            { holderIdentity: 'own' },
            { finalizers: ['example.com/keep'] },
          ),
        ),
      /finalizers/,
    ],
    'nor tell of another Node': [
      () => made(event({ involvedObject: { kind: 'Node', name: 'other' } })),
      /tell of its own Node/,
    ],
    'nor tell in the kubelet’s name': [
      () => made(event({ source: { component: 'kubelet', host: 'own' } })),
      /own name only/,
    ],
    'nor in that of another node’s agent': [
      () => made(event({ source: { component: 'spot-expander-agent', host: 'other' } })),
      /events of other|own name only/,
    ],
    'nor put another node’s NodeClaim at risk': [
      () => claim({ metadata: { labels: { 'spot-expander.io/at-risk': 'rebalance' } } }, 'other-claim'),
      /nodeclaims of other/,
    ],
    'nor delete it': [() => claimDeleted('other-claim'), /nodeclaims of other/],
    'nor set another label of its NodeClaim': [
      () => claim({ metadata: { labels: { 'karpenter.sh/nodepool': 'other' } } }),
      /labels beside its own: karpenter\.sh\/nodepool/,
    ],
    'nor another annotation': [
      () => claim({ metadata: { annotations: { 'karpenter.sh/do-not-disrupt': 'true' } } }),
      /annotations beside its own: karpenter\.sh\/do-not-disrupt/,
    ],
    'nor take Karpenter’s finalizer off it': [
      () => claim({ metadata: { finalizers: null } }),
      /metadata beside its own: finalizers/,
    ],
    'nor read a Secret': [() => asAgent(['get', 'secrets', '-n', 'spot']), /forbidden/i],
  };
  for (const [what, [tried, sentence]] of Object.entries(refused))
    it(what, async () => {
      const { code, text } = await tried();
      expect(code, text).to.not.equal(0);
      expect(text).to.match(sentence);
    });

  it('and a token of the same account that is bound to no pod may change nothing', async () => {
    const token = (
      await expectDone(cluster.kubectl(['create', 'token', 'se-spot-expander-agent', '-n', 'spot']))
    ).trim();
    const { code, text } = await asAgent([
      'patch',
      'node',
      'own',
      '--type=merge',
      '--dry-run=server',
      '-p',
      '{"spec":{"unschedulable":true}}',
      '--token',
      token,
    ]);
    expect(code).to.not.equal(0);
    expect(text).to.match(/own Node/);
  });

  it('the policies themselves are sound: the API server finds nothing to warn of in their expressions', async () => {
    type Policies = {
      items: { metadata: { name: string }; status?: { typeChecking?: { expressionWarnings?: unknown[] } } }[];
    };
    await soon('type checking', async () => {
      const text = await expectDone(cluster.kubectl(['get', 'validatingadmissionpolicies', '-o', 'json']));
      const ours = (JSON.parse(text) as Policies).items.filter(({ metadata }) =>
        metadata.name.startsWith('se-'),
      );
      return ours.length === 4 && ours.every(({ status }) => status?.typeChecking !== undefined);
    });
    const text = await expectDone(cluster.kubectl(['get', 'validatingadmissionpolicies', '-o', 'json']));
    for (const { metadata, status } of (JSON.parse(text) as Policies).items)
      expect(status?.typeChecking?.expressionWarnings ?? [], metadata.name).to.deep.equal([]);
  });
});
