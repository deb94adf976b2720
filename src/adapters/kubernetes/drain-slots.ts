import { drainSlotLabel } from '../../drain/marks.ts';
import type { DrainSlots } from '../../ports/node-cluster.ts';
import { refused, type KubeClient } from './kube-client.ts';
import { fieldsOf, listOf, textOf, timeOf } from './kube-objects.ts';

export interface DrainSlotOptions {
  readonly namespace: string;
  /** This node. */
  readonly holder: string;
  readonly zone: string;
  /** Drains at once in the whole cluster, and in one zone. */
  readonly total: number;
  readonly perZone: number;
  /** A place whose holder has not renewed it for this long is free again. */
  readonly leaseSeconds: number;
  readonly nowMs: () => number;
}

interface SlotLease {
  readonly name: string;
  readonly resourceVersion: string;
  readonly holder: string;
  readonly expiresAtMs: number;
}

/** Clocks of nodes differ a little: another's place is taken only when it is well past its end. */
const clockSlackMs = 5_000;

/** One Lease per place: `…-total-N` and `…-ZONE-N`. A drain holds one of each; the API server settles who was first. */
export function drainSlots(client: KubeClient, options: DrainSlotOptions): DrainSlots {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(options.namespace)}/leases`;
  const zone = options.zone === '' ? 'unknown' : options.zone.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  const scopes = [
    { scope: `zone-${zone}`, places: options.perZone },
    { scope: 'total', places: options.total },
  ];

  async function leases(signal: AbortSignal): Promise<readonly SlotLease[]> {
    const answer = await client.call(
      { method: 'GET', path: `${path}?labelSelector=${encodeURIComponent(drainSlotLabel)}` },
      signal,
    );
    if (answer.status !== 200) throw refused(`GET ${path}`, answer);
    return listOf(fieldsOf(answer.body)['items']).map(slotLease);
  }

  /** True when the write was ours; false when somebody else was first. */
  async function held(
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
    if (answer.status === 409) return false;
    if (answer.status >= 300) throw refused(`a drain place in ${options.namespace}`, answer);
    return true;
  }

  async function taken(
    scope: string,
    places: number,
    all: readonly SlotLease[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const names = Array.from({ length: places }, (_, index) => `spot-expander-drain-${scope}-${index}`);
    const byName = new Map(all.map((lease) => [lease.name, lease]));
    const mine = names.find((name) => byName.get(name)?.holder === options.holder);
    if (mine !== undefined && (await held(mine, scope, byName.get(mine), options.holder, signal)))
      return true;
    const free = names.filter((name) => isFree(byName.get(name)));
    // Agents that start at different places seldom meet at the same one.
    const offset = free.length === 0 ? 0 : spread(options.holder) % free.length;
    for (const name of [...free.slice(offset), ...free.slice(0, offset)].slice(0, 4))
      if (await held(name, scope, byName.get(name), options.holder, signal)) return true;
    return false;
  }

  function isFree(lease: SlotLease | undefined): boolean {
    return lease === undefined || lease.holder === '' || lease.expiresAtMs + clockSlackMs < options.nowMs();
  }

  async function released(signal: AbortSignal): Promise<void> {
    for (const lease of await leases(signal))
      if (lease.holder === options.holder)
        await held(lease.name, lease.name.includes('-total-') ? 'total' : `zone-${zone}`, lease, '', signal);
  }

  return {
    async acquire(signal) {
      const all = await leases(signal);
      for (const { scope, places } of scopes)
        if (!(await taken(scope, places, all, signal))) {
          // Half a place helps nobody and keeps others waiting.
          if (scope === 'total') await released(signal);
          return false;
        }
      return true;
    },
    release: released,
  };
}

function slotLease(object: unknown): SlotLease {
  const { metadata, spec } = fieldsOf(object);
  const meta = fieldsOf(metadata);
  const lease = fieldsOf(spec);
  const duration = lease['leaseDurationSeconds'];
  return {
    name: textOf(meta['name']),
    resourceVersion: textOf(meta['resourceVersion']),
    holder: textOf(lease['holderIdentity']),
    expiresAtMs: (timeOf(lease['renewTime']) ?? 0) + (typeof duration === 'number' ? duration : 0) * 1_000,
  };
}

/** A Lease takes exactly six digits of a second's fraction. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

function spread(text: string): number {
  return Buffer.from(text).reduce((hash, byte) => (hash * 31 + byte) >>> 0, 7);
}
