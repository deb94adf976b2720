import { fleetView, type FleetNodes } from '../../decision/fleet-view.ts';
import type { FleetView } from '../../decision/knowledge.ts';
import { capacityTypeOf, groupNameOf, instanceTypeOf, zoneOf } from '../../decision/node-labels.ts';
import type { NodeView } from '../../drain/observed.ts';
import type { NodeFeed } from '../../ports/node-feed.ts';

type Kind = Omit<FleetNodes, 'vcpus' | 'nodes'>;

/**
 * How many nodes the cluster has of each type, zone, capacity type and group, counted as they come and go: a look at it costs the
 * same for ten nodes and ten thousand.
 */
export class FleetCounts {
  readonly #kindOf = new Map<string, string>();
  readonly #kinds = new Map<string, { readonly kind: Kind; nodes: number }>();
  readonly #vcpusOf: (instanceType: string) => number | undefined;
  /** By the id that the autoscaler gives a group, the name that its nodes carry. */
  readonly #names = new Map<string, string>();
  #isListed = false;
  #view: FleetView | undefined;

  constructor(vcpusOf: (instanceType: string) => number | undefined) {
    this.#vcpusOf = vcpusOf;
  }

  /** Where the fleet runs now; undefined until all nodes were listed once. */
  view(): FleetView | undefined {
    if (!this.#isListed) return undefined;
    if (this.#view !== undefined) return this.#view;
    const view = this.#counted();
    // A size that is not known yet may be so at the next look.
    this.#view = [...this.#kinds.values()].every(({ kind }) => this.#vcpusOf(kind.instanceType) !== undefined)
      ? view
      : undefined;
    return view;
  }

  /** What the template of a group tells of the name that its nodes carry. */
  learnGroup(nodeGroupId: string, labels: Readonly<Record<string, string>>): void {
    const name = groupNameOf(labels);
    if (name === undefined || this.#names.get(nodeGroupId) === name) return;
    this.#names.delete(nodeGroupId);
    this.#names.set(nodeGroupId, name);
    for (const oldest of this.#names.keys()) {
      if (this.#names.size <= mostGroups) break;
      this.#names.delete(oldest);
    }
  }

  /** The same feed, counted on its way. */
  counting(feed: NodeFeed): NodeFeed {
    return {
      lastHeardMs: feed.lastHeardMs,
      run: (listener, signal) =>
        feed.run(
          {
            listed: (nodes) => {
              this.#kindOf.clear();
              this.#kinds.clear();
              for (const node of nodes) this.#see(node);
              this.#isListed = true;
              this.#view = undefined;
              listener.listed(nodes);
            },
            changed: (node) => {
              this.#see(node);
              listener.changed(node);
            },
            gone: (node) => {
              this.#forget(node.uid);
              listener.gone(node);
            },
          },
          signal,
        ),
    };
  }

  #see({ uid, labels }: NodeView): void {
    const instanceType = instanceTypeOf(labels);
    const zone = zoneOf(labels);
    if (instanceType === undefined || zone === undefined) return;
    const nodeGroupId = groupNameOf(labels);
    const kind: Kind = { instanceType, zone, capacityType: capacityTypeOf(labels), nodeGroupId };
    const key = `${instanceType}@${zone}/${kind.capacityType}/${nodeGroupId ?? ''}`;
    if (this.#kindOf.get(uid) === key) return;
    this.#forget(uid);
    this.#kindOf.set(uid, key);
    const counted = this.#kinds.get(key) ?? { kind, nodes: 0 };
    counted.nodes += 1;
    this.#kinds.set(key, counted);
    this.#view = undefined;
  }

  #forget(uid: string): void {
    const key = this.#kindOf.get(uid);
    if (key === undefined) return;
    this.#kindOf.delete(uid);
    const counted = this.#kinds.get(key);
    if (counted === undefined) return;
    counted.nodes -= 1;
    if (counted.nodes === 0) this.#kinds.delete(key);
    this.#view = undefined;
  }

  #counted(): FleetView {
    const nodes = [...this.#kinds.values()].map(({ kind, nodes: count }) => ({
      ...kind,
      nodes: count,
      // A type of unknown size counts as a usual one rather than for nothing.
      vcpus: this.#vcpusOf(kind.instanceType) ?? usualVcpus,
    }));
    const counted = fleetView('nodes', nodes);
    return { ...counted, group: (id) => counted.group(this.#names.get(id) ?? id) };
  }
}

const usualVcpus = 4;
const mostGroups = 5_000;
