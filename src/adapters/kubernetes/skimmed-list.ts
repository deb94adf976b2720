import { jsonSkimmer, type Kept } from './json-skimmer.ts';
import { refused, type KubeClient } from './kube-client.ts';
import { fieldsOf, textOf } from './kube-objects.ts';

/** What a page may bring. */
const pageBytes = 4 * 1024 * 1024;
const mostItems = 500;

const listMetadata: Kept = { fields: { continue: 'scalar' } };

/** How long pages are; learns from those that have come. */
export interface PageSize {
  items: number;
}

/** One page holds the pods of a usual node. */
export function firstPageSize(): PageSize {
  return { items: 128 };
}

/**
 * The items of a list, each reduced to what is kept, page by page: the next page is asked for as many items as fit into 4 MiB
 * when they are as large as those before. Holds the kept parts only, whatever the objects carry.
 * @throws ClusterUnavailable when a page cannot be had whole.
 */
export async function skimmedList<T>(
  client: KubeClient,
  path: string,
  item: Kept,
  read: (item: unknown) => T | undefined,
  { size, most = Infinity }: { readonly size: PageSize; readonly most?: number },
  signal: AbortSignal,
): Promise<readonly T[]> {
  const found: T[] = [];
  let more = '';
  do {
    let count = 0;
    const skimmer = jsonSkimmer({ fields: { metadata: listMetadata, items: { each: item } } }, (one) => {
      count += 1;
      const value = found.length < most ? read(one) : undefined;
      if (value !== undefined) found.push(value);
    });
    const page = `limit=${size.items}${more === '' ? '' : `&continue=${encodeURIComponent(more)}`}`;
    const { answer, bytes } = await client.skim(
      `${path}${path.includes('?') ? '&' : '?'}${page}`,
      skimmer,
      signal,
    );
    if (answer.status !== 200) throw refused(`GET ${path}`, answer);
    if (count > 0) size.items = Math.max(1, Math.min(mostItems, Math.floor((pageBytes * count) / bytes)));
    more = textOf(fieldsOf(fieldsOf(answer.body)['metadata'])['continue']);
  } while (more !== '' && found.length < most);
  return found;
}
