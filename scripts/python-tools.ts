/**
 * Installs what some contract tests read and serve through when it is there: DuckDB for the Parquet history, moto's S3.
 * Without Python or the package index those tests are skipped.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../.cache/python', import.meta.url));
const python = `${folder}/bin/python`;

try {
  if (!existsSync(python)) execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' });
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', 'duckdb', 'moto[server]'], { stdio: 'inherit' });
  console.log(`DuckDB and moto are in ${folder}`);
} catch (error) {
  console.log(
    `skipped: DuckDB and moto cannot be had (${error instanceof Error ? error.message : String(error)})`,
  );
}
