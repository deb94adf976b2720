import { renameSync, writeFileSync } from 'node:fs';
import { generate } from 'selfsigned';

/** A root of our own, as cert-manager or Helm would keep one. */
export interface Root {
  readonly cert: string;
  readonly key: string;
}

/** A leaf for localhost with its key, PEM. */
export interface Leaf {
  readonly cert: string;
  readonly key: string;
}

const dayMs = 86_400_000;
const ec = { keyType: 'ec', algorithm: 'sha256' } as const;

export async function newRoot(): Promise<Root> {
  const made = await generate([{ name: 'commonName', value: 'drill root' }], {
    ...ec,
    notBeforeDate: new Date(Date.now() - 30 * dayMs),
    notAfterDate: new Date(Date.now() + 365 * dayMs),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, cRLSign: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

export async function newLeaf(
  root: Root,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number } = {
    fromMs: Date.now() - dayMs,
    toMs: Date.now() + 90 * dayMs,
  },
): Promise<Leaf> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...ec,
    ca: root,
    notBeforeDate: new Date(fromMs),
    notAfterDate: new Date(toMs),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** Replaces a file by renaming a new one over it: no reader sees half of it. */
export function replaced(path: string, content: string | Uint8Array): void {
  writeFileSync(`${path}.next`, content);
  renameSync(`${path}.next`, path);
}
