/** Positions of the scores, highest first; equal scores keep their order. NaN comes last. */
export function highestFirst(scores: Float32Array): Uint32Array {
  const count = scores.length;
  const keys = new Uint32Array(count);
  const bits = new Uint32Array(scores.slice().buffer);
  for (let index = 0; index < count; index += 1) {
    const value = bits[index] ?? 0;
    const ascending = value & 0x8000_0000 ? ~value : value | 0x8000_0000;
    keys[index] = Number.isNaN(scores[index]) ? 0xffff_ffff : ~ascending;
  }
  let order = Uint32Array.from({ length: count }, (_, index) => index);
  let spare = new Uint32Array(count);
  for (const shift of [0, 11, 22]) {
    const starts = new Uint32Array(2049);
    for (let index = 0; index < count; index += 1) {
      const digit = ((keys[index] ?? 0) >>> shift) & 2047;
      starts[digit + 1] = (starts[digit + 1] ?? 0) + 1;
    }
    for (let digit = 0; digit < 2048; digit += 1)
      starts[digit + 1] = (starts[digit + 1] ?? 0) + (starts[digit] ?? 0);
    for (const position of order) {
      const digit = ((keys[position] ?? 0) >>> shift) & 2047;
      const to = starts[digit] ?? 0;
      spare[to] = position;
      starts[digit] = to + 1;
    }
    [order, spare] = [spare, order];
  }
  return order;
}

/** The same order, the rows of each group together: `starts[g]` is where group g begins. */
export function groupedOrder(
  order: Uint32Array,
  groupOf: Uint32Array,
  groupCount: number,
): { readonly order: Uint32Array; readonly starts: Uint32Array } {
  const starts = new Uint32Array(groupCount + 1);
  for (const group of groupOf) starts[group + 1] = (starts[group + 1] ?? 0) + 1;
  for (let group = 0; group < groupCount; group += 1)
    starts[group + 1] = (starts[group + 1] ?? 0) + (starts[group] ?? 0);
  const next = starts.slice();
  const out = new Uint32Array(order.length);
  for (const position of order) {
    const group = groupOf[position] ?? 0;
    const to = next[group] ?? 0;
    out[to] = position;
    next[group] = to + 1;
  }
  return { order: out, starts };
}
