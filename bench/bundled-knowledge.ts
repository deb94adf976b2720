import { fileDocuments } from '../src/adapters/files/file-documents.ts';
import type { Knowledge } from '../src/decision/knowledge.ts';
import { mockRisk } from '../src/server/knowledge/fixed-risk-models.ts';
import { startKnowledgeKeeper } from '../src/server/knowledge/knowledge-keeper.ts';
import { systemClock } from '../src/telemetry/system-clock.ts';

export const snapshot = new URL('../data/ap-south-1.json', import.meta.url).pathname;

/** The bundled snapshot, however old, under the mock of a model. */
export async function bundledKnowledge(signal: AbortSignal): Promise<Knowledge> {
  const keeper = startKnowledgeKeeper({
    regions: ['ap-south-1'],
    staticFile: { store: fileDocuments(), path: snapshot },
    riskModel: () => mockRisk,
    maxPriceAgeMs: Number.MAX_SAFE_INTEGER,
    stalePrices: 'use-and-say',
    clock: systemClock,
    signal,
  });
  await keeper.ready(10_000);
  return keeper.current();
}
