import { Session, type Profiler } from 'node:inspector/promises';

/**
 * Counts how much of the product's own code runs: its blocks, each as often as it is entered, as V8 counts them. The same on every
 * machine and at every load. What built-in functions do inside is not seen. Only code that is imported after this is counted.
 */
export async function workCounter(): Promise<(work: () => void) => Promise<number>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return async (work) => {
    await session.post('Profiler.takePreciseCoverage');
    work();
    const { result } = await session.post('Profiler.takePreciseCoverage');
    return result.filter(({ url }) => ourCode.test(url)).reduce((sum, script) => sum + blocksOf(script), 0);
  };
}

const ourCode = /\/src\/(?:decision|wire)\//;

function blocksOf({ functions }: Profiler.ScriptCoverage): number {
  return functions.reduce(
    (sum, { ranges }) => sum + ranges.reduce((blocks, { count }) => blocks + count, 0),
    0,
  );
}
