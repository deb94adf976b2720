import { SingleBar } from 'cli-progress';
import type { CommandContext } from './command-context.ts';

/** How far a long work is: on a terminal a bar with the time left, elsewhere a line now and then. */
export interface Progress {
  /** `done` of `total`, in any unit; a new label begins anew. */
  readonly at: (label: string, done: number, total: number) => void;
  /** A sentence beside it. */
  readonly say: (sentence: string) => void;
  readonly end: () => void;
}

/** What a log would drown in is left out. */
const lineEveryMs = 2_000;

export function progressOf(context: Pick<CommandContext, 'writeError' | 'terminal'>): Progress {
  return context.terminal === undefined
    ? lines(context.writeError)
    : bars(context.terminal, context.writeError);
}

function lines(write: CommandContext['writeError']): Progress {
  let label = '';
  let startedMs = 0;
  let toldMs = -Infinity;
  return {
    at: (what, done, total) => {
      const nowMs = performance.now();
      if (what !== label) {
        label = what;
        startedMs = nowMs;
        toldMs = -Infinity;
      }
      const isDone = done >= total;
      // What is over before anybody waited for it is not told, nor is a beginning.
      if (isDone ? toldMs === -Infinity : done === 0 || nowMs - toldMs < lineEveryMs) return;
      toldMs = nowMs;
      const leftMs = done > 0 ? ((nowMs - startedMs) / done) * (total - done) : undefined;
      const left = leftMs === undefined || isDone ? '' : `, about ${timeText(leftMs / 1_000)} left`;
      write(`${what}: ${share(done, total)} %${left}\n`);
    },
    say: (sentence) => write(`${sentence}\n`),
    end: () => undefined,
  };
}

function bars(terminal: NodeJS.WriteStream, write: CommandContext['writeError']): Progress {
  let bar: SingleBar | undefined;
  let label = '';
  const end = (): void => {
    bar?.stop();
    bar = undefined;
    label = '';
  };
  return {
    at: (what, done, total) => {
      if (bar === undefined || what !== label) {
        end();
        label = what;
        bar = new SingleBar({
          stream: terminal,
          format: (options, { progress, eta, value }) =>
            `${what} ${drawn(progress, options.barsize ?? 30)} ${share(progress, 1)} %${value > 0 && progress < 1 ? `, ${timeText(eta)} left` : ''}`,
          barsize: 30,
          hideCursor: true,
          clearOnComplete: true,
          gracefulExit: false,
          etaBuffer: 20,
        });
        bar.start(total, done);
        return;
      }
      bar.setTotal(total);
      bar.update(done);
    },
    say: (sentence) => {
      end();
      write(`${sentence}\n`);
    },
    end,
  };
}

function drawn(progress: number, size: number): string {
  const full = Math.round(Math.min(1, Math.max(0, progress)) * size);
  return '█'.repeat(full) + '░'.repeat(size - full);
}

function share(done: number, total: number): string {
  return (total > 0 ? (100 * done) / total : 100).toFixed(0);
}

function timeText(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'some time';
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
