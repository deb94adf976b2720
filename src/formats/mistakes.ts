import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

const shown = 20;

/** Sentences with their place in the document; at most twenty, then how many more there are. */
export function mistakesOf(issues: readonly Issue[]): readonly string[] {
  const all = issues.flatMap((issue) => sentences(issue, []));
  return all.length > shown ? [...all.slice(0, shown), `and ${all.length - shown} more`] : all;
}

function sentences(issue: Issue, above: readonly PropertyKey[]): readonly string[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_key')
    return issue.issues.flatMap((inner) => sentences({ ...inner, path: [] }, path));
  if (issue.code === 'invalid_union') {
    const fitting = issue.errors.filter((branch) => !branch.some(isOtherShape));
    const meant = fitting.length === 1 ? fitting[0] : undefined;
    if (meant !== undefined) return meant.flatMap((inner) => sentences(inner, path));
  }
  return [`${placeOf(path)}: ${issue.message}`];
}

/** A branch of a union that fails at its very root was not meant. */
function isOtherShape(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}

/** `spot_advisor["c5.large@ap-south-1a"].code`: keys that hold dots or signs stand in quotes. */
function placeOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'document';
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const text = String(part);
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return `[${JSON.stringify(text)}]`;
      return index === 0 ? text : `.${text}`;
    })
    .join('');
}
