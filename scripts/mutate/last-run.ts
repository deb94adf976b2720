import { existsSync, readFileSync, writeFileSync } from 'node:fs';

interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { readonly status: string }[] }>>;
}

/** Takes out of a report what ran out of time, so that it is tried once more: on a busy machine that may be nobody's fault. */
export function withoutTimeOuts(path: string): void {
  if (!existsSync(path)) return;
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  const files = Object.fromEntries(
    Object.entries(report.files).map(([name, file]) => [
      name,
      { ...file, mutants: file.mutants.filter(({ status }) => status !== 'Timeout') },
    ]),
  );
  writeFileSync(path, JSON.stringify({ ...report, files }));
}
