/** What other engines read in an expression and JavaScript's reads as plain letters. */
const foreign: readonly { readonly found: RegExp; readonly instead: string }[] = [
  {
    found: /\[\[:\^?\w+:\]/,
    instead:
      'is a POSIX class elsewhere, and here the letters of its name: write [0-9A-Za-z] or what it stands for',
  },
  { found: /(?<!\\)(?:\\\\)*\\A/, instead: 'is the letter A here: write ^ for the beginning' },
  { found: /(?<!\\)(?:\\\\)*\\[zZ]/, instead: 'is the letter z or Z here: write $ for the end' },
  {
    found: /(?<!\\)(?:\\\\)*\\[QE]/,
    instead: 'is the letter Q or E here: write a backslash before each special character',
  },
  {
    found: /(?<!\\)(?:\\\\)*\\[pP](?:\{\w+\}|[A-Z])/,
    instead: 'is the letter p or P here: write the characters, such as [a-z]',
  },
  { found: /(?<!\\)(?:\\\\)*\\[hHG]/, instead: 'is a plain letter here: write the characters' },
];

/** Why an expression that compiles cannot match as it is meant, one sentence for each reason. */
export function patternDoubts(source: string): readonly string[] {
  const doubts = foreign.flatMap(({ found, instead }) => {
    const text = found.exec(source)?.[0];
    return text === undefined ? [] : [`${text} ${instead}`];
  });
  // Without classes and escapes, an anchor beside a letter stands where no id begins or ends.
  const bare = source.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
  if (/[\w-]\^/.test(bare)) doubts.push('no id begins where ^ stands: there is something before it');
  if (/\$[\w-]/.test(bare)) doubts.push('no id ends where $ stands: there is something behind it');
  return doubts;
}
