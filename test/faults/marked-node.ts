import { signalAnnotation, signalText } from '../../src/drain/marks.ts';

let notices = 0;

/** The annotation of a node whose agent was given notice a moment ago. */
export function terminationMark(instanceId: string): Readonly<Record<string, string>> {
  const nowMs = Date.now();
  notices += 1;
  const mark = signalText({
    kind: 'TERMINATION',
    notice: {
      kind: 'spot-interruption',
      id: `drill-${notices}`,
      present: true,
      action: 'terminate',
      atMs: nowMs + 120_000,
      seenAtMs: nowMs,
    },
    markedAtMs: nowMs,
    deadlineMs: nowMs + 120_000,
    instanceId,
    bootId: 'boot-1',
  });
  return { [signalAnnotation]: mark };
}
