import { join } from 'node:path';
import { journalFile } from '../../adapters/files/journal-file.ts';
import type { ClusterApis } from '../../adapters/kubernetes/cluster-apis.ts';
import { nodeWatch, nodeWatchDefaults } from '../../adapters/kubernetes/node-watch.ts';
import type { AdvisorBand } from '../../decision/knowledge.ts';
import type { RestingClass } from '../../decision/capacity-rests.ts';
import { poolKey, type Pool } from '../../decision/pool.ts';
import { feedWithNewNodes } from '../../server/expander/new-nodes.ts';
import { AccountRecord, CombinedRecord } from '../../server/fleet/account-record.ts';
import { FleetCounts } from '../../server/fleet/fleet-counts.ts';
import { fleetHazardModel } from '../../server/fleet/fleet-hazard-model.ts';
import { PoolHazards } from '../../server/fleet/pool-hazard.ts';
import { FleetWatch } from '../../server/fleet/fleet-watch.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RiskModel } from '../../ports/risk-model.ts';
import type { Log } from '../../telemetry/log.ts';

export interface FleetOptions {
  readonly apis: ClusterApis;
  /** Where the journal is kept. */
  readonly stateDir: string;
  readonly advisorBand: (pool: Pool) => AdvisorBand | undefined;
  /** The name of a zone id that is known; anything else as it is. */
  readonly zoneName: (zone: string) => string;
  /** Undefined for a type of unknown size. */
  readonly vcpusOf: (instanceType: string) => number | undefined;
  readonly horizonHours: number;
  /** A node joined after the first listing. */
  readonly onNewNode: (pool: Pool, groupName: string | undefined) => void;
  readonly onNotice: (signal: 'TERMINATION' | 'REBALANCE') => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** @param onBeside told when the other model fails, and when it speaks again */
export type FleetHazardOf = (
  beside?: RiskModel,
  onBeside?: (failures: number, error?: unknown) => void,
) => RiskModel;

export interface Fleet {
  readonly watch: FleetWatch;
  /** What AWS counted in the account; whoever reads it there puts it in. */
  readonly account: AccountRecord;
  /** Where the cluster's nodes run. */
  readonly counts: FleetCounts;
  /** The fleet's own interruptions as a risk model, alone or combined with another. */
  readonly hazard: FleetHazardOf;
  /** Interruptions of one node of a pool an hour, for decisions. */
  readonly poolHazard: (pool: Pool) => number;
  /** A capacity class did not deliver. */
  readonly rests: (resting: Pick<RestingClass, 'pool' | 'of'>) => void;
  /** Resolves some time after the signal, with everything written. */
  readonly ended: Promise<void>;
}

/** Its sum, of as many pools and nodes as a record keeps, takes half of it. */
const journalBytes = 8 * 1024 * 1024;

/** Watches the cluster's nodes until the signal: hot pools and the fleet's own hazard. An API server that is away is waited for. */
export function startedFleet(options: FleetOptions): Fleet {
  const { apis, clock, log, signal } = options;
  const feed = nodeWatch(apis, {
    ...nodeWatchDefaults,
    nowMs: clock.monotonicMs,
    chance: Math.random,
    warn: log.warn.bind(log),
    info: log.info.bind(log),
  });
  const counts = new FleetCounts(options.vcpusOf);
  const watch = new FleetWatch({
    feed: feedWithNewNodes(counts.counting(feed), options.onNewNode),
    journal: journalFile(join(options.stateDir, 'fleet-journal.jsonl'), journalBytes),
    nowMs: clock.nowMs,
    hoursEveryMs: 60_000,
    onNotice: ({ signal: kind }) => options.onNotice(kind),
    info: log.info.bind(log),
    warn: log.warn.bind(log),
  });
  const ended = watch.run(signal);
  const account = new AccountRecord();
  const record = new CombinedRecord(watch.record, account, options.zoneName);
  const hazard: FleetHazardOf = (beside, onBeside) =>
    fleetHazardModel({
      record,
      advisorBand: options.advisorBand,
      horizonHours: options.horizonHours,
      ...(beside !== undefined && { beside }),
      ...(onBeside !== undefined && { onBeside }),
    });
  const hazards = new PoolHazards(record, options.advisorBand);
  return {
    watch,
    account,
    counts,
    hazard,
    poolHazard: (pool) => hazards.perHour(pool, clock.nowMs()),
    rests: ({ pool, of }) => {
      // The record is of Spot pools; a group of unknown capacity type may be anything, and one that rests alone has pools that deliver.
      if (of === 'class' && pool.capacityType === 'spot') watch.foundEmpty(poolKey(pool));
    },
    ended,
  };
}
