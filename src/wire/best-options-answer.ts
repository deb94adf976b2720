const optionsTag = 0x0a;
const nodeGroupIdTag = 0x0a;

/**
 * A marshalled BestOptionsResponse that names each id once, in the given order. Nothing but ids is in it: the autoscaler reads nothing else,
 * and pods that are sent back would burst its 4 MiB limit.
 */
export function bestOptionsResponse(ids: readonly string[]): Uint8Array {
  const texts = [...new Set(ids)].map((id) => new TextEncoder().encode(id));
  const answer: Uint8Array[] = [];
  let size = 0;
  for (const text of texts) {
    const field = [nodeGroupIdTag, ...varint(text.length)];
    const head = Uint8Array.from([optionsTag, ...varint(field.length + text.length), ...field]);
    answer.push(head, text);
    size += head.length + text.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of answer) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}
