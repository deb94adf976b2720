/** A size of request that is measured: pods of 4.2 KB in each of the options. */
export interface RequestSize {
  readonly name: string;
  readonly options: number;
  readonly pods: number;
  /** Timed calls to each server. */
  readonly calls: number;
  readonly quick: boolean;
}

export const requestSizes: readonly RequestSize[] = [
  { name: '21 MB', options: 50, pods: 100, calls: 40, quick: true },
  { name: '85 MB', options: 200, pods: 100, calls: 20, quick: true },
  { name: '211 MB', options: 50, pods: 1000, calls: 10, quick: false },
  { name: '423 MB', options: 1000, pods: 100, calls: 7, quick: false },
];

export function requestFlags({ options, pods }: Pick<RequestSize, 'options' | 'pods'>): readonly string[] {
  return ['--options', String(options), '--pods', String(pods)];
}
