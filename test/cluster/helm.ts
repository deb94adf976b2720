import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { repository } from '../../scripts/go-tools.ts';

const run = promisify(execFile);

export const chart = `${repository}charts/spot-expander`;

/** One helm against one cluster. */
export class Helm {
  private readonly program: string;
  private readonly kubeconfig: string;
  private readonly home = mkdtempSync(join(tmpdir(), 'spot-helm-'));

  constructor(program: string, kubeconfig: string) {
    this.program = program;
    this.kubeconfig = kubeconfig;
  }

  /** @returns standard output. @throws with helm's words. */
  async run(...args: string[]): Promise<string> {
    try {
      const { stdout } = await run(this.program, args, {
        timeout: 120_000,
        maxBuffer: 32 * 1024 * 1024,
        env: { PATH: process.env['PATH'] ?? '', HOME: this.home, KUBECONFIG: this.kubeconfig },
      });
      return stdout;
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
      throw new Error(`helm ${args.join(' ')}: ${said}`, { cause: error });
    }
  }

  /** A file for `--values`. */
  valuesFile(values: unknown): string {
    const path = join(this.home, `values-${Date.now()}.json`);
    writeFileSync(path, JSON.stringify(values));
    return path;
  }
}
