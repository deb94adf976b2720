import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * One folder for everything that this process and its children put into the temporary directory: TMPDIR names it from now
 * on, and it goes with the process, however that ends short of SIGKILL.
 */
export function ownTemporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'spot-expander-run-'));
  // Some tests look into their folders as another user.
  chmodSync(path, 0o755);
  process.env['TMPDIR'] = path;
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  process.once('exit', remove);
  return { path, remove };
}

/** What is in a folder that should have gone; undefined when it has. */
export function leftIn(path: string): string | undefined {
  return existsSync(path) ? readdirSync(path).join(', ') : undefined;
}
