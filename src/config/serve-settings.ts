import { z } from 'zod';
import { costSettings } from './cost-settings.ts';
import { flag, setting } from './setting.ts';
import { configFileSettings } from './settings-file.ts';
import { folderToMake } from './writable-folder.ts';
import {
  awsRegion,
  logLevel,
  boundedNumber,
  byteSize,
  callerNames,
  configMapName,
  durationMs,
  filePath,
  hostNames,
  listenAddress,
  yesOrNo,
  wholeNumber,
} from './value-types.ts';

const mode = z
  .string()
  .transform((text) => text.toUpperCase())
  .pipe(z.enum(['TEST', 'PROD'], { error: 'must be TEST or PROD' }));
/** Where knowledge comes from and how a decision is made: shared by `serve`, `rank` and `evaluate`. */
export const decisionSettings = {
  static_data: setting(
    filePath.optional(),
    undefined,
    'file',
    'static intelligence JSON, a path or s3://…; without it what is bundled of the region: bands and on-demand prices, for ap-south-1 Spot prices as well',
    ['STATIC_DATA_PATH'],
  ),
  risk_model: setting(
    z.enum(['auto', 'family-stress', 'fleet-hazard', 'fleet-hazard+family-stress', 'always-safe', 'mock']),
    'auto',
    'name',
    'auto, family-stress, fleet-hazard, fleet-hazard+family-stress, always-safe or mock; auto takes family-stress when a trained model is there; otherwise, in TEST, mock, and in PROD the Spot Advisor’s bands take its place',
  ),
  model: setting(
    filePath.optional(),
    undefined,
    'file',
    'ONNX model with its card beside it, a path or s3://…; without it the bundled model',
    ['RISK_MODEL_PATH'],
  ),
  region: setting(
    awsRegion,
    'ap-south-1',
    'region',
    'AWS region of the node groups; one that is newer than this program as new:REGION',
    ['AWS_REGION', 'AWS_DEFAULT_REGION'],
  ),
  max_crash_probability: setting(
    boundedNumber(0, 1),
    0.85,
    '0..1',
    'safety gate: riskier pools are rejected',
    ['MAX_CRASH_PROBABILITY'],
  ),
  max_historic_interrupt_rate: setting(
    boundedNumber(0, 1),
    0.2,
    '0..1',
    'Spot Advisor bands above this rate are rejected',
    ['MAX_HISTORIC_INTERRUPT_RATE'],
  ),
  formula: setting(
    z.enum(['expected-cost', 'classic']),
    'expected-cost',
    'name',
    'expected-cost, or classic: price and waste against the dearest candidate, discounted by the crash probability, with filters that give way to nothing',
  ),
  max_safety_premium: setting(
    boundedNumber(0, 100),
    0.01,
    'share',
    'what may be paid for a group that passes band filter and gate: beyond it the least bad of the others is admitted, and the answer says so',
  ),
  affinity_weight: setting(
    boundedNumber(0, 1),
    0.1,
    '0..1',
    "weight of the pending pods' preferred node affinity in the score",
  ),
  spread_weight: setting(
    boundedNumber(0, 1),
    0.05,
    '0..1',
    "weight of the pending pods' ScheduleAnyway topology spread in the score",
  ),
  reuse_share: setting(
    boundedNumber(0, 1),
    0.4,
    '0..1',
    'share of the usable room that new nodes leave free which later pods fill; less of it the larger the pods',
  ),
  node_tail: setting(
    boundedNumber(0, 1),
    0.045,
    '0..1',
    'how much dearer a node counts for each doubling of the pods it holds that the autoscaler does not move',
  ),
  ...costSettings,
  unserved_weight: setting(
    boundedNumber(0, 1),
    0.25,
    '0..1',
    'how much dearer an option counts that leaves pending pods to later scale-ups',
  ),
  worst_pool_weight: setting(
    boundedNumber(0, 1),
    0.5,
    '0..1',
    'of a group over several pools: how much the worst pool counts against the mean of all',
  ),
  equal_set_tolerance: setting(
    boundedNumber(0, 100),
    0,
    'points',
    'candidates within this many points of the best are answered together; 0 answers one',
  ),
  hot_penalty: setting(
    boundedNumber(0, 100),
    60,
    'points',
    'points of score that a pool loses right after a rebalance recommendation',
  ),
  on_all_rejected: setting(
    z.enum(['all', 'block']),
    'all',
    'answer',
    'when every candidate is rejected: all (fail open) or block (an empty answer: no scale-up on autoscaler 1.32 and later)',
  ),
  cooldown: setting(
    durationMs(),
    '10m',
    'duration',
    'how long a capacity class rests after a chosen group did not deliver',
  ),
  spot_failures: setting(
    wholeNumber(1, 1_000),
    3,
    'count',
    'after so many choices of Spot that did not deliver, pods are served on demand first, until they no longer wait',
  ),
  spot_wait: setting(
    durationMs(),
    '10m',
    'duration',
    'the same after waiting so long since the first of these choices',
  ),
  max_price_age: setting(durationMs(), '6h', 'duration', 'Spot prices older than this are stale'),
  stale_prices: setting(
    z.enum(['use-and-say', 'ignore']).optional(),
    undefined,
    'what',
    'stale Spot prices: use-and-say (default in TEST) or ignore (default in PROD: the advisor and on-demand prices decide)',
  ),
  log_level: setting(logLevel, 'info', 'level', 'debug, info, warn, error or silent', ['LOG_LEVEL']),
} as const;

