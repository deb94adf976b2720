import type { NodeView } from '../../drain/observed.ts';
import type { ClusterApis } from './cluster-apis.ts';
import { nodeView } from './kube-objects.ts';

const pageSize = 500;

/**
 * Every Node, page by page; the version that a watch goes on from is returned at the end.
 * @throws ClusterUnavailable when a page cannot be had.
 */
export async function* nodePages(
  { core, asked }: ClusterApis,
  signal: AbortSignal,
): AsyncGenerator<readonly NodeView[], string> {
  let more: string | undefined;
  for (;;) {
    const from = more;
    const page = await asked(
      (options) =>
        core.listNode({ limit: pageSize, ...(from !== undefined && { _continue: from }) }, options),
      signal,
    );
    yield page.items.map(nodeView);
    more = page.metadata?._continue;
    if (more === undefined || more === '') return page.metadata?.resourceVersion ?? '';
  }
}
