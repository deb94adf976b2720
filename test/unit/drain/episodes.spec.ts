import { expect } from 'chai';
import fc from 'fast-check';
import { nextEpisodes, type Poll } from '../../../src/drain/episodes.ts';
import type { Notice } from '../../../src/drain/notice.ts';
import { labelSelector, selects } from '../../../src/drain/label-selector.ts';
import { signalMark, signalAnnotation, signalText } from '../../../src/drain/marks.ts';
import { rebalanceAt, start, terminateAt } from './simulated-node.ts';

const quiet: Poll = { spot: 'none', rebalance: 'none', group: 'none', maintenance: [] };

/** Folds polls two seconds apart; the ids that began, in order. */
function begun(polls: readonly Partial<Poll>[], first: readonly Notice[] = []): string[] {
  let notices = first;
  return polls.flatMap((poll, index) => {
    const next = nextEpisodes(notices, { ...quiet, ...poll }, start + index * 2_000);
    notices = next.notices;
    return next.began.map((one) => one.kind);
  });
}

const itn = { action: 'terminate', atMs: start + 120_000 } as const;

describe('episodes', () => {
  it('one notice is one event however often it is read', () => {
    expect(begun([{ spot: itn }, { spot: itn }, { spot: itn }])).to.deep.equal(['spot-interruption']);
  });

  it('a time that moves on with every request is one event and cannot put the deadline off', () => {
    let notices: readonly Notice[] = [];
    let count = 0;
    for (let poll = 0; poll < 50; poll += 1) {
      const nowMs = start + poll * 2_000;
      const next = nextEpisodes(
        notices,
        { ...quiet, spot: { ...itn, atMs: nowMs + 120_000 }, rebalance: { noticeTimeMs: nowMs } },
        nowMs,
      );
      notices = next.notices;
      count += next.began.length;
    }
    expect(count).to.equal(2);
    expect(notices).to.deep.include({ ...terminateAt(start + 120_000), seenAtMs: start });
  });

  it('a time already past at first sight is stale', () => {
    const next = nextEpisodes([], { ...quiet, spot: { ...itn, atMs: start - 1 } }, start);
    expect(next.stale).to.equal(true);
    expect(next.notices).to.deep.equal([]);
  });

  it('hibernation begins at once, so its time may be just past', () => {
    const next = nextEpisodes([], { ...quiet, spot: { action: 'hibernate', atMs: start - 1_000 } }, start);
    expect(next.began).to.have.length(1);
  });

  it('an unread source says nothing about its notice', () => {
    expect(
      begun([
        { rebalance: { noticeTimeMs: start } },
        { rebalance: 'unread' },
        { rebalance: { noticeTimeMs: start } },
      ]),
    ).to.have.length(1);
  });

  it('a rebalance that vanishes and comes back with another time is another event', () => {
    const polls = [{ rebalance: { noticeTimeMs: start } }, {}, { rebalance: { noticeTimeMs: start + 9 } }];
    expect(begun(polls)).to.have.length(2);
  });

  it('a new interruption notice after an old one has run out is another event, even with no silence between', () => {
    const old = terminateAt(start - 600_000, start - 720_000);
    expect(begun([{ spot: itn }], [old])).to.deep.equal(['spot-interruption']);
  });

  const runOut = terminateAt(start - 4_000, start - 124_000);
  const soonAfter = { action: 'terminate', atMs: start + 5_000 } as const;

  it('a notice that follows within seconds of one that has run out and fallen silent is another event', () => {
    expect(begun([{}, { spot: soonAfter }], [runOut])).to.deep.equal(['spot-interruption']);
  });

  it('a notice that changes its action after it has run out is another event, with no silence seen between', () => {
    expect(begun([{ spot: { ...soonAfter, action: 'stop' } }], [runOut])).to.deep.equal([
      'spot-interruption',
    ]);
  });

  it('a time that is put off by seconds as it runs out is still the same event', () => {
    expect(begun([{ spot: soonAfter }], [runOut])).to.deep.equal([]);
  });

  it('a notice that falls silent and returns before its time is the same event and keeps its deadline', () => {
    const first = nextEpisodes([], { ...quiet, spot: itn }, start);
    const silent = nextEpisodes(first.notices, quiet, start + 2_000);
    const back = nextEpisodes(
      silent.notices,
      { ...quiet, spot: { ...itn, atMs: itn.atMs + 30_000 } },
      start + 4_000,
    );
    expect(back.began).to.deep.equal([]);
    expect(back.notices).to.deep.equal(first.notices);
  });

  it('a group termination is one event while it stands and holds the time it was first seen', () => {
    let notices: readonly Notice[] = [];
    for (let poll = 0; poll < 5; poll += 1)
      notices = nextEpisodes(notices, { ...quiet, group: 'terminated' }, start + poll * 2_000).notices;
    expect(notices.map((one) => [one.kind, one.seenAtMs])).to.deep.equal([['group-termination', start]]);
  });

  it('a maintenance event that is no longer listed has ended', () => {
    const event = {
      eventId: 'e-1',
      code: 'instance-stop',
      notBeforeMs: start + 1,
      notAfterMs: undefined,
    } as const;
    const first = nextEpisodes([], { ...quiet, maintenance: [event] }, start);
    expect(first.began).to.have.length(1);
    expect(nextEpisodes(first.notices, quiet, start + 2_000).notices).to.deep.equal([]);
    expect(nextEpisodes(first.notices, { ...quiet, maintenance: 'unread' }, start).notices).to.have.length(1);
  });
});

