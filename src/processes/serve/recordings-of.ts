import { compressedText, recordDirectory } from '../../adapters/files/record-directory.ts';
import type { ServeConfig } from '../../config/serve-config.ts';
import { recorder, type Recorder, type RecordingResult } from '../../server/recording/recorder.ts';
import type { Log } from '../../telemetry/log.ts';
import { systemClock } from '../../telemetry/system-clock.ts';

/** The recorder that `--record` asks for; undefined when nothing is recorded. */
export function recordingsOf(
  config: ServeConfig,
  onResult: (result: RecordingResult) => void,
  log: Log,
): Recorder | undefined {
  if (config.record === undefined) return undefined;
  return recorder({
    store: recordDirectory(config.record),
    compressed: compressedText,
    maxBytes: config.record_max_size,
    clock: systemClock,
    log,
    onResult,
  });
}
