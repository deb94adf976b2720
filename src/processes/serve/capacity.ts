import { hostname } from 'node:os';
import { fileDocuments } from '../../adapters/files/file-documents.ts';
import { directoryObjects } from '../../adapters/files/directory-objects.ts';
import type { ClusterApis } from '../../adapters/kubernetes/cluster-apis.ts';
import { sharedConfigMap } from '../../adapters/kubernetes/shared-config-map.ts';
import type { ServeConfig } from '../../config/serve-config.ts';
import type { Policy } from '../../decision/policy.ts';
import type { RecordChange } from '../../formats/capacity-record.ts';
import type { Clock } from '../../ports/clock.ts';
import { BalancedGroups } from '../../server/expander/balanced-groups.ts';
import {
  capacityKeeper,
  type CapacityKeeper,
  type CapacityKeeperOptions,
  type OwnCapacityEvent,
} from '../../server/expander/capacity-keeper.ts';
import { KeptCapacity } from '../../server/expander/kept-capacity.ts';
import { SharedCapacity } from '../../server/expander/shared-capacity.ts';
import type { ServeTelemetry } from '../../server/telemetry/serve-telemetry.ts';
import type { Log } from '../../telemetry/log.ts';

export interface CapacityOptions extends Pick<CapacityKeeperOptions, 'onRest' | 'isAtMaximum'> {
  readonly config: Pick<ServeConfig, 'state_dir' | 'capacity_record'>;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly telemetry: ServeTelemetry;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Undefined: no cluster is looked at, and nothing is shared. */
  readonly apis: ClusterApis | undefined;
}

export interface Capacity extends CapacityKeeper {
  /** Resolves some time after the signal, with everything written. */
  readonly ended: () => Promise<void>;
}

/** A file of 64 KiB at most is written; a larger one is somebody else's. */
const mostFileBytes = 1024 * 1024;

/** Capacity memory that survives a restart by the state directory, and that replicas share by a record in the cluster. */
export async function startedCapacity(options: CapacityOptions): Promise<Capacity> {
  const { config, policy, clock, telemetry, log, signal, apis } = options;
  const kept = new KeptCapacity({
    store: directoryObjects(config.state_dir),
    documents: fileDocuments({ maxBytes: mostFileBytes }),
    nowMs: clock.nowMs,
    warn: log.warn.bind(log),
    info: log.info.bind(log),
  });
  const restored = await kept.read(signal);
  let shared: SharedCapacity | undefined;
  const changed = (change: RecordChange): void => {
    kept.write(keeper.entries());
    shared?.tell(change);
  };
  const keeper = capacityKeeper({
    ...{ policy, clock, onRest: options.onRest },
    ...(options.isAtMaximum !== undefined && { isAtMaximum: options.isAtMaximum }),
    by: hostname(),
    onChange: changed,
    onFault: telemetry.listenerFailed,
  });
  keeper.hear(restored, []);
  let running = Promise.resolve();
  if (apis !== undefined && config.capacity_record !== 'none') {
    shared = new SharedCapacity({
      document: sharedConfigMap(apis, {
        namespace: apis.namespace,
        name: config.capacity_record,
        key: 'capacity.json',
      }),
      restored,
      hear: (begun, ended) => {
        keeper.hear(begun, ended);
        kept.write(keeper.entries());
      },
      nowMs: clock.nowMs,
      chance: Math.random,
      onSync: telemetry.capacitySynced,
    });
    running = shared.run(signal);
  }
  const balanced = new BalancedGroups();
  return {
    ...keeper,
    tell: (event) => {
      keeper.tell(event);
      noteBalance(balanced, event, clock.monotonicMs(), telemetry);
    },
    ended: async () => {
      await running;
      await kept.settled();
    },
  };
}

function noteBalance(
  balanced: BalancedGroups,
  event: OwnCapacityEvent,
  atMs: number,
  telemetry: ServeTelemetry,
): void {
  if (event.kind === 'answered') balanced.answered(event.request, event.decision, atMs);
  if (event.kind !== 'node-appeared' || event.groupName === undefined) return;
  const told = balanced.appeared(event.groupName, atMs);
  if (told !== undefined) telemetry.passedOverGrew(event.groupName, told === 'balanced');
}
