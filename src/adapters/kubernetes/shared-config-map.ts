import { ClusterUnavailable } from '../../errors/cluster-unavailable.ts';
import type { SharedDocument, SharedDocumentState } from '../../ports/shared-document.ts';
import { WatchSilent, type ClusterApis } from './cluster-apis.ts';
import { fieldsOf, textOf } from './kube-objects.ts';

/** The API server ends a watch after this; the document is then read anew. */
const watchSeconds = 300;
/** Bookmarks come about once a minute: a watch that is silent for longer is taken for dead. */
const silentMs = 90_000;
const manager = 'spot-expander';
/** Owns nothing but the object itself, so that making it takes nothing from whoever has written into it. */
const maker = 'spot-expander-maker';

/**
 * One key of a ConfigMap. It is written by server-side apply throughout: that asks for `create` by the object's name, so that a
 * role can be bound to this one name for everything, and it leaves keys and labels of others alone.
 */
export function sharedConfigMap(
  apis: ClusterApis,
  { namespace, name, key }: { readonly namespace: string; readonly name: string; readonly key: string },
): SharedDocument {
  const { core, asked } = apis;
  const applied = { apiVersion: 'v1', kind: 'ConfigMap' };
  const stateOf = (object: unknown): SharedDocumentState => ({
    version: textOf(fieldsOf(fieldsOf(object)['metadata'])['resourceVersion']),
    text: textOf(fieldsOf(fieldsOf(object)['data'])[key]),
  });
  const isMissing = ({ status }: { readonly status: number }) => status === 404;
  return {
    place: `ConfigMap ${namespace}/${name}`,
    async read(signal) {
      const found = await asked<unknown>(
        (options) => core.readNamespacedConfigMap({ namespace, name }, options),
        signal,
        { expected: (refusal) => (isMissing(refusal) ? 'missing' : undefined) },
      );
      return found === 'missing' ? { version: undefined, text: '' } : stateOf(found);
    },
    async follow(version, onChange, signal) {
      const lost = new AbortController();
      try {
        await apis.watched(
          {
            path: `/api/v1/namespaces/${namespace}/configmaps`,
            query: {
              fieldSelector: `metadata.name=${name}`,
              resourceVersion: version,
              allowWatchBookmarks: true,
              timeoutSeconds: watchSeconds,
            },
            silentMs,
          },
          ({ type, object }) => {
            if (type === 'ADDED' || type === 'MODIFIED') onChange(stateOf(object));
            else if (type === 'DELETED') onChange({ version: undefined, text: '' });
            // Its place in history is forgotten.
            else if (type !== 'BOOKMARK') lost.abort(new ClusterUnavailable('the watch has lost its place'));
          },
          AbortSignal.any([signal, lost.signal]),
        );
      } catch (error) {
        if (signal.aborted || !(lost.signal.aborted || error instanceof WatchSilent)) throw error;
      }
    },
    async make(signal) {
      await asked<unknown>(
        (options) =>
          core.patchNamespacedConfigMap(
            {
              ...{ namespace, name, fieldManager: maker, force: true },
              body: {
                ...applied,
                metadata: { name, namespace },
              },
            },
            options,
          ),
        signal,
        { patch: 'apply' },
      );
    },
    async write(text, version, signal) {
      const answer = await asked<unknown>(
        (options) =>
          core.patchNamespacedConfigMap(
            {
              ...{ namespace, name, fieldManager: manager, force: true },
              body: {
                ...applied,
                metadata: { name, namespace, resourceVersion: version },
                data: { [key]: text },
              },
            },
            options,
          ),
        signal,
        {
          patch: 'apply',
          expected: ({ status }) => (status === 409 || status === 404 ? 'conflict' : undefined),
        },
      );
      return answer === 'conflict' ? 'conflict' : 'written';
    },
  };
}
