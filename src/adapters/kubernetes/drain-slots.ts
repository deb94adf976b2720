import { drainSlotLabel } from '../../drain/marks.ts';
import type { DrainSlots } from '../../ports/node-cluster.ts';
import type { Kept } from './json-skimmer.ts';
import { refused, type KubeClient } from './kube-client.ts';
import { fieldsOf, textOf } from './kube-objects.ts';
import { firstPageSize, skimmedList } from './skimmed-list.ts';

export interface DrainSlotOptions {
  readonly namespace: string;
  /** This node. */
  readonly holder: string;
  readonly zone: string;
  /** Drains at once in the whole cluster, and in one zone. */
  readonly total: number;
  readonly perZone: number;
  /** A place that has not been seen to change for this long is free again, whatever is written in it. */
  readonly leaseSeconds: number;
  /** A clock that does not jump: silence is measured by it. It is written into the Leases for people to read. */
  readonly nowMs: () => number;
}

interface SlotLease {
  readonly name: string;
  readonly resourceVersion: string;
  readonly holder: string;
}

/** Since when a place is seen as it is. */
interface Sighting {
  readonly resourceVersion: string;
  readonly sinceMs: number;
}

/** A renewal takes a moment to be made and to be seen. */
const slackMs = 5_000;

const leaseParts: Kept = {
  fields: {
    metadata: { fields: { name: 'scalar', resourceVersion: 'scalar' } },
    spec: { fields: { holderIdentity: 'scalar' } },
  },
};

/**
 * One Lease per place: `…-total-N` and `…-ZONE-N`. A drain holds one of each; the API server settles who was first. Whether
 * another holder lives is judged by changes that are seen here, never by the times that it writes: its clock may be anything,
 * and whoever may write a Lease can claim a place for a century.
 */
export function drainSlots(client: KubeClient, options: DrainSlotOptions): DrainSlots {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(options.namespace)}/leases`;
  const sightings = new Map<string, Sighting>();
  /** The places that are ours as we wrote them last. */
  const held = new Map<string, SlotLease & { readonly scope: string }>();
  /** Whether `held` is all that we hold: not before the first answer, and not after a write whose answer is unknown. */
  let isSure = false;
  const zone = options.zone === '' ? 'unknown' : options.zone.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  const scopes = [
    { scope: `zone-${zone}`, places: options.perZone },
    { scope: 'total', places: options.total },
  ].map(({ scope, places }) => ({
    scope,
    names: Array.from({ length: places }, (_, index) => `spot-expander-drain-${scope}-${index}`),
  }));
  const ours = new Set(scopes.flatMap(({ names }) => names));

  async function leases(signal: AbortSignal): Promise<readonly SlotLease[]> {
    // Whatever else carries the label is passed over.
    const read = (lease: unknown) => {
      const one = slotLease(lease);
      return ours.has(one.name) ? one : undefined;
    };
    const labelled = `${path}?labelSelector=${encodeURIComponent(drainSlotLabel)}`;
    const found = await skimmedList(client, labelled, leaseParts, read, { size: firstPageSize() }, signal);
    const nowMs = options.nowMs();
    for (const { name, resourceVersion } of found)
      if (sightings.get(name)?.resourceVersion !== resourceVersion)
        sightings.set(name, { resourceVersion, sinceMs: nowMs });
    return found;
  }

  /** True when the write was ours; false when somebody else was first. */
  async function renewSlot(
    name: string,
    scope: string,
    known: SlotLease | undefined,
    holder: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name,
        labels: { [drainSlotLabel]: scope },
        ...(known && { resourceVersion: known.resourceVersion }),
      },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: options.leaseSeconds,
        renewTime: microTime(options.nowMs()),
      },
    };
    const answer = await client.call(
      known === undefined ? { method: 'POST', path, body } : { method: 'PUT', path: `${path}/${name}`, body },
      signal,
    );
    held.delete(name);
    if (answer.status === 409) return false;
    if (answer.status >= 300) throw refused(`a drain place in ${options.namespace}`, answer);
    const { resourceVersion } = slotLease(answer.body);
    if (holder === options.holder && resourceVersion !== '')
      held.set(name, { name, resourceVersion, holder, scope });
    return true;
  }

  async function acquireSlot(
    scope: string,
    names: readonly string[],
    all: readonly SlotLease[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const byName = new Map(all.map((lease) => [lease.name, lease]));
    const mine = names.find((name) => byName.get(name)?.holder === options.holder);
    if (mine !== undefined && (await renewSlot(mine, scope, byName.get(mine), options.holder, signal)))
      return true;
    const free = names.filter((name) => isFree(byName.get(name)));
    // Agents that start at different places seldom meet at the same one.
    const offset = free.length === 0 ? 0 : spread(options.holder) % free.length;
    for (const name of [...free.slice(offset), ...free.slice(0, offset)].slice(0, 4))
      if (await renewSlot(name, scope, byName.get(name), options.holder, signal)) return true;
    return false;
  }

  function isFree(lease: SlotLease | undefined): boolean {
    if (lease === undefined || lease.holder === '') return true;
    const sinceMs = sightings.get(lease.name)?.sinceMs ?? Infinity;
    return options.nowMs() - sinceMs > options.leaseSeconds * 1_000 + slackMs;
  }

  /** Writes the places that are known to be ours, without looking at them first. @returns whether all were still as we left them. */
  async function rewritten(holder: string, signal: AbortSignal): Promise<boolean> {
    let isAll = true;
    for (const one of [...held.values()])
      if (!(await renewSlot(one.name, one.scope, one, holder, signal))) isAll = false;
    return isAll;
  }

  async function released(signal: AbortSignal): Promise<void> {
    if (isSure) {
      isSure = false;
      if (await rewritten('', signal)) {
        isSure = true;
        return;
      }
    }
    for (const lease of await leases(signal))
      if (lease.holder === options.holder)
        await renewSlot(
          lease.name,
          lease.name.includes('-total-') ? 'total' : `zone-${zone}`,
          lease,
          '',
          signal,
        );
  }

  return {
    async acquire(signal) {
      const isRenewal = isSure && held.size === scopes.length;
      isSure = false;
      if (isRenewal && (await rewritten(options.holder, signal))) return (isSure = true);
      const all = await leases(signal);
      for (const { scope, names } of scopes)
        if (!(await acquireSlot(scope, names, all, signal))) {
          isSure = true;
          // Half a place helps nobody and keeps others waiting.
          if (held.size > 0) await released(signal);
          return false;
        }
      return (isSure = true);
    },
    release: released,
  };
}

function slotLease(object: unknown): SlotLease {
  const { metadata, spec } = fieldsOf(object);
  const meta = fieldsOf(metadata);
  return {
    name: textOf(meta['name']),
    resourceVersion: textOf(meta['resourceVersion']),
    holder: textOf(fieldsOf(spec)['holderIdentity']),
  };
}

/** A Lease takes exactly six digits of a second's fraction. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

function spread(text: string): number {
  return Buffer.from(text).reduce((hash, byte) => (hash * 31 + byte) >>> 0, 7);
}
