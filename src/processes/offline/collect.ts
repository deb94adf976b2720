import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { messageOf } from '../../errors/message-of.ts';
import { SourceUnavailable } from '../../errors/source-unavailable.ts';
import { publicDocuments } from '../../adapters/advisor-feed/advisor-feed.ts';
import { capacityManagerEc2 } from '../../adapters/ec2/capacity-manager-ec2.ts';
import { ec2Clients, type Ec2Clients } from '../../adapters/ec2/ec2-clients.ts';
import { marketEc2 } from '../../adapters/ec2/market-ec2.ts';
import { regionFactsEc2 } from '../../adapters/ec2/region-facts-ec2.ts';
import { parquetBytes } from '../../adapters/parquet/parquet-bytes.ts';
import { collectCapacity } from '../../offline/collect/collect-capacity.ts';
import { collectHistory } from '../../offline/collect/collect-history.ts';
import { collectRegion } from '../../offline/collect/collect-region.ts';
import { regionShare } from '../../config/region-share.ts';
import { flag, setting, type SettingValues } from '../../config/setting.ts';
import type { OpenedCapacity } from '../../ports/capacity-manager.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import {
  awsRegion,
  awsRegionList,
  boundedNumber,
  durationMs,
  filePath,
  names,
  yesOrNo,
} from '../../config/value-types.ts';
import type { CommandContext } from '../command-context.ts';
import { progressOf, type Progress } from '../progress.ts';
import { readSettings, withSettings } from '../settings-command.ts';
import { shardSetting } from './learning-settings.ts';
import { openStore } from './open-location.ts';
import { publishingPlace } from './publishing-place.ts';

const advisorUrl = 'https://spot-bid-advisor.s3.amazonaws.com/spot-advisor-data.json';

const collectSettings = {
  scope: 'COLLECT',
  table: {
    region: setting(awsRegionList, undefined, 'regions', 'whose prices and facts are collected'),
    shard: shardSetting("the i-th of n shares of the regions, for an Indexed Job's pods"),
    types: setting(names.optional(), undefined, 'types', 'instance types; default all'),
    out: setting(filePath, undefined, 'place', 'a directory or s3://bucket/prefix'),
    days: setting(boundedNumber(1, 90), 90, 'days', 'of price history; AWS keeps 90'),
    every: setting(durationMs().optional(), undefined, 'duration', 'go on for ever, so often'),
    history: setting(yesOrNo, 'true', 'yes|no', 'collect the price history'),
    static: setting(yesOrNo, 'true', 'yes|no', 'collect zones, types, bands and prices of the day'),
    capacity: setting(
      yesOrNo,
      'true',
      'yes|no',
      "collect the account's Spot hours and interruptions from EC2 Capacity Manager, where it is enabled",
    ),
    capacity_manager_region: setting(
      awsRegion.optional(),
      undefined,
      'region',
      'where EC2 Capacity Manager is enabled: one region tells of all; default the first of the regions where it is',
    ),
    enable_capacity_manager: flag(
      yesOrNo,
      'false',
      '',
      'enable EC2 Capacity Manager in that region, or in the first of the regions; it costs nothing',
    ),
    organization: flag(yesOrNo, 'false', '', 'enable it for every account of the AWS organization'),
    advisor_url: setting(z.string(), advisorUrl, 'url', 'where the Spot Advisor document is'),
    price_list_url: setting(
      z.string().optional(),
      undefined,
      'url',
      "on-demand prices as CSV; {region} stands for the region; default AWS's own list, for China at its own host",
    ),
    ec2_endpoint: setting(z.string().optional(), undefined, 'url', 'a private endpoint of the EC2 API'),
    pause: setting(durationMs(), '250ms', 'duration', 'between two questions about history'),
  },
} as const;

type CollectOptions = SettingValues<typeof collectSettings.table>;

/** `spot-expander collect`: the region's facts and up to 90 days of prices, once or for ever. */
export function collectCommand(context: CommandContext): Command {
  return withSettings(
    new Command('collect'),
    collectSettings,
    '0 all is new, 1 something could not be collected (each is named), 2 used wrongly',
  )
    .description('collect Spot Advisor, instance types, prices and up to 90 days of price history')
    .action(async (flags: Readonly<Record<string, unknown>>) => {
      const settings = readSettings(collectSettings, flags, context);
      const region =
        settings.shard === undefined ? settings.region : regionShare(settings.shard, settings.region);
      const options = { ...settings, region, out: publishingPlace(settings.out) };
      const reported = new Set<string>();
      for (;;) {
        const problems = await collectOnce(options, reported, context).catch((error: unknown) => {
          if (context.signal.aborted || options.every === undefined) throw error;
          return [messageOf(error)];
        });
        if (options.every === undefined) {
          if (problems.length > 0) context.setExitCode(1);
          return;
        }
        context.writeError(`next in ${Math.round(options.every / 1000)} s\n`);
        await wait(options.every, undefined, { signal: context.signal }).catch(() => undefined);
        if (context.signal.aborted) return;
      }
    });
}

