import type { DocumentReading, Documents } from '../../ports/documents.ts';

export interface StandIns {
  /** Where documents are expected. */
  readonly published: Documents;
  /** The document that decides: while it is missing, all are taken from their stand-ins. */
  readonly anchor: string;
  readonly bundled: Documents;
  /** The stand-in of a document that is expected at `path`. */
  readonly standInOf: (path: string) => string;
  /** Told when what is bundled begins to stand in. */
  readonly onStandIn: (anchor: string) => void;
}

export interface StandInDocuments extends Documents {
  /** Whether what is bundled is what was read last. */
  readonly isStandingIn: () => boolean;
}

/**
 * Documents that stand in for what was never published: a new installation answers from what is bundled until its first
 * collection and training are done, and a reader never mixes the two. Once something was published, what is bundled stands in
 * no more: a document that goes away later is a fault, and what was read of it stays in use.
 */
export function standInDocuments(options: StandIns): StandInDocuments {
  const { published, anchor, bundled, standInOf, onStandIn } = options;
  let isPublished = false;
  let isTold = false;

  async function standIn(
    path: string,
    known: string | undefined,
    signal: AbortSignal,
  ): Promise<DocumentReading> {
    const own = known?.startsWith(mark) === true ? known.slice(mark.length) : undefined;
    const reading = await bundled.read(standInOf(path), own, signal);
    return reading.kind === 'missing' ? reading : { ...reading, version: mark + reading.version };
  }

  return {
    isStandingIn: () => isTold && !isPublished,
    async read(path, known, signal) {
      if (!isPublished && path !== anchor) return standIn(path, known, signal);
      const own = known?.startsWith(mark) === true ? undefined : known;
      const reading = await published.read(path, own, signal);
      isPublished ||= reading.kind !== 'missing';
      if (isPublished) return reading;
      if (!isTold) onStandIn(anchor);
      isTold = true;
      return standIn(path, known, signal);
    },
  };
}

/** Versions of stand-ins, told apart from those of the store. */
const mark = 'stand-in ';
