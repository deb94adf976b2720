import { DocumentRefused } from '../../errors/document-refused.ts';
import { messageOf } from '../../errors/message-of.ts';
import type { Documents } from '../../ports/documents.ts';
import type { ModelCard } from '../../formats/model-card.ts';
import type { Clock } from '../../ports/clock.ts';
import type { OpenScoringModel, ScoringModel } from '../../ports/scoring-model.ts';
import type { RiskModel } from '../../ports/risk-model.ts';
import { familyStress } from './family-stress.ts';
import type { KnowledgeEvents } from './knowledge-events.ts';
import { recoverySentence } from './recovery-sentence.ts';
import { modelCardOf } from '../../formats/model-card-schema.ts';
import { startRefreshLoop, type RefreshResult, type RefreshStatus } from './refresh-loop.ts';
import { requiredDocument } from './required-document.ts';
import type { ServingFeatures } from './serving-features.ts';

export interface ModelKeeperOptions {
  readonly store: Documents;
  /** `….onnx`; the card is beside it as `….card.json`. */
  readonly path: string;
  readonly open: OpenScoringModel;
  readonly features: ServingFeatures;
  /** Every feature that `features` can give. */
  readonly knownFeatures: readonly string[];
  readonly pollMs: number;
  readonly timeoutMs: number;
  readonly events: Pick<KnowledgeEvents, 'onRefresh'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface ModelStatus extends RefreshStatus {
  readonly card: ModelCard | undefined;
}

/** The published model, loaded; a newer one takes its place when it is good, and a bad one never does. */
export interface ModelKeeper {
  readonly current: () => RiskModel | undefined;
  readonly status: () => ModelStatus;
  /** Resolves when the first attempt to load is over, well or not. */
  readonly firstAttempt: Promise<void>;
}

interface Loaded {
  readonly scoring: ScoringModel;
  readonly risk: RiskModel;
}

export function startModelKeeper(options: ModelKeeperOptions): ModelKeeper {
  const { store, path, events } = options;
  const cardPath = cardPathOf(path);
  let loaded: Loaded | undefined;
  let refusal: DocumentRefused | undefined;
  let unsettled = false;
  // Documents by path, as last read: with the versions that a refused publishing had, it is not read again and again.
  const documents = new Map<string, { readonly version: string; readonly bytes: Uint8Array }>();

  async function read(
    document: string,
    signal: AbortSignal,
  ): Promise<{ bytes: Uint8Array; changed: boolean }> {
    const known = documents.get(document);
    const reading = await requiredDocument(store, document, known?.version, signal);
    const bytes = reading.kind === 'changed' ? reading.bytes : known?.bytes;
    if (bytes === undefined) throw new Error(`${document} is said to be unchanged but was never read.`);
    documents.set(document, { version: reading.version, bytes });
    return { bytes, changed: reading.kind === 'changed' };
  }

  async function refresh(signal: AbortSignal): Promise<RefreshResult> {
    const cardFile = await read(cardPath, signal);
    // Stays set when a later step fails for a while, so that what was read once is not taken for old news.
    unsettled ||= cardFile.changed;
    const onnx = await read(path, signal);
    unsettled ||= onnx.changed;
    const card = cardIn(cardPath, cardFile.bytes, options.knownFeatures);
    const families = new Map<string, Uint8Array>();
    for (const [family, { file }] of Object.entries(card.families ?? {})) {
      const part = await read(besidePath(path, file), signal);
      unsettled ||= part.changed;
      families.set(family, part.bytes);
    }
    if (!unsettled && refusal !== undefined) throw refusal;
    if (!unsettled) return 'unchanged';
    const scoring = await options.open({ card, onnx: onnx.bytes, families }, signal);
    const before = loaded;
    loaded = { scoring, risk: familyStress(scoring, options.features) };
    unsettled = false;
    refusal = undefined;
    events.onRefresh?.({
      source: 'model',
      outcome: 'changed',
      sentence: loaded.risk.description,
      failures: 0,
    });
    void before?.scoring.close();
    return 'changed';
  }

  const loop = startRefreshLoop({
    everyMs: options.pollMs,
    timeoutMs: options.timeoutMs,
    firstPauseMs: options.pollMs,
    // A model that was mended is taken within one poll.
    greatestPauseMs: options.pollMs,
    run: refresh,
    onFailure: (error, failures) => {
      const sentence = messageOf(error);
      if (error instanceof DocumentRefused) {
        unsettled = false;
        if (refusal?.message === error.message) return;
        refusal = error;
      }
      const outcome = error instanceof DocumentRefused ? 'refused' : 'failed';
      events.onRefresh?.({ source: 'model', outcome, sentence, failures });
    },
    onRecovery: (failures) => {
      refusal = undefined;
      const sentence = recoverySentence(failures, undefined);
      events.onRefresh?.({ source: 'model', outcome: 'recovered', sentence, failures: 0 });
    },
    clock: options.clock,
    signal: options.signal,
  });
  options.signal.addEventListener('abort', () => void loaded?.scoring.close(), { once: true });
  return {
    current: () => loaded?.risk,
    status: () => ({ ...loop.status(), card: loaded?.scoring.card }),
    firstAttempt: loop.firstAttempt,
  };
}

/** @throws DocumentRefused that names every mistake. */
function cardIn(path: string, bytes: Uint8Array, knownFeatures: readonly string[]): ModelCard {
  const reading = modelCardOf(new TextDecoder().decode(bytes));
  if (reading.kind === 'mistakes') throw new DocumentRefused(path, reading.mistakes);
  const unknown = reading.card.features.filter((name) => !knownFeatures.includes(name));
  if (unknown.length > 0)
    throw new DocumentRefused(path, [`features that this version does not know: ${unknown.join(', ')}`]);
  return reading.card;
}

/** `models/a.onnx` → `models/a.card.json`. */
export function cardPathOf(path: string): string {
  return `${path.replace(/\.onnx$/, '')}.card.json`;
}

function besidePath(path: string, file: string): string {
  const slash = path.lastIndexOf('/');
  return `${path.slice(0, slash + 1)}${file}`;
}
