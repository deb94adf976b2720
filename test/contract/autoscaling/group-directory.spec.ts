import { expect } from 'chai';
import { autoScalingGroups } from '../../../src/adapters/autoscaling/auto-scaling-groups.ts';
import { onDemandShareOf } from '../../../src/adapters/autoscaling/group-facts.ts';
import { groupPools } from '../../../src/decision/group-pools.ts';
import { SourceUnavailable } from '../../../src/errors/source-unavailable.ts';
import type { LaunchTemplates } from '../../../src/ports/region-facts.ts';
import { awsPeer, type Answer, type AwsPeer } from '../../peers/aws-peer.ts';

const signal = new AbortController().signal;
const region = 'ap-south-1';

function members(values: readonly string[]): string {
  return values.map((value) => `<member>${value}</member>`).join('');
}

function group(
  name: string,
  inside: string,
  zones: readonly string[] = ['ap-south-1a', 'ap-south-1b'],
): string {
  return `<AutoScalingGroupName>${name}</AutoScalingGroupName><DesiredCapacity>3</DesiredCapacity><AvailabilityZones>${members(zones)}</AvailabilityZones>${inside}`;
}

function mixed(types: readonly string[], distribution: string): string {
  const overrides = types.map((type) => `<InstanceType>${type}</InstanceType>`);
  return `<MixedInstancesPolicy><LaunchTemplate><LaunchTemplateSpecification><LaunchTemplateId>lt-9</LaunchTemplateId><Version>7</Version></LaunchTemplateSpecification><Overrides>${members(overrides)}</Overrides></LaunchTemplate><InstancesDistribution>${distribution}</InstancesDistribution></MixedInstancesPolicy>`;
}

function answer(groups: readonly string[], nextToken = ''): string {
  return `<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups>${members(groups)}</AutoScalingGroups>${nextToken === '' ? '' : `<NextToken>${nextToken}</NextToken>`}</DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>`;
}

const spotOnly =
  '<OnDemandBaseCapacity>0</OnDemandBaseCapacity><OnDemandPercentageAboveBaseCapacity>0</OnDemandPercentageAboveBaseCapacity>';

