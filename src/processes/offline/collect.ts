import { setTimeout as wait } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { messageOf } from '../../errors/message-of.ts';
import { publicDocuments } from '../../adapters/advisor-feed/advisor-feed.ts';
import { ec2Clients } from '../../adapters/ec2/ec2-clients.ts';
import { marketEc2 } from '../../adapters/ec2/market-ec2.ts';
import { regionFactsEc2 } from '../../adapters/ec2/region-facts-ec2.ts';
import { parquetBytes } from '../../adapters/parquet/parquet-bytes.ts';
import { collectHistory } from '../../offline/collect/collect-history.ts';
import { collectRegion } from '../../offline/collect/collect-region.ts';
import { regionShare } from '../../config/region-share.ts';
import { durationMs } from '../../config/value-types.ts';
import { openStore } from './open-location.ts';
import type { CommandContext } from '../command-context.ts';

const advisorUrl = 'https://spot-bid-advisor.s3.amazonaws.com/spot-advisor-data.json';
const priceListUrl =
  'https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/{region}/index.csv';

interface CollectOptions {
  readonly region: readonly string[];
  readonly shard?: string;
  readonly types?: readonly string[];
  readonly out: string;
  readonly days: number;
  readonly every?: number;
  readonly history: boolean;
  readonly static: boolean;
  readonly advisorUrl: string;
  readonly priceListUrl: string;
  readonly ec2Endpoint?: string;
  readonly pause: number;
}

/** `spot-expander collect`: the region's facts and up to 90 days of prices, once or for ever. */
export function collectCommand(context: CommandContext): Command {
  return new Command('collect')
    .description('collect Spot Advisor, instance types, prices and up to 90 days of price history')
    .requiredOption('--region <regions>', 'regions, separated by commas', list)
    .option('--shard <i/n>', "the i-th of n shares of the regions, for an Indexed Job's pods")
    .option('--types <types>', 'instance types, separated by commas (default: all)', list)
    .requiredOption('--out <where>', 'a directory or s3://bucket/prefix')
    .option('--days <number>', 'days of price history; AWS keeps 90', days, 90)
    .option('--every <duration>', 'go on for ever, for example every 6h', duration)
    .option('--no-history', 'leave the price history out')
    .option('--no-static', 'leave everything but the price history out')
    .option('--advisor-url <url>', 'where the Spot Advisor document is', advisorUrl)
    .option('--price-list-url <url>', 'on-demand prices as CSV; {region} stands for the region', priceListUrl)
    .option('--ec2-endpoint <url>', 'a private endpoint of the EC2 API')
    .option('--pause <duration>', 'between two questions about history', duration, 250)
    .action(async (given: CollectOptions) => {
      const region = given.shard === undefined ? given.region : regionShare(given.shard, given.region);
      const options = { ...given, region };
      for (;;) {
        const problems = await collectOnce(options, context).catch((error: unknown) => {
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

async function collectOnce(options: CollectOptions, context: CommandContext): Promise<readonly string[]> {
  const { signal } = context;
  const progress = (sentence: string): void => context.writeError(`${sentence}\n`);
  const clients = ec2Clients(options.ec2Endpoint === undefined ? {} : { endpoint: options.ec2Endpoint });
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
            { ...order, advisorUrl: options.advisorUrl, priceListUrl: options.priceListUrl },
            { market, facts: regionFactsEc2(clients), documents: publicDocuments(), store, progress },
            signal,
          );
          for (const problem of found) fail(problem);
        }
        if (options.history)
          await collectHistory(
            { ...order, days: options.days, pauseMs: options.pause },
            { market, store, parquetBytes, progress },
            signal,
          );
      } catch (error) {
        signal.throwIfAborted();
        fail(`${region}: ${messageOf(error)}`);
      }
    }
  } finally {
    clients.close();
  }
  progress(`${options.out}: ${problems.length === 0 ? 'all is new' : `${problems.length} sources failed`}`);
  return problems;
}

function list(text: string): readonly string[] {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) throw new InvalidArgumentError('must name at least one.');
  return parts;
}

function days(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 90)) throw new InvalidArgumentError('must be a number from 1 to 90.');
  return value;
}

function duration(text: string): number {
  const parsed = durationMs().safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError('must be a duration such as 250ms, 5m or 6h.');
  return parsed.data;
}
