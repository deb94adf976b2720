import { basename, dirname, extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { autoScalingGroups } from '../../adapters/autoscaling/auto-scaling-groups.ts';
import { capacityManagerEc2 } from '../../adapters/ec2/capacity-manager-ec2.ts';
import { ec2Clients, type Ec2Clients } from '../../adapters/ec2/ec2-clients.ts';
import { launchTemplatesEc2 } from '../../adapters/ec2/launch-templates-ec2.ts';
import { marketEc2 } from '../../adapters/ec2/market-ec2.ts';
import { regionFactsEc2 } from '../../adapters/ec2/region-facts-ec2.ts';
import { fileDocuments } from '../../adapters/files/file-documents.ts';
import { s3Documents } from '../../adapters/s3/s3-documents.ts';
import type { ServeConfig } from '../../config/serve-config.ts';
import { groupFactsOf } from '../../decision/group-rules.ts';
import type { Knowledge } from '../../decision/knowledge.ts';
import type { Pool } from '../../decision/pool.ts';
import type { AccountRecord } from '../../server/fleet/account-record.ts';
import { accountRefresh, type AccountRefresh } from '../../server/fleet/account-refresh.ts';
import { alwaysSafe, mockRisk } from '../../server/knowledge/fixed-risk-models.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { KnowledgeEvents, KnowledgeSource } from '../../server/knowledge/knowledge-events.ts';
import { startKnowledgeKeeper, type KnowledgeKeeper } from '../../server/knowledge/knowledge-keeper.ts';
import { cardPathOf, startModelKeeper, type ModelKeeper } from '../../server/knowledge/model-keeper.ts';
import { standInDocuments } from '../../server/knowledge/stand-in-documents.ts';
import { servingFeatures } from '../../server/knowledge/serving-features.ts';
import { featureNames } from '../../learning/feature-names.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Documents } from '../../ports/documents.ts';
import type { FleetHazardOf } from './fleet.ts';
import type { RiskModel } from '../../ports/risk-model.ts';
import { bundledModel, bundledStaticData } from '../bundled-files.ts';

/** A trial alone may take most of it on a busy machine. */
const modelTimeoutMs = 60_000;

export interface OpenKnowledgeOptions {
  readonly config: ServeConfig;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly events: KnowledgeEvents;
  /** Live signals and resting classes, where the process knows any. */
  readonly poolSignal?: Knowledge['signal'];
  readonly cooldown?: Knowledge['cooldown'];
  readonly groupCooldown?: Knowledge['groupCooldown'];
  readonly onDemandFirst?: () => string | undefined;
  /** Where the fleet runs, where the process knows. */
  readonly fleet?: () => Knowledge['fleet'];
  /** What the fleet met in each pool, where the process watches one. */
  readonly poolHazard?: (pool: Pool) => number | undefined;
  /** Whether what is bundled stands in while nothing was published yet where the configuration says: a process that goes on can wait for it. */
  readonly standIns?: boolean;
  /** Where what AWS counted in the account is put, where the process watches a fleet. */
  readonly accountRecord?: AccountRecord;
  /** The fleet's own hazard, where the process counts notices. */
  readonly fleetHazard?: FleetHazardOf;
}

export interface OpenedKnowledge {
  readonly keeper: KnowledgeKeeper;
  /** Undefined when the operator chose a model that needs no file. */
  readonly modelKeeper: ModelKeeper | undefined;
  /** A sentence for each thing that is bundled and stands in for what was never published. */
  readonly standingIn: () => readonly string[];
  /** Whether AWS tells of the account's own Spot hours and interruptions, and what to do where it does not. */
  readonly accountRecord: () => string | undefined;
  /** Resolves when the model and every source were tried once and the pools are scored, or after `timeoutMs`. */
  readonly ready: (timeoutMs: number) => Promise<void>;
}

/** Every source of knowledge that the configuration names, refreshed in the background until the signal. */
export function openKnowledge(options: OpenKnowledgeOptions): OpenedKnowledge {
  const { config, clock, signal, events } = options;
  const standIns: (() => string | undefined)[] = [];
  const standIn = (source: KnowledgeSource): StandInRule | undefined =>
    options.standIns === true
      ? {
          onStandIn: (sentence) => events.onRefresh?.({ source, outcome: 'failed', sentence, failures: 1 }),
          watch: (sentence) => standIns.push(sentence),
        }
      : undefined;
  const modelKeeper = trainedModel(options, standIn('model'));
  const asksAws = config.market === 'ec2' || config.auto_scaling_groups || config.capacity_manager;
  const cloud = asksAws ? ec2Clients() : undefined;
  const account = cloud === undefined ? undefined : accountRefreshOf(options, cloud);
  signal.addEventListener('abort', () => cloud?.close(), { once: true });
  const keeper = startKnowledgeKeeper({
    regions: [config.region],
    staticFile: publishedAt(
      config.static_data,
      bundledStaticData(config.region),
      standIn('static_intelligence'),
    ),
    ...(cloud !== undefined &&
      config.market === 'ec2' && { market: marketEc2(cloud), regionFacts: regionFactsEc2(cloud) }),
    ...(cloud !== undefined &&
      config.auto_scaling_groups && {
        groups: autoScalingGroups({ launchTemplates: launchTemplatesEc2(cloud) }),
      }),
    ...(account !== undefined && { accountRecord: account.run }),
    riskModel: chosenRiskModel(options, modelKeeper),
    configuredGroup: groupFactsOf(config.nodeGroups),
    ...(options.poolSignal !== undefined && { poolSignal: options.poolSignal }),
    ...(options.poolHazard !== undefined && { poolHazard: options.poolHazard }),
    ...(options.cooldown !== undefined && { cooldown: options.cooldown }),
    ...(options.groupCooldown !== undefined && { groupCooldown: options.groupCooldown }),
    ...(options.onDemandFirst !== undefined && { onDemandFirst: options.onDemandFirst }),
    ...(options.fleet !== undefined && { fleet: options.fleet }),
    horizonHours: () => modelKeeper?.status().card?.horizonHours,
    maxPriceAgeMs: config.max_price_age,
    stalePrices: config.stale_prices,
    times: { marketMs: config.price_refresh },
    events,
    clock,
    signal,
  });
  return {
    keeper,
    modelKeeper,
    accountRecord: () => account?.sentence(),
    standingIn: () => standIns.flatMap((sentence) => sentence() ?? []),
    ready: async (timeoutMs) => {
      const startedMs = clock.monotonicMs();
      // Scoring begins with the model: a keeper that is ready before it has scored nothing.
      await Promise.race([modelKeeper?.firstAttempt, delay(timeoutMs, undefined, { ref: false })]);
      await keeper.ready(Math.max(0, timeoutMs - (clock.monotonicMs() - startedMs)));
    },
  };
}

function accountRefreshOf(
  { config, accountRecord, clock, events }: OpenKnowledgeOptions,
  cloud: Ec2Clients,
): AccountRefresh | undefined {
  if (!config.capacity_manager || accountRecord === undefined) return undefined;
  return accountRefresh({
    manager: capacityManagerEc2(cloud),
    record: accountRecord,
    homeRegions: [config.capacity_manager_region ?? config.region],
    region: config.region,
    clock,
    onState: (sentence) =>
      events.onRefresh?.({ source: 'account_record', outcome: 'changed', sentence, failures: 0 }),
  });
}

/**
 * A file, or an object under `s3://bucket/prefix`; both are polled by version. While nothing was ever published there, what is
 * bundled stands in.
 */
function publishedAt(
  path: string | undefined,
  bundled: string,
  rule: StandInRule | undefined,
): { readonly store: Documents; readonly path: string } {
  const files = fileDocuments();
  if (path === undefined) return { store: files, path: bundled };
  const published = path.startsWith('s3://') ? s3Documents() : files;
  if (rule === undefined) return { store: published, path };
  const sentenceOf = (anchor: string): string =>
    `There is no ${anchor} yet; ${basename(bundled)}, which is bundled, stands in.`;
  // A model is published by its card, the last of its files.
  const anchor = extname(path) === '.onnx' ? cardPathOf(path) : path;
  const store = standInDocuments({
    published,
    anchor,
    bundled: files,
    standInOf: (document) => besideBundled(document, path, bundled),
    onStandIn: (missing) => rule.onStandIn(sentenceOf(missing)),
  });
  rule.watch(() => (store.isStandingIn() ? sentenceOf(anchor) : undefined));
  return { store, path };
}

/** A document beside the published one stands beside the bundled one under its own name, a card under its model's. */
function besideBundled(document: string, published: string, bundled: string): string {
  if (document === published) return bundled;
  if (document === cardPathOf(published)) return cardPathOf(bundled);
  return join(dirname(bundled), basename(document));
}

/** Who is told that what is bundled stands in: once when it begins, and whoever asks as long as it does. */
interface StandInRule {
  readonly onStandIn: (sentence: string) => void;
  readonly watch: (sentence: () => string | undefined) => void;
}

function trainedModel(
  options: OpenKnowledgeOptions,
  standIn: StandInRule | undefined,
): ModelKeeper | undefined {
  const { config, clock, signal, events } = options;
  if (!['auto', 'family-stress', 'fleet-hazard+family-stress'].includes(config.risk_model)) return undefined;
  return startModelKeeper({
    ...publishedAt(config.model, bundledModel, standIn),
    // Loaded with the first model: a process that needs none does not pay for onnxruntime.
    open: async (files, stop) =>
      (await import('../../adapters/onnx/onnx-model.ts')).openOnnxModel(files, stop),
    features: servingFeatures,
    knownFeatures: featureNames,
    pollMs: config.model_refresh,
    timeoutMs: modelTimeoutMs,
    events,
    clock,
    signal,
  });
}

/** The model in use now, by the operator's choice; undefined where it cannot be had and the bands take its place. */
function chosenRiskModel(
  { config, fleetHazard, events }: OpenKnowledgeOptions,
  modelKeeper: ModelKeeper | undefined,
): () => RiskModel | undefined {
  switch (config.risk_model) {
    case 'always-safe':
      return () => alwaysSafe;
    case 'mock':
      return () => mockRisk;
    case 'fleet-hazard': {
      const hazard = fleetHazard?.();
      return () => hazard;
    }
    case 'fleet-hazard+family-stress': {
      const hazard = fleetHazard?.(latestOf(modelKeeper), (failures, error) =>
        events.onRefresh?.({
          source: 'risk_table',
          outcome: failures === 0 ? 'recovered' : 'failed',
          sentence:
            failures === 0
              ? "The trained model scores again beside the fleet's own interruptions."
              : `The trained model does not score, the fleet's own interruptions stand alone: ${messageOf(error)}`,
          failures,
        }),
      );
      return () => hazard ?? modelKeeper?.current();
    }
    case 'family-stress':
      return () => modelKeeper?.current();
    case 'auto':
      // In PROD an answer without a model says so: it rests on the Spot Advisor's bands, not on a mock that knows nothing.
      return () => modelKeeper?.current() ?? (config.mode === 'PROD' ? undefined : mockRisk);
  }
}

/** The trained model, whichever is in use when it is asked; says nothing while there is none. */
function latestOf(modelKeeper: ModelKeeper | undefined): RiskModel {
  let latest: RiskModel | undefined;
  let replaced = 0;
  return {
    name: 'family-stress',
    description: 'the trained model in use',
    evidenceVersion: () => {
      const current = modelKeeper?.current();
      if (current !== latest) replaced += 1;
      latest = current;
      return replaced;
    },
    assess: (inputs, signal) => modelKeeper?.current()?.assess(inputs, signal) ?? Promise.resolve(new Map()),
  };
}
