import { DocumentRefused } from '../../errors/document-refused.ts';
import { UsageError } from '../../errors/usage-error.ts';
import { modelCardOf } from '../../formats/model-card-schema.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { ModelFiles } from '../../ports/scoring-model.ts';

/** Reads `….onnx`, its card and the families' models. @throws UsageError, DocumentRefused with a sentence. */
export async function storedModel(
  store: ObjectStore,
  file: string,
  signal: AbortSignal,
): Promise<ModelFiles> {
  const cardFile = `${file.replace(/\.onnx$/, '')}.card.json`;
  const bytes = async (key: string): Promise<Uint8Array> => {
    const reading = await store.read(key, undefined, signal);
    if (reading.kind !== 'changed') throw new UsageError([`there is no ${key} at ${store.location}`]);
    return reading.bytes;
  };
  const reading = modelCardOf(new TextDecoder().decode(await bytes(cardFile)));
  if (reading.kind === 'mistakes') throw new DocumentRefused(cardFile, reading.mistakes);
  const families = new Map<string, Uint8Array>();
  for (const [family, scale] of Object.entries(reading.card.families ?? {}))
    families.set(family, await bytes(scale.file));
  return { card: reading.card, onnx: await bytes(file), families };
}
