/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- Kubernetes objects are free-form JSON here, as they are on the wire */
import type { KubeObject } from './kube-answers.ts';

/** Which objects the selectors and the namespace of a request mean. */
export function selectorOf(url: URL): (object: KubeObject) => boolean {
  const fields = (url.searchParams.get('fieldSelector') ?? '')
    .split(',')
    .map((one) => /^([a-zA-Z.]+?)(!?=)(.*)$/.exec(one))
    .filter((one) => one !== null);
  const namespace = /\/namespaces\/([^/]+)\/[a-z]+$/.exec(url.pathname)?.[1];
  const wanted = (url.searchParams.get('labelSelector') ?? '').split(',').filter((one) => one !== '');
  return (object) => {
    if (namespace !== undefined && object['metadata'].namespace !== namespace) return false;
    const labels = object['metadata'].labels ?? {};
    for (const [key, value] of wanted.map((one) => one.split('=')))
      if (labels[key!] === undefined || (value !== undefined && labels[key!] !== value)) return false;
    return fields.every(([, path = '', operator, wantedValue]) => {
      const value = path.split('.').reduce<any>((at, key) => at?.[key], object);
      return (value === wantedValue) === (operator === '=');
    });
  };
}

/** A merge patch (RFC 7386) applied. */
export function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return structuredClone(patch);
  const result: KubeObject =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? structuredClone(target) : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = merged(result[key], value);
  }
  return result;
}
