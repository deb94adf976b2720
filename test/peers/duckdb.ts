import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** A Python that has DuckDB (`npm run tools:python`); undefined where there is none, and tests that need it are skipped. */
export const pythonWithDuckDb = ['.cache/python/bin/python', 'python3'].find((path) => hasDuckDb(path));

function hasDuckDb(path: string): boolean {
  if (path.includes('/') && !existsSync(path)) return false;
  try {
    execFileSync(path, ['-c', 'import duckdb'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