describe('the Auto Scaling groups', () => {
  let peer: AwsPeer | undefined;

  async function directoryOf(answers: Readonly<Record<string, Answer>>, launchTemplates?: LaunchTemplates) {
    peer = await awsPeer(answers, 'query');
    const unknown: string[] = [];
    const directory = autoScalingGroups({
      endpoint: peer.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      patience: { attemptTimeoutMs: 3_000, attempts: 3, firstPauseMs: 1, greatestPauseMs: 4 },
      events: { onLaunchUnknown: (name) => void unknown.push(name) },
      ...(launchTemplates === undefined ? {} : { launchTemplates }),
    });
    return { directory, peer, unknown };
  }

  afterEach(async () => {
    await peer?.close();
    peer = undefined;
  });

  it('tell types, zones and the on-demand share of a mixed-instances policy, over all pages', async () => {
    const share =
      '<OnDemandBaseCapacity>2</OnDemandBaseCapacity><OnDemandPercentageAboveBaseCapacity>25</OnDemandPercentageAboveBaseCapacity>';
    const { directory } = await directoryOf({
      DescribeAutoScalingGroups: (parameters) =>
        parameters['NextToken'] === undefined
          ? answer([group('spot', mixed(['c5.large', 'c5a.large', 'c5.large'], spotOnly))], 'more')
          : answer([
              group('quarter', mixed(['m5.large'], share)),
              group('base', mixed(['m5.large'], '<OnDemandBaseCapacity>9</OnDemandBaseCapacity>')),
            ]),
    });
    expect(Object.fromEntries(await directory.groups(region, signal))).to.deep.equal({
      spot: {
        instanceTypes: ['c5.large', 'c5a.large'],
        zones: ['ap-south-1a', 'ap-south-1b'],
        capacityType: 'spot',
        onDemandShare: 0,
        source: 'auto-scaling-group',
      },
      quarter: {
        instanceTypes: ['m5.large'],
        zones: ['ap-south-1a', 'ap-south-1b'],
        capacityType: 'spot',
        onDemandShare: 0.25,
        source: 'auto-scaling-group',
      },
      base: {
        instanceTypes: ['m5.large'],
        zones: ['ap-south-1a', 'ap-south-1b'],
        capacityType: 'on-demand',
        onDemandShare: 1,
        source: 'auto-scaling-group',
      },
    });
  });

  it('without overrides are what their launch template or launch configuration starts', async () => {
    const asked: unknown[] = [];
    const { directory } = await directoryOf(
      {
        DescribeAutoScalingGroups: () =>
          answer([
            group(
              'template',
              '<LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>$Latest</Version></LaunchTemplate>',
            ),
            group('configuration', '<LaunchConfigurationName>lc-1</LaunchConfigurationName>'),
          ]),
        DescribeLaunchConfigurations: () =>
          '<DescribeLaunchConfigurationsResponse><DescribeLaunchConfigurationsResult><LaunchConfigurations><member><InstanceType>m4.large</InstanceType><SpotPrice>0.1</SpotPrice></member></LaunchConfigurations></DescribeLaunchConfigurationsResult></DescribeLaunchConfigurationsResponse>',
      },
      {
        launchTemplate: (reference) => {
          asked.push(reference);
          return Promise.resolve({ instanceType: 'r5.large', spot: false });
        },
      },
    );
    const groups = await directory.groups(region, signal);
    expect(groups.get('template')).to.include({ capacityType: 'on-demand', onDemandShare: 1 });
    expect(groups.get('template')?.instanceTypes).to.deep.equal(['r5.large']);
    expect(groups.get('configuration')).to.include({ capacityType: 'spot', onDemandShare: 0 });
    expect(groups.get('configuration')?.instanceTypes).to.deep.equal(['m4.large']);
    expect(asked).to.deep.equal([{ id: 'lt-1', version: '$Latest' }]);
  });

  it('whose template cannot be read are known by their instances, of unknown capacity type', async () => {
    const { directory, unknown } = await directoryOf(
      {
        DescribeAutoScalingGroups: () =>
          answer([
            group(
              'closed',
              '<LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId></LaunchTemplate><Instances><member><InstanceType>c6g.large</InstanceType></member></Instances>',
            ),
          ]),
      },
      { launchTemplate: () => Promise.reject(new SourceUnavailable('denied', 'not allowed')) },
    );
    const groups = await directory.groups(region, signal);
    expect(groups.get('closed')).to.include({ capacityType: 'unknown', onDemandShare: 0 });
    expect(groups.get('closed')?.instanceTypes).to.deep.equal(['c6g.large']);
    expect(unknown).to.deep.equal(['closed']);
  });

  it('whose overrides are requirements are known by what runs, never by the template that they replace', async () => {
    const requirements =
      '<MixedInstancesPolicy><LaunchTemplate><LaunchTemplateSpecification><LaunchTemplateId>lt-9</LaunchTemplateId></LaunchTemplateSpecification><Overrides><member><InstanceRequirements><VCpuCount><Min>2</Min></VCpuCount><MemoryMiB><Min>8192</Min></MemoryMiB></InstanceRequirements></member></Overrides></LaunchTemplate><InstancesDistribution>' +
      `${spotOnly}</InstancesDistribution></MixedInstancesPolicy>`;
    const plain = `<MixedInstancesPolicy><LaunchTemplate><LaunchTemplateSpecification><LaunchTemplateId>lt-9</LaunchTemplateId></LaunchTemplateSpecification></LaunchTemplate><InstancesDistribution>${spotOnly}</InstancesDistribution></MixedInstancesPolicy>`;
    const { directory } = await directoryOf(
      {
        DescribeAutoScalingGroups: () =>
          answer([
            group('empty', requirements),
            group(
              'running',
              `${requirements}<Instances><member><InstanceType>r5.large</InstanceType></member></Instances>`,
            ),
            group('plain', plain),
          ]),
      },
      { launchTemplate: () => Promise.resolve({ instanceType: 't3.micro', spot: false }) },
    );
    const groups = await directory.groups(region, signal);
    expect(groups.get('empty')?.instanceTypes).to.deep.equal([]);
    expect(groups.get('running')?.instanceTypes).to.deep.equal(['r5.large']);
    expect(groups.get('plain')?.instanceTypes).to.deep.equal(['t3.micro']);
    expect(groups.get('empty')).to.include({ capacityType: 'spot', onDemandShare: 0 });
    const label = { 'node.kubernetes.io/instance-type': 'r5a.xlarge' };
    const pools = groupPools('empty', label, (id) => groups.get(id)).pools;
    expect(new Set(pools.map(({ instanceType }) => instanceType))).to.deep.equal(new Set(['r5a.xlarge']));
  });

  it('tell the weights of their overrides', async () => {
    const overrides = ['c5.large', 'c5.xlarge'].map(
      (type, index) =>
        `<InstanceType>${type}</InstanceType><WeightedCapacity>${index + 1}</WeightedCapacity>`,
    );
    const weighed = `<MixedInstancesPolicy><LaunchTemplate><Overrides>${members(overrides)}</Overrides></LaunchTemplate><InstancesDistribution>${spotOnly}</InstancesDistribution></MixedInstancesPolicy>`;
    const { directory } = await directoryOf({
      DescribeAutoScalingGroups: () => answer([group('weighed', weighed)]),
    });
    const groups = await directory.groups(region, signal);
    expect(groups.get('weighed')?.weights).to.deep.equal({ 'c5.large': 1, 'c5.xlarge': 2 });
  });

  it('are read again after throttling, and not after a refusal', async () => {
    const { directory, peer } = await directoryOf({
      DescribeAutoScalingGroups: () => answer([group('spot', mixed(['c5.large'], spotOnly))]),
    });
    peer.queueFaults('throttle', 'server-error');
    expect((await directory.groups(region, signal)).size).to.equal(1);
    expect(peer.requests).to.have.length(3);
    peer.setFault('deny');
    const refused: unknown = await directory.groups(region, signal).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(SourceUnavailable).and.include({ reason: 'denied' });
    expect(peer.requests).to.have.length(4);
  });

  it('count as AWS counts: the base first, then the percentage, all of it where nothing is said', () => {
    expect(onDemandShareOf(undefined, 5)).to.equal(1);
    expect(onDemandShareOf({}, 5)).to.equal(1);
    expect(onDemandShareOf({ OnDemandPercentageAboveBaseCapacity: 0 }, 0)).to.equal(0);
    expect(onDemandShareOf({ OnDemandBaseCapacity: 2, OnDemandPercentageAboveBaseCapacity: 0 }, 1)).to.equal(
      1,
    );
    expect(onDemandShareOf({ OnDemandBaseCapacity: 2, OnDemandPercentageAboveBaseCapacity: 0 }, 2)).to.equal(
      0,
    );
    expect(onDemandShareOf({ OnDemandPercentageAboveBaseCapacity: 30 }, 9)).to.equal(0.3);
  });
});
