import { SourceUnavailable } from '../errors/source-unavailable.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Undefined or empty: this was the last page. A page may be empty and still have a next one. */
  readonly nextToken: string | undefined;
}

/** More than any region's longest listing has. */
const mostPages = 20_000;

/**
 * Follows a paged listing to its end.
 * @throws SourceUnavailable when the service gives a token out twice, or has had more pages than any listing has.
 */
export async function* allPages<T>(
  action: string,
  page: (token: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<readonly T[], void> {
  const seen = new Set<string>();
  let token: string | undefined;
  do {
    const { items, nextToken } = await page(token);
    yield items;
    token = nextToken === '' ? undefined : nextToken;
    if (token !== undefined) {
      if (seen.has(token))
        throw new SourceUnavailable(
          'failed',
          `${action} gave the same page token twice: the listing has no end.`,
        );
      seen.add(token);
      if (seen.size > mostPages)
        throw new SourceUnavailable('failed', `${action} had more than ${mostPages} pages.`);
    }
  } while (token !== undefined);
}
