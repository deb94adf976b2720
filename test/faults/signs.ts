import { degradationSteps, type DegradationStep } from '../../src/decision/degradation.ts';
import type { MetricsPage } from './metrics-page.ts';
import type { LogLine } from './server-process.ts';

/** What a drill sees of its server at one moment. */
export interface View {
  readonly now: MetricsPage;
  /** As it was when the fault began, or ended. */
  readonly before: MetricsPage;
  /** As it was about a second ago, but not before the fault began, or ended. */
  readonly justNow: MetricsPage;
  /** Log lines since the fault began, or ended. */
  readonly lines: readonly LogLine[];
}

/** Something that has to be seen from outside. */
export interface Sign {
  /** For the sentence of a drill that waited in vain. */
  readonly what: string;
  readonly isSeen: (view: View) => boolean;
}

/** A log line of that level that says so. */
export function logged(level: 'info' | 'warn' | 'error', words: RegExp): Sign {
  return {
    what: `a line of level ${level} in the log that says ${String(words)}`,
    isSeen: ({ lines }) => lines.some((line) => line.level === level && words.test(line.text)),
  };
}

/** A counter that has grown. */
export function counted(name: string, labels: Readonly<Record<string, string>> = {}): Sign {
  return {
    what: `${name}${JSON.stringify(labels)} growing`,
    isSeen: ({ now, before }) => now.sum(name, labels) > before.sum(name, labels),
  };
}

export function measured(what: string, isSeen: (now: MetricsPage) => boolean): Sign {
  return { what, isSeen: ({ now }) => isSeen(now) };
}

const answers = 'spot_scale_up_answers_total';

/** For about a second, answers to scale-ups of this region came from this step and from none above it. */
export function answersRestOn(step: DegradationStep): Sign {
  return {
    what: `answers that rest on ${step}, in ${answers} and in their log lines`,
    isSeen: ({ now, justNow, lines }) => {
      const grown = (degradation: DegradationStep): number =>
        now.sum(answers, { degradation }) - justNow.sum(answers, { degradation });
      const above = degradationSteps.slice(0, degradationSteps.indexOf(step));
      return (
        grown(step) >= 3 &&
        above.every((one) => grown(one) === 0) &&
        lines.slice(-50).some(({ text }) => text.includes(`"degradation":"${step}"`))
      );
    },
  };
}
