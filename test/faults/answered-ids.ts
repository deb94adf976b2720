/** Field 1 of each option in field 1 of a BestOptionsResponse; ids are short enough for one-byte lengths or not. */
export function answeredIds(reply: Uint8Array): readonly string[] {
  const text = new TextDecoder('utf-8', { fatal: true });
  const ids: string[] = [];
  let at = 0;
  const length = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = reply[at++];
      if (byte === undefined || shift > 28) throw new Error('the answer is cut off');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const mustBe = (tag: number): void => {
    if (reply[at++] !== tag) throw new Error('the answer holds something else than options with their ids');
  };
  while (at < reply.length) {
    mustBe(0x0a);
    const end = length() + at;
    mustBe(0x0a);
    const idEnd = length() + at;
    if (idEnd !== end || end > reply.length)
      throw new Error('an option of the answer holds more than its id');
    ids.push(text.decode(reply.subarray(at, end)));
    at = end;
  }
  return ids;
}

/** What is wrong with an answer; undefined when it is legal: ids of the request only, each once, at least one. */
export function faultOfAnswer(ids: readonly string[], asked: ReadonlySet<string>): string | undefined {
  if (ids.length === 0) return 'an empty answer';
  if (new Set(ids).size !== ids.length) return 'an id twice';
  const foreign = ids.find((id) => !asked.has(id));
  return foreign === undefined ? undefined : `an id that was not asked: ${foreign}`;
}
