/** What an object costs beside what is in it, and each of its fields. */
const objectBytes = 32;
const fieldBytes = 8;

/**
 * What plain data holds in memory, in bytes, nearly: strings by their length, at two bytes a character where any needs them. Stops
 * counting beyond `enough`.
 */
export function heldBytes(value: unknown, enough = Infinity): number {
  const waiting: unknown[] = [value];
  let bytes = 0;
  while (waiting.length > 0 && bytes <= enough) {
    const one = waiting.pop();
    bytes += fieldBytes;
    if (typeof one === 'string') bytes += one.length * (isNarrow(one) ? 1 : 2);
    else if (typeof one === 'object' && one !== null) {
      bytes += objectBytes;
      // One by one: an array of a million elements must not be spread over the stack.
      for (const element of Object.values(one)) waiting.push(element);
    }
  }
  return bytes;
}

function isNarrow(text: string): boolean {
  // Long ones are taken to be wide: looking through them would cost more than counting them double.
  return text.length <= 256 && /^[\u0000-\u00ff]*$/.test(text); // eslint-disable-line no-control-regex
}

/** The same data with every string cut to `characters`; itself where none is longer. */
export function withShortStrings<Data>(value: Data, characters: number): Data {
  return shortened(value, characters) as Data;
}

function shortened(value: unknown, characters: number): unknown {
  if (typeof value === 'string') return value.length <= characters ? value : cut(value, characters);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list = value.map((one: unknown) => shortened(one, characters));
    return list.every((one, index) => one === value[index]) ? value : list;
  }
  const entries = Object.entries(value).map(([name, one]) => [name, shortened(one, characters)] as const);
  return entries.every(([name, one]) => one === Reflect.get(value, name))
    ? value
    : Object.fromEntries(entries);
}

/** A copy of the beginning: a slice would keep all of the text it is of. */
function cut(text: string, characters: number): string {
  return `${Buffer.from(text.slice(0, characters).toWellFormed()).toString()}… (${text.length} characters)`;
}
