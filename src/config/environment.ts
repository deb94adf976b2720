/** The process environment, read once: the only place that touches it. */
export function processEnvironment(): Readonly<Record<string, string | undefined>> {
  return { ...process.env };
}
