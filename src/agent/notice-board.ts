import { nextEpisodes, type Poll } from '../drain/episodes.ts';
import type { Notice } from '../drain/notice.ts';

const sources: Readonly<Record<Notice['kind'], keyof Poll>> = {
  'spot-interruption': 'spot',
  'group-termination': 'group',
  rebalance: 'rebalance',
  maintenance: 'maintenance',
};

/** The notices that stand, as polls and the node's annotations tell them. */
export class NoticeBoard {
  private notices: readonly Notice[] = [];
  private change = Promise.withResolvers<undefined>();
  private interruption = new AbortController();
  private readonly read = new Set<string>();

  get standing(): readonly Notice[] {
    return this.notices;
  }

  /** Resolves at the next difference that a plan could see. */
  changed(): Promise<undefined> {
    return this.change.promise;
  }

  /** Aborted when a notice begins: whatever runs for an older plan makes way. */
  get newNotice(): AbortSignal {
    return this.interruption.signal;
  }

  /** Whether the metadata service has been read well as to notices of this kind. */
  hasRead(kind: Notice['kind']): boolean {
    return this.read.has(sources[kind]);
  }

  fold(poll: Partial<Poll>, nowMs: number): { readonly began: readonly Notice[]; readonly stale: boolean } {
    const whole: Poll = {
      spot: 'unread',
      rebalance: 'unread',
      group: 'unread',
      maintenance: 'unread',
      ...poll,
    };
    for (const [source, reading] of Object.entries(whole)) if (reading !== 'unread') this.read.add(source);
    const next = nextEpisodes(this.notices, whole, nowMs);
    this.replace(next.notices, next.began.length > 0);
    return next;
  }

  /** What an agent before this one stood under; a notice that has been read meanwhile keeps its first sighting. */
  resume(resumed: readonly Notice[]): void {
    const known = this.notices.map((one) => resumed.find((old) => old.id === one.id) ?? one);
    const others = resumed.filter((old) => !known.some((one) => one.id === old.id || one.kind === old.kind));
    this.replace([...known, ...others], false);
  }

  private replace(notices: readonly Notice[], hasBegun: boolean): void {
    const isSame = JSON.stringify(notices) === JSON.stringify(this.notices);
    this.notices = notices;
    if (isSame) return;
    this.change.resolve(undefined);
    this.change = Promise.withResolvers();
    if (!hasBegun) return;
    this.interruption.abort(new Error('a new notice has come'));
    this.interruption = new AbortController();
  }
}