describe('the signal annotation', () => {
  it('carries every notice there and back', () => {
    const anyNotice: fc.Arbitrary<Notice> = fc.oneof(
      fc.constantFrom(rebalanceAt(), terminateAt(start + 5_000)),
      fc.constantFrom('instance-stop' as const, 'system-reboot' as const).map((code) => ({
        kind: 'maintenance' as const,
        id: 'maintenance/e',
        code,
        notBeforeMs: start,
        notAfterMs: start + 1_000,
        seenAtMs: start,
        present: true,
      })),
      fc.constant({
        kind: 'group-termination' as const,
        id: 'group-termination/x',
        seenAtMs: start,
        present: true,
      }),
    );
    fc.assert(
      fc.property(
        anyNotice,
        fc.option(fc.constant(start + 9_000), { nil: undefined }),
        (notice, deadlineMs) => {
          const kind =
            notice.kind === 'rebalance'
              ? 'REBALANCE'
              : notice.kind === 'maintenance'
                ? 'MAINTENANCE'
                : 'TERMINATION';
          const mark = {
            kind,
            notice,
            markedAtMs: start,
            deadlineMs,
            instanceId: 'i-1',
            bootId: 'b',
          } as const;
          expect(signalMark({ [signalAnnotation]: signalText(mark) })).to.deep.equal(mark);
        },
      ),
    );
  });

  it('reads nothing out of an annotation that is not ours', () => {
    for (const text of ['', '{', '[]', '{"v":1}', '{"source":"rebalance","id":"x","seen":"y","marked":"z"}'])
      expect(signalMark({ [signalAnnotation]: text })).to.equal(undefined);
  });
});

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'front' };
  const cases: readonly (readonly [string, boolean])[] = [
    ['app=web', true],
    ['app==web,tier!=back', true],
    ['app!=web', false],
    ['app in (api, web)', true],
    ['app notin (api, web)', false],
    ['tier', true],
    ['!tier', false],
    ['!missing,app', true],
    ['missing notin (x)', true],
  ];
  for (const [text, expected] of cases)
    it(`${text} ${expected ? 'selects' : 'does not select'} app=web,tier=front`, () => {
      expect(selects(labelSelector(text)!, labels)).to.equal(expected);
    });

  it('cannot read what kubectl could not', () => {
    for (const text of ['', '=x', 'a in x', 'a b', '(a)']) expect(labelSelector(text)).to.equal(undefined);
  });
});
