import { readFileSync } from 'node:fs';

/** Of the package; `unknown` where its manifest is not beside the program. */
export function version(): string {
  // The manifest is two folders above the sources and dist/processes, and one above the bundled agent.
  for (const place of ['../package.json', '../../package.json'])
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
        return String(manifest.version);
    } catch {
      // Not there: the other place.
    }
  return 'unknown';
}
