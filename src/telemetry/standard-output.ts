import { writeSync } from 'node:fs';

/** Where log lines go. */
export interface LogDestination {
  readonly write: (line: string) => void;
  /** Lines that nobody took: a full disk, a reader that has stopped reading. */
  readonly linesLost: () => number;
}

const mostWaitingBytes = 1024 * 1024;
const retryMs = 20;

/**
 * A file descriptor that is written at once and never waited for: a full disk or a reader that stands still costs log lines,
 * never an answer. Lines wait for a reader that is merely slow, up to 1 MB; the first line that is taken after a loss is
 * followed by one that tells of it.
 */
export function unfailingOutput(
  fd: number,
  write: (fd: number, bytes: Uint8Array) => number = writeSync,
): LogDestination {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let untold = 0;
  let timer: NodeJS.Timeout | undefined;

  function lose(lines: number): void {
    lost += lines;
    untold += lines;
  }

  /** What is left of the bytes; undefined: they cannot be written at all. */
  function attempted(bytes: Uint8Array): Uint8Array | undefined {
    let left = bytes;
    try {
      while (left.length > 0) left = left.subarray(write(fd, left));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'EAGAIN') return undefined;
    }
    return left;
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const left = attempted(next);
      if (left !== undefined && left.length > 0) {
        waitingBytes -= next.length - left.length;
        waiting[0] = left;
        break;
      }
      waiting.shift();
      waitingBytes -= next.length;
      if (left === undefined) lose(1);
      else if (untold > 0) tellOfLoss();
    }
    if (waiting.length > 0) timer = setTimeout(flush, retryMs).unref();
  }

  function tellOfLoss(): void {
    const lost = untold;
    untold = 0;
    const time = new Date().toISOString();
    const msg = `${lost} log lines could not be written and are lost`;
    keep(Buffer.from(`${JSON.stringify({ level: 'warn', time, msg })}\n`));
  }

  function keep(bytes: Uint8Array): void {
    if (waitingBytes + bytes.length > mostWaitingBytes) {
      lose(1);
      return;
    }
    waiting.push(bytes);
    waitingBytes += bytes.length;
  }

  process.on('exit', flush);
  return {
    write: (line) => {
      keep(Buffer.from(line));
      flush();
    },
    linesLost: () => lost,
  };
}

let output: LogDestination | undefined;

/** Of the process, one for all of its logs. */
export function standardOutput(): LogDestination {
  output ??= unfailingOutput(process.stdout.fd);
  return output;
}
