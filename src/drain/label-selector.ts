export interface LabelTerm {
  readonly key: string;
  readonly operator: 'in' | 'notin' | 'exists' | 'missing';
  readonly values: readonly string[];
}

/** All terms must hold. */
export type LabelSelector = readonly LabelTerm[];

const name = String.raw`[A-Za-z0-9](?:[\w./-]*[A-Za-z0-9])?`;
const exists = new RegExp(`^(!?)\\s*(${name})$`);
const equals = new RegExp(`^(${name})\\s*(==|=|!=)\\s*(${name})?$`);
const inSet = new RegExp(`^(${name})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);

/** `app=web,tier!=db,env in (a,b),!canary` as kubectl reads it; undefined when it cannot be read. */
export function labelSelector(text: string): LabelSelector | undefined {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  const terms = parts.map(term);
  const read = terms.filter((one) => one !== undefined);
  return read.length < terms.length ? undefined : read;
}

function term(part: string): LabelTerm | undefined {
  const set = inSet.exec(part);
  if (set?.[1] !== undefined) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return { key: set[1], operator: set[2] === 'in' ? 'in' : 'notin', values };
  }
  const pair = equals.exec(part);
  if (pair?.[1] !== undefined)
    return { key: pair[1], operator: pair[2] === '!=' ? 'notin' : 'in', values: [pair[3] ?? ''] };
  const one = exists.exec(part);
  return one?.[2] === undefined
    ? undefined
    : { key: one[2], operator: one[1] === '!' ? 'missing' : 'exists', values: [] };
}

export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every(({ key, operator, values }) => {
    const value = labels[key];
    switch (operator) {
      case 'in':
        return value !== undefined && values.includes(value);
      case 'notin':
        return value === undefined || !values.includes(value);
      case 'exists':
        return value !== undefined;
      case 'missing':
        return value === undefined;
    }
  });
}
