const shown = 20;

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Sentences with their place in the document; at most twenty, then how many more there are. */
export function mistakesOf(issues: readonly Issue[]): readonly string[] {
  const named = issues.slice(0, shown).map((issue) => `${placeOf(issue.path)}: ${issue.message}`);
  return issues.length > shown ? [...named, `and ${issues.length - shown} more`] : named;
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
