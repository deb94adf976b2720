import type { NodeView } from '../../drain/observed.ts';
import { refused, type KubeClient } from './kube-client.ts';
import { fieldsOf, listOf, nodeView, textOf } from './kube-objects.ts';

const pageSize = 500;

/**
 * Every Node, page by page; the version that a watch goes on from is returned at the end.
 * @throws ClusterUnavailable when a page cannot be had.
 */
export async function* nodePages(
  client: KubeClient,
  signal: AbortSignal,
): AsyncGenerator<readonly NodeView[], string> {
  let more = '';
  for (;;) {
    const path = `/api/v1/nodes?limit=${pageSize}${more === '' ? '' : `&continue=${encodeURIComponent(more)}`}`;
    const answer = await client.call({ method: 'GET', path }, signal);
    if (answer.status !== 200) throw refused(`GET ${path}`, answer);
    const list = fieldsOf(answer.body);
    yield listOf(list['items']).map(nodeView);
    const metadata = fieldsOf(list['metadata']);
    more = textOf(metadata['continue']);
    if (more === '') return textOf(metadata['resourceVersion']);
  }
}