/** @param reported sentences of earlier rounds, which are not repeated */
async function collectOnce(
  options: CollectOptions,
  reported: Set<string>,
  context: CommandContext,
): Promise<readonly string[]> {
  const { signal } = context;
  const bar = progressOf(context);
  const progress = bar.say;
  const clients = ec2Clients(options.ec2_endpoint === undefined ? {} : { endpoint: options.ec2_endpoint });
  const store = await openStore(options.out);
  const market = marketEc2(clients);
  const problems: string[] = [];
  const fail = (sentence: string): void => {
    problems.push(sentence);
    progress(sentence);
  };
  try {
    for (const region of options.region) {
      const order = { region, instanceTypes: options.types, nowMs: Date.now() };
      try {
        if (options.static) {
          const found = await collectRegion(
            { ...order, advisorUrl: options.advisor_url, priceListUrl: options.price_list_url },
            {
              market,
              facts: regionFactsEc2(clients),
              documents: publicDocuments(),
              store,
              progress,
              onStep: (done, all) => bar.at(`${region}: facts`, done, all),
            },
            signal,
          );
          for (const problem of found) fail(problem);
        }
        if (options.history)
          await collectHistory(
            { ...order, days: options.days, pauseMs: options.pause },
            {
              market,
              store,
              parquetBytes,
              progress,
              onStep: (done, all) => bar.at(`${region}: price history`, done, all),
            },
            signal,
          );
      } catch (error) {
        signal.throwIfAborted();
        const isUnsigned = error instanceof SourceUnavailable && error.reason === 'no-credentials';
        // Said of the facts already, and it holds of everything that is asked of AWS.
        if (isUnsigned && problems.some((problem) => problem.endsWith(error.message)))
          fail(`${region}: no price history, without credentials`);
        else fail(`${region}: ${messageOf(error)}`);
      }
    }
    if (options.capacity) await collectRecords(options, { clients, store, bar, reported, fail }, context);
  } finally {
    bar.end();
    clients.close();
  }
  progress(`${options.out}: ${problems.length === 0 ? 'all is new' : `${problems.length} sources failed`}`);
  return problems;
}

interface RecordParts {
  readonly clients: Ec2Clients;
  readonly store: ObjectStore;
  readonly bar: Progress;
  readonly reported: Set<string>;
  readonly fail: (sentence: string) => void;
}

/** The account's own hours and interruptions. That there are none to be had is said, and is no failure unless it was asked for. */
async function collectRecords(
  options: CollectOptions,
  { clients, store, bar, reported, fail }: RecordParts,
  { signal }: CommandContext,
): Promise<void> {
  const manager = capacityManagerEc2(clients);
  const sayOnce = (sentence: string): void => {
    if (!reported.has(sentence)) bar.say(sentence);
    reported.add(sentence);
  };
  let opened: OpenedCapacity;
  try {
    const { capacity_manager_region: home, enable_capacity_manager: enable, organization } = options;
    const homeRegions = home === undefined ? options.region : [home];
    opened = await manager.open({ homeRegions, enable, organization }, signal);
  } catch (error) {
    signal.throwIfAborted();
    fail(`EC2 Capacity Manager: ${messageOf(error)}`);
    return;
  }
  if (opened.kind === 'not-allowed' && options.enable_capacity_manager) fail(opened.sentence);
  else if (opened.kind !== 'open') sayOnce(opened.sentence);
  if (opened.kind !== 'open') return;
  for (const region of options.region)
    try {
      const { silentHours, withoutFulfillment } = await collectCapacity(
        {
          ...opened,
          region,
          byAccount: opened.organization,
          nowMs: Date.now(),
          pauseMs: options.pause,
        },
        {
          manager,
          store,
          progress: bar.say,
          onStep: (done, all) => bar.at(`${region}: hours and interruptions`, done, all),
        },
        signal,
      );
      if (silentHours > 0)
        sayOnce(
          `${region}: EC2 Capacity Manager says nothing any more of ${silentHours} hours that it told of before; they stay as they were.`,
        );
      if (withoutFulfillment !== undefined)
        sayOnce(`${region}: without what was asked of Spot and came: ${withoutFulfillment}`);
    } catch (error) {
      signal.throwIfAborted();
      fail(`${region}: no hours and interruptions: ${messageOf(error)}`);
    }
}