/** Everything `spot-expander serve` can be told beside `node_groups`. */
export const serveSettings = {
  mode: setting(mode, 'TEST', 'mode', 'TEST (nothing outside is changed or watched) or PROD', ['ENV']),
  grpc_listen: setting(
    listenAddress.optional(),
    undefined,
    'host:port',
    'gRPC address; default 127.0.0.1:9443 in TEST, :9443 (every address, IPv4 and IPv6) in PROD',
  ),
  http_listen: setting(
    listenAddress.optional(),
    undefined,
    'host:port',
    'HTTP address; default 127.0.0.1:8000 in TEST, :8000 (every address) in PROD; API_PORT changes the port',
  ),
  probe_listen: setting(
    listenAddress.optional(),
    undefined,
    'host:port',
    'address of /healthz, /readyz and /metrics alone, with bounds of its own; default :9090 (every address) in PROD, none in TEST; the HTTP address answers them too',
  ),
  api_token_file: setting(
    filePath.optional(),
    undefined,
    'file',
    'file with the token that callers of our own API must send (Authorization: Bearer …; in a browser as the password); read again when it changes',
  ),
  api_hosts: setting(
    hostNames.optional(),
    undefined,
    'names',
    'names, separated by commas, that browsers reach the HTTP address by, beside addresses, localhost, names without a dot and names that end in .svc, .local or .internal',
  ),
  tls_cert: setting(
    filePath.optional(),
    undefined,
    'file',
    'server certificate chain, PEM; reloaded when it changes',
  ),
  tls_key: setting(filePath.optional(), undefined, 'file', 'private key of the certificate, PEM'),
  tls_client_ca: setting(
    filePath.optional(),
    undefined,
    'file',
    'root certificates that clients of our own API must present, over gRPC; the HTTP address then wants api_token_file; the autoscaler is never asked',
  ),
  state_dir: setting(
    folderToMake.optional(),
    undefined,
    'directory',
    'where a development certificate and journals are kept; default $XDG_STATE_HOME/spot-expander',
  ),
  autoscaler_callers: setting(
    callerNames.optional(),
    undefined,
    'names',
    'who is believed about capacity: addresses, networks (10.0.3.0/24) or a host name of --grpc-expander-url that only the autoscaler was told; without it every caller of BestOptions',
  ),
  answer_budget: setting(
    durationMs(5_000),
    '2s',
    'duration',
    'BestOptions answers within this time; the autoscaler gives up after 5s',
  ),
  max_message_size: setting(byteSize, '512Mi', 'size', 'larger requests are refused with RESOURCE_EXHAUSTED'),
  max_connection_age: setting(
    durationMs(),
    '30m',
    'duration',
    'connections are asked to renew after this time, so that replicas share the load',
  ),
  drain_grace: setting(durationMs(), '20s', 'duration', 'how long calls may finish after SIGTERM'),
  market: setting(
    z.enum(['static', 'ec2']).optional(),
    undefined,
    'source',
    'Spot prices from the static file (default in TEST) or from EC2 (default in PROD)',
  ),
  price_refresh: setting(durationMs(), '5m', 'duration', 'how often Spot prices are read from EC2'),
  model_refresh: setting(
    durationMs(undefined, 1_000),
    '30s',
    'duration',
    "how often it is looked whether the model's files have changed",
  ),
  auto_scaling_groups: setting(
    yesOrNo.optional(),
    undefined,
    'yes|no',
    "read the Auto Scaling groups' mixed-instances policies; default yes in PROD",
  ),
  capacity_manager: setting(
    yesOrNo.optional(),
    undefined,
    'yes|no',
    "read what EC2 Capacity Manager counted of the account's Spot hours and interruptions, where it is enabled; default yes where market is ec2",
  ),
  capacity_manager_region: setting(
    awsRegion.optional(),
    undefined,
    'region',
    'where EC2 Capacity Manager is enabled, if not in the region of the node groups',
  ),
  kubeconfig: setting(
    filePath.optional(),
    undefined,
    'file',
    "kubeconfig for the node watch; in a cluster the service account's own",
    ['K8S_CONFIG_PATH', 'KUBECONFIG'],
  ),
  capacity_record: setting(
    configMapName.optional(),
    undefined,
    'name',
    'ConfigMap in the own namespace by which replicas share what did not deliver, where nodes are watched; default spot-expander-capacity in PROD; none (default in TEST): each remembers for itself',
  ),
  record: setting(
    filePath.optional(),
    undefined,
    'directory',
    'store requests and answers here, for rank --replay',
  ),
  record_max_size: setting(byteSize, '1Gi', 'size', 'the oldest recordings are removed beyond this size'),
  ...decisionSettings,
} as const;

/** How `serve` is started: flags of one call beside its settings. */
export const serveStartSettings = {
  ...configFileSettings,
  prod: flag(yesOrNo, 'false', '', 'PROD mode: needs certificates and a cluster'),
  demo: flag(
    yesOrNo,
    'false',
    '',
    'first show how a recorded scale-up of a real cluster-autoscaler is answered',
  ),
} as const;
