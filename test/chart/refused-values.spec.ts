import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { documentedValues } from '../../scripts/chart/values-comments.ts';
import { chartPath, helm, helms, rendered, type Helm } from './rendered.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/field/${name}`, import.meta.url), 'utf8');

/** A value at a dotted path. */
const at = (path: string, value: unknown): Record<string, unknown> =>
  path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;

const merged = (all: readonly Record<string, unknown>[]): Record<string, unknown> => {
  const result: Record<string, unknown> = {};
  for (const one of all)
    for (const [key, value] of Object.entries(one)) {
      const before = result[key];
      result[key] = isFields(before) && isFields(value) ? merged([before, value]) : value;
    }
  return result;
};

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const texts = documentedValues(readFileSync(`${chartPath}/values.yaml`, 'utf8'))
  .map(({ path }) => path)
  .filter((path) =>
    /(^|\.)(annotations|labels|podAnnotations|podLabels|nodeSelector|commonLabels)$/.test(path),
  );

for (const which of Object.keys(helms) as Helm[])
  describe(`values that are no good, with ${which}`, () => {
    /** Both Helms name a place, each in its way: `server.podLabels.team` or `/server/podLabels/team`. */
    const named = (text: string, path: string) =>
      text.includes(path) || text.includes(`/${path.replaceAll('.', '/')}`);
    const refusal = (values: object): string => {
      try {
        rendered({ helm: which, values });
      } catch (error) {
        return String(error);
      }
      throw new Error('the chart took it');
    };

    it('true, false and numbers are no labels, annotations or selectors, wherever such stand', () => {
      expect(texts).to.have.length.above(20);
      for (const [what, value] of [
        ['false', false],
        ['42', 42],
      ] as const) {
        const text = refusal(merged(texts.map((path) => at(path, { key: value }))));
        for (const path of texts) expect(named(text, `${path}.key`), `${what} in ${path}`).to.equal(true);
      }
    });

    it('nor in selectors, tolerations and terms of affinity', () => {
      const selector = { matchLabels: { app: true } };
      for (const [path, values] of [
        ['server.tolerations.0.value', { server: { tolerations: [{ key: 'spot', value: true }] } }],
        [
          'agent.spotNodeSelectorTerms.0.matchExpressions.0.values.0',
          {
            agent: {
              spotNodeSelectorTerms: [
                { matchExpressions: [{ key: 'spot', operator: 'In', values: [true] }] },
              ],
            },
          },
        ],
        [
          'server.topologySpreadConstraints.0.labelSelector.matchLabels.app',
          { server: { topologySpreadConstraints: [{ topologyKey: 'z', labelSelector: selector }] } },
        ],
        [
          'server.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.0.labelSelector.matchLabels.app',
          {
            server: {
              affinity: {
                podAntiAffinity: {
                  requiredDuringSchedulingIgnoredDuringExecution: [
                    { topologyKey: 'z', labelSelector: selector },
                  ],
                },
              },
            },
          },
        ],
      ] as const)
        expect(named(refusal(values), path), path).to.equal(true);
    });

    it('the values of the field that came out unquoted are refused, each with its place', () => {
      const text = refusal(parse(fixture('chart-values-untyped.yaml')) as object);
      for (const place of ['podAnnotations', 'nodeSelector', 'podLabels', 'nodeGroups'])
        expect(text).to.include(place);
    });

    it('durations without a unit are refused, each with its place', () => {
      const durations = parse(fixture('durations-bare-numbers.yaml')) as object;
      const text = refusal({ agent: { config: durations } });
      for (const key of ['rebalance_ttl', 'max_grace', 'load_balancer_wait'])
        expect(named(text, `agent.config.${key}`), key).to.equal(true);
      expect(text).to.not.include('min_node_age');
    });

    for (const [path, value] of [
      ['server.config.max_crash_probability', 85],
      ['server.config.max_crash_probability', '85'],
      ['server.config.max_crash_probability', '1.5'],
      ['server.config.max_crash_probability', 1.5],
      ['agent.config.max_drains', 'many'],
      ['server.config.hot_penalty', -1],
      ['server.config.log_level', 'loud'],
      ['agent.config.max_drains', 0],
      ['agent.config.eviction_concurrency', 1000],
      ['agent.httpPort', 0],
      ['server.replicas', 0],
      ['server.drainSeconds', -1],
      ['server.autoscaling.targetCPUUtilizationPercentage', 0],
      ['server.podDisruptionBudget.maxUnavailable', 'one'],
      ['agent.updateStrategy.rollingUpdate.maxUnavailable', '10'],
      ['agent.updateStrategy.type', 'Recreate'],
      ['server.service.type', 'ExternalName'],
      ['server.service.ipFamilyPolicy', 'DualStack'],
      ['agent.resources.limits.memory', '160 MB'],
      ['collect.activeDeadlineSeconds', 0],
      ['image.tag', 1.1],
      ['regions', ['eu-central-1', 1]],
    ] as const)
      it(`${path} is not ${JSON.stringify(value)}`, () => {
        const text = refusal(at(path, value));
        expect(named(text, path), text).to.equal(true);
      });

    for (const [what, values] of [
      ['region', { region: 'Mumbai' }],
      ['region', { region: 'eu-central-1a' }],
      ['regions', { regions: ['eu-central-1', 'us-east'] }],
    ] as const)
      it(`${JSON.stringify(values)} is answered with a sentence, not with a pattern`, () => {
        expect(refusal(values))
          .to.match(new RegExp(`${what}: ".*" is no AWS region. One is called as eu-central-1 is`))
          .and.not.match(/does not match|anyOf/);
      });

    it('what a setting takes, the chart takes: levels in capitals, sizes with and without unit, an empty policy', () => {
      const { code, text } = helm(which, [
        ...['template', 'se', chartPath, '--set', 'region=us-gov-west-1'],
        ...['--set', 'server.config.log_level=WARNING', '--set', 'server.config.record_max_size=1Gi'],
        ...['--set', 'server.config.max_crash_probability=0.5', '--set', 'agent.config.rebalance_ttl=90 m'],
        ...['--set', 'server.service.ipFamilyPolicy=', '--set', 'server.config.cooldown=1.5h'],
      ]);
      expect(code, text).to.equal(0);
    });
  });
