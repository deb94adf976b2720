import { homedir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../errors/usage-error.ts';
import { nodeGroupsReading, type NodeGroupDescription } from './node-groups.ts';
import { serveSettings } from './serve-settings.ts';
import { explicitSettings, settingValues, type RawSettings, type SettingValues } from './setting.ts';
import { settingsFile } from './settings-file.ts';
import { everyAddress, type ListenAddress } from './value-types.ts';

type Settings = SettingValues<typeof serveSettings>;

/** What `serve` runs by: every default that depends on the mode is settled here. */
export interface ServeConfig extends Omit<
  Settings,
  | 'grpc_listen'
  | 'http_listen'
  | 'state_dir'
  | 'market'
  | 'stale_prices'
  | 'auto_scaling_groups'
  | 'capacity_manager'
  | 'capacity_record'
> {
  readonly grpc_listen: ListenAddress;
  readonly http_listen: ListenAddress;
  readonly state_dir: string;
  readonly market: 'static' | 'ec2';
  readonly stale_prices: 'use-and-say' | 'ignore';
  readonly auto_scaling_groups: boolean;
  readonly capacity_manager: boolean;
  /** A ConfigMap's name, or `none`. */
  readonly capacity_record: string;
  readonly nodeGroups: readonly NodeGroupDescription[];
}

export interface ServeConfigInputs {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly configFile: string | undefined;
  readonly prod: boolean;
}

/**
 * @throws UsageError that names every mistake in flags, environment and file.
 */
export function serveConfig(inputs: ServeConfigInputs): ServeConfig {
  const raw = rawSettings(inputs);
  const { file } = raw;
  const nodeGroups = nodeGroupsReading(file?.values['node_groups'], file?.path ?? 'configuration');
  const settings = settingValues(serveSettings, raw, {
    keys: ['node_groups'],
    mistakes: nodeGroups.mistakes,
  });
  const prod = settings.mode === 'PROD';
  const host = prod ? everyAddress : '127.0.0.1';
  const config: ServeConfig = {
    ...settings,
    grpc_listen: settings.grpc_listen ?? { host, port: 9443 },
    http_listen: settings.http_listen ?? { host, port: apiPort(inputs.environment) },
    probe_listen: settings.probe_listen ?? (prod ? { host, port: 9090 } : undefined),
    state_dir: settings.state_dir ?? defaultStateDir(inputs.environment),
    market: settings.market ?? (prod ? 'ec2' : 'static'),
    stale_prices: settings.stale_prices ?? (prod ? 'ignore' : 'use-and-say'),
    auto_scaling_groups: settings.auto_scaling_groups ?? prod,
    capacity_manager: settings.capacity_manager ?? (settings.market ?? (prod ? 'ec2' : 'static')) === 'ec2',
    // In TEST nothing outside is changed unless somebody asks for it.
    capacity_record: settings.capacity_record ?? (prod ? 'spot-expander-capacity' : 'none'),
    nodeGroups: nodeGroups.descriptions,
  };
  const mistakes = [...certificateMistakes(config), ...clusterMistakes(config, inputs.environment)];
  if (mistakes.length > 0) throw new UsageError(mistakes);
  return config;
}

/** Where each setting that somebody gave was given, by key. */
export function explicitServeSettings(inputs: ServeConfigInputs): ReadonlyMap<string, string> {
  return explicitSettings(serveSettings, rawSettings(inputs));
}

function rawSettings({ flags, environment, configFile, prod }: ServeConfigInputs): RawSettings {
  const path = configFile ?? environment['SPOT_EXPANDER_CONFIG'];
  return {
    flags: prod ? { ...flags, mode: 'PROD' } : flags,
    environment,
    file: path === undefined || path === '' ? undefined : settingsFile(path),
  };
}

function apiPort(environment: ServeConfigInputs['environment']): number {
  const text = environment['API_PORT'];
  if (text === undefined || text === '') return 8000;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError([`environment variable API_PORT: must be a port (got ${JSON.stringify(text)})`]);
  return port;
}

/** Where state is kept unless a setting says otherwise. */
export function defaultStateDir(environment: ServeConfigInputs['environment']): string {
  const base = environment['XDG_STATE_HOME'];
  return join(base === undefined || base === '' ? join(homedir(), '.local', 'state') : base, 'spot-expander');
}

function certificateMistakes(config: ServeConfig): string[] {
  if ((config.tls_cert === undefined) !== (config.tls_key === undefined))
    return ['--tls-cert and --tls-key go together: give both or neither'];
  if (config.mode === 'PROD' && config.tls_cert === undefined) {
    return [
      'PROD needs --tls-cert and --tls-key: the autoscaler speaks TLS only and a development certificate protects nothing',
    ];
  }
  return [];
}

function clusterMistakes(config: ServeConfig, environment: ServeConfigInputs['environment']): string[] {
  const inCluster = environment['KUBERNETES_SERVICE_HOST'] !== undefined;
  if (config.mode !== 'PROD' || config.kubeconfig !== undefined || inCluster) return [];
  return [
    'PROD needs a cluster: give --kubeconfig FILE (K8S_CONFIG_PATH) or run in a pod with a service account; without one use TEST mode',
  ];
}
