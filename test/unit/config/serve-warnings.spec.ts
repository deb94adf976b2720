import { expect } from 'chai';
import { patternDoubts } from '../../../src/config/foreign-patterns.ts';
import { explicitServeSettings, serveConfig } from '../../../src/config/serve-config.ts';
import { serveWarnings } from '../../../src/config/serve-warnings.ts';

interface Told {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly nodeGroups?: readonly object[];
  readonly groups?: readonly string[];
  readonly balancesGroups?: boolean;
}

function warnings({ flags = {}, nodeGroups, groups, balancesGroups }: Told): readonly string[] {
  const inputs = { flags, environment: {}, configFile: undefined, prod: false };
  const config = serveConfig(inputs);
  const descriptions = (nodeGroups ?? []).map((one) => ({
    match: {},
    instanceTypes: ['c5.large'],
    zones: [],
    capacityType: undefined,
    onDemandShare: 0,
    ...one,
  }));
  return serveWarnings({
    config: { ...config, nodeGroups: descriptions },
    explicit: explicitServeSettings(inputs),
    groups,
    balancesGroups,
  });
}

describe('an autoscaler that balances groups alike', () => {
  it('is told what comes of it, once somebody says that it does', () => {
    expect(warnings({})).to.deep.equal([]);
    expect(warnings({ balancesGroups: false })).to.deep.equal([]);
    expect(warnings({ balancesGroups: true }).join()).to.match(
      /those that were dropped or rest too; turn it off/,
    );
  });
});

describe('a description that tells a wish or a maximum alone', () => {
  it('does something', () => {
    const alone = { match: { id: 'a' }, instanceTypes: [] };
    expect(warnings({ nodeGroups: [{ ...alone, wishes: { rank: 1 } }] })).to.deep.equal([]);
    expect(warnings({ nodeGroups: [{ ...alone, maxNodes: 5 }] })).to.deep.equal([]);
  });
});

describe('an expression of another engine', () => {
  for (const [source, said] of [
    ['^[[:alnum:]]+-spot', '[[:alnum:] is a POSIX class'],
    ['\\Aspot', '\\A is the letter A'],
    ['spot\\z', '\\z is the letter z'],
    ['\\Qa.b\\E', '\\Q is the letter Q'],
    ['\\p{Alpha}+', '\\p{Alpha} is the letter p'],
    ['spot^a', 'no id begins where ^ stands'],
    ['spot$a', 'no id ends where $ stands'],
  ] as const)
    it(`is told of: ${source}`, () => {
      expect(patternDoubts(source).join()).to.include(said);
    });

  for (const source of [
    '^eks-spot-[0-9a-f]+$',
    'a|^b',
    '(^a|b$)',
    '[^a]x',
    '\\\\Ax',
    'x\\$y',
    '[$]x',
    'spot-.*',
    '^$',
  ])
    it(`is none: ${source}`, () => {
      expect(patternDoubts(source)).to.deep.equal([]);
    });
});

describe('a description of groups', () => {
  it('that can match nothing is told of', () => {
    expect(warnings({ nodeGroups: [{ match: { labels: {} } }] })).to.deep.equal([
      'node_groups.0.match matches nothing: labels are empty and there is no id',
    ]);
  });

  it('behind one that matches all it could is told of', () => {
    const nodeGroups = [{ match: { id: '.*' } }, { match: { id: '^spot' } }];
    expect(warnings({ nodeGroups })).to.deep.equal([
      'node_groups.1 matches nothing that node_groups.0 does not match first: the first counts',
    ]);
    const narrower = [{ match: { id: '.*', labels: { a: 'b' } } }, { match: { id: '^spot' } }];
    expect(warnings({ nodeGroups: narrower })).to.deep.equal([]);
  });

  it('that matches none of the groups there are is told of', () => {
    const nodeGroups = [{ match: { id: '^spot-' } }, { match: { id: '^eks-' } }];
    expect(warnings({ nodeGroups, groups: ['eks-spot-a', 'eks-spot-b'] })).to.deep.equal([
      'node_groups.0.match.id matches none of the 2 groups: ^spot-',
    ]);
  });

  it('that tells nothing, or two things at once, is told of', () => {
    const said = warnings({
      nodeGroups: [
        { match: { id: 'a' }, instanceTypes: [] },
        { match: { id: 'b' }, capacityType: 'on-demand', onDemandShare: 0.5 },
      ],
    });
    expect(said).to.deep.equal([
      'node_groups.0 does nothing: it tells no types, zones or way of buying',
      'node_groups.1.on_demand_share contradicts capacity_type on-demand: the group counts as Spot',
    ]);
  });
});

describe('a setting that does nothing here', () => {
  it('names where it was given, and only when it was given', () => {
    expect(warnings({})).to.deep.equal([]);
    expect(warnings({ flags: { price_refresh: '1m', record_max_size: '1Gi' } })).to.deep.equal([
      '--price-refresh does nothing: prices come from the static file (market: static)',
      '--record-max-size does nothing: nothing is recorded without record',
    ]);
    expect(warnings({ flags: { risk_model: 'mock', model: 'm.onnx' } })).to.deep.equal([
      '--model does nothing: no model file is read with risk_model mock',
    ]);
    expect(warnings({ flags: { risk_model: 'fleet-hazard' } }).join()).to.include('the fleet has no record');
  });
});
