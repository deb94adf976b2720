import { parse } from 'yaml';

export interface DocumentedValue {
  /** Dotted path. */
  readonly path: string;
  readonly default: unknown;
  readonly meaning: string;
}

/**
 * The values of a values.yaml whose comment begins with `# --`, in order. A documented map or list stands for all that is in it.
 * @throws when a value that is no map stands outside every documented one.
 */
export function documentedValues(text: string): readonly DocumentedValue[] {
  const values: unknown = parse(text);
  const found: DocumentedValue[] = [];
  const undocumented: string[] = [];
  const stack: { readonly indent: number; readonly key: string; readonly isDocumented: boolean }[] = [];
  let meaning: string | undefined;
  for (const line of text.split('\n')) {
    const [, comment] = /^\s*# -- (.*)$/.exec(line) ?? [];
    if (comment !== undefined) {
      meaning = comment;
      continue;
    }
    const [, indent = '', key, rest = ''] = /^(\s*)([\w.-]+):(.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    while (stack.length > 0 && (stack.at(-1)?.indent ?? 0) >= indent.length) stack.pop();
    const isWithin = stack.some(({ isDocumented }) => isDocumented);
    stack.push({ indent: indent.length, key, isDocumented: meaning !== undefined || isWithin });
    const path = stack.map((one) => one.key).join('.');
    if (meaning !== undefined) found.push({ path, default: valueAt(values, path), meaning });
    else if (!isWithin && rest.trim() !== '') undocumented.push(path);
    meaning = undefined;
  }
  if (undocumented.length > 0)
    throw new Error(`without a comment that begins with "# --": ${undocumented.join(', ')}`);
  return found;
}

function valueAt(values: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (isMap(at) ? at[key] : undefined), values);
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
