/** How a refresh that is well again is told of. */
export function recoverySentence(failures: number, region: string | undefined): string {
  const what = region === undefined ? 'read' : `${region} is read`;
  return `${what} without fault again, after ${failures} ${failures === 1 ? 'failure' : 'failures'}`;
}
