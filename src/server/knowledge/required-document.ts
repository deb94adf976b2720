import { DocumentMissing } from '../../errors/document-missing.ts';
import type { DocumentReading, Documents, DocumentVersion } from '../../ports/documents.ts';

/** A document without which there is nothing to go on with. @throws DocumentMissing, and what the place says. */
export async function requiredDocument(
  documents: Documents,
  name: string,
  knownVersion: DocumentVersion | undefined,
  signal: AbortSignal,
): Promise<Exclude<DocumentReading, { readonly kind: 'missing' }>> {
  const reading = await documents.read(name, knownVersion, signal);
  if (reading.kind === 'missing') throw new DocumentMissing(name);
  return reading;
}
