import { patternDoubts } from './foreign-patterns.ts';
import type { NodeGroupDescription } from './node-groups.ts';
import type { ServeConfig } from './serve-config.ts';

/** What `serve` takes without a word and what is probably not meant, one sentence each. */
export interface WarningInputs {
  readonly config: ServeConfig;
  /** Settings that somebody gave, by key, with where: a flag, a variable or a line of the file. */
  readonly explicit: ReadonlyMap<string, string>;
  /** Ids of the node groups that there are; undefined: not told. */
  readonly groups: readonly string[] | undefined;
  /** Whether the autoscaler runs with `--balance-similar-node-groups`; undefined: not told. */
  readonly balancesGroups?: boolean | undefined;
}

export function serveWarnings({
  config,
  explicit: given,
  groups,
  balancesGroups,
}: WarningInputs): readonly string[] {
  return [
    ...idleSettings(config).flatMap(([key, why]) => {
      const source = given.get(key);
      return source === undefined ? [] : [`${source} does nothing: ${why}`];
    }),
    ...config.nodeGroups.flatMap((_, index) => groupDoubts(config.nodeGroups, index)),
    ...(config.mode === 'PROD' && config.autoscaler_callers === undefined
      ? [
          'every caller of BestOptions is believed about capacity: name the autoscaler under autoscaler_callers, or let nobody else reach the port',
        ]
      : []),
    ...(balancesGroups === true
      ? [
          'the autoscaler runs with --balance-similar-node-groups: it spreads each answer over all groups alike but for zone, those that were dropped or rest too; turn it off, since zones are chosen and spread here',
        ]
      : []),
    ...(groups === undefined ? [] : unmatched(config.nodeGroups, groups)),
  ];
}

function idleSettings(config: ServeConfig): readonly (readonly [key: string, why: string])[] {
  const { mode, market, risk_model: model } = config;
  const watches = mode === 'PROD' || config.kubeconfig !== undefined;
  const idle: (readonly [string, string])[] = [];
  if (market === 'static') idle.push(['price_refresh', 'prices come from the static file (market: static)']);
  if (['always-safe', 'mock', 'fleet-hazard'].includes(model))
    for (const key of ['model', 'model_refresh'])
      idle.push([key, `no model file is read with risk_model ${model}`]);
  if (config.record === undefined) idle.push(['record_max_size', 'nothing is recorded without record']);
  if (!watches) {
    idle.push([
      'capacity_record',
      'replicas share what did not deliver where nodes are watched: in PROD, or with kubeconfig',
    ]);
    const why = 'nodes are watched in PROD, or with kubeconfig, and no pool is hot without';
    idle.push(['hot_penalty', why]);
    if (model.startsWith('fleet-hazard'))
      idle.push([
        'risk_model',
        'nodes are not watched in TEST without kubeconfig, so the fleet has no record',
      ]);
  }
  return idle;
}

function groupDoubts(groups: readonly NodeGroupDescription[], index: number): readonly string[] {
  const group = groups[index];
  if (group === undefined) return [];
  const place = `node_groups.${index}`;
  const { id, labels = {} } = group.match;
  const doubts = id === undefined ? [] : patternDoubts(id).map((doubt) => `${place}.match.id: ${doubt}`);
  if (id === undefined && Object.keys(labels).length === 0)
    doubts.push(`${place}.match matches nothing: labels are empty and there is no id`);
  const before = groups.slice(0, index).findIndex((earlier) => covers(earlier, group));
  if (before !== -1)
    doubts.push(`${place} matches nothing that node_groups.${before} does not match first: the first counts`);
  if (saysNothing(group)) doubts.push(`${place} does nothing: it tells no types, zones or way of buying`);
  if (group.capacityType === 'on-demand' && group.onDemandShare > 0 && group.onDemandShare < 1)
    doubts.push(`${place}.on_demand_share contradicts capacity_type on-demand: the group counts as Spot`);
  return doubts;
}

function saysNothing(group: NodeGroupDescription): boolean {
  const { instanceTypes, zones, capacityType, onDemandShare } = group;
  return (
    group.wishes === undefined &&
    group.maxNodes === undefined &&
    instanceTypes.length === 0 &&
    zones.length === 0 &&
    (capacityType === undefined || capacityType === 'unknown') &&
    onDemandShare === 0
  );
}

const anything = ['.', '.*', '.+', '^', '^.', '^.*', '^.*$', '^.+$'];

/** Everything that the later one matches is surely matched by the earlier one. */
function covers({ match: earlier }: NodeGroupDescription, { match: later }: NodeGroupDescription): boolean {
  const labels = Object.entries(earlier.labels ?? {});
  if (earlier.id === undefined && labels.length === 0) return false;
  const isWider = earlier.id === undefined || anything.includes(earlier.id) || earlier.id === later.id;
  return isWider && labels.every(([key, value]) => later.labels?.[key] === value);
}

/** Descriptions by labels alone are not judged: an id does not tell its labels. */
function unmatched(groups: readonly NodeGroupDescription[], ids: readonly string[]): readonly string[] {
  return groups.flatMap(({ match }, index) =>
    match.id === undefined || ids.some((id) => new RegExp(match.id ?? '').test(id))
      ? []
      : [`node_groups.${index}.match.id matches none of the ${ids.length} groups: ${match.id}`],
  );
}
