import { capacityRecord, capacityRecordText, isRest, type RestEntry } from '../../formats/capacity-record.ts';
import type { Documents } from '../../ports/documents.ts';
import type { ObjectStore } from '../../ports/object-store.ts';

/** Where it is kept below the state directory. */
const key = 'capacity-memory.json';
const timeoutMs = 5_000;

export interface KeptCapacityOptions {
  /** The directory that it is written into, and how a document of it is read: bounded, and never waiting for a pipe. */
  readonly store: ObjectStore;
  readonly documents: Documents;
  readonly nowMs: () => number;
  readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly info: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

/** What rests, on disk: written when a rest begins or ends, read at the start. A disk that refuses costs this memory and nothing else. */
export class KeptCapacity {
  private readonly options: KeptCapacityOptions;
  private waiting: readonly RestEntry[] | undefined;
  private writing: Promise<void> | undefined;
  private isWritable = true;

  constructor(options: KeptCapacityOptions) {
    this.options = options;
  }

  /** What still rests by the wall clock; nothing where the file is away, or not to be believed, which is told. */
  async read(signal: AbortSignal): Promise<readonly RestEntry[]> {
    const { store, documents, nowMs, warn, info } = this.options;
    const place = `${store.location}/${key}`;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const found = await documents.read(place, undefined, limit);
      if (found.kind !== 'changed') return [];
      const { entries, doubts } = capacityRecord(new TextDecoder().decode(found.bytes), nowMs());
      const rests = entries.filter(isRest).filter(({ until }) => Date.parse(until) > nowMs());
      if (doubts.length > 0)
        warn(
          { doubts },
          `of what rested before the start this is not believed, in ${place}: ${doubts.join('; ')}`,
        );
      if (rests.length > 0) info({ rests: rests.length }, 'what rested before the start still rests');
      return rests;
    } catch (error) {
      warn(
        { err: error },
        `what rested before the start cannot be read from ${place}; capacity memory starts empty`,
      );
      return [];
    }
  }

  /** In the background; of several that come while one is written the last counts. */
  write(entries: readonly RestEntry[]): void {
    this.waiting = entries;
    this.writing ??= this.flush().finally(() => (this.writing = undefined));
  }

  /** Resolves when everything is written, or could not be. */
  async settled(): Promise<void> {
    await this.writing;
  }

  private async flush(): Promise<void> {
    const { store, warn, info } = this.options;
    while (this.waiting !== undefined) {
      const text = capacityRecordText(this.waiting);
      this.waiting = undefined;
      try {
        await store.put(key, new TextEncoder().encode(text), AbortSignal.timeout(timeoutMs));
        if (!this.isWritable) info({}, 'what rests is written to disk again');
        this.isWritable = true;
      } catch (error) {
        if (this.isWritable)
          warn(
            { err: error },
            'what rests cannot be written to disk; a restart forgets it unless replicas share it',
          );
        this.isWritable = false;
      }
    }
  }
}
