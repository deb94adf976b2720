const digits = '0123456789abcdefghjkmnpqrstvwxyz';
const timeDigits = 9;
const orderDigits = 4;
const orders = 32 ** orderDigits;
/** Room to ascend within one millisecond before the next is borrowed. */
const roomToAscend = 16_384;

/**
 * Ids of 14 characters such as `01k9z3q8w-4f7k`: nine base-32 digits of the millisecond, then four that start anywhere and
 * ascend within it. They sort by time as text, also when the clock is set back, and two servers do not collide in practice.
 * `random` gives 0 ≤ x < 1.
 */
export function decisionIds(nowMs: () => number, random: () => number): () => string {
  let atMs = -1;
  let order = 0;
  return () => {
    const now = Math.max(nowMs(), atMs);
    if (now === atMs) order += 1;
    else order = Math.floor(random() * (orders - roomToAscend));
    atMs = now;
    if (order >= orders) {
      atMs += 1;
      order = 0;
    }
    return `${base32(atMs, timeDigits)}-${base32(order, orderDigits)}`;
  };
}

function base32(value: number, width: number): string {
  let text = '';
  let rest = Math.floor(value);
  for (let index = 0; index < width; index += 1) {
    text = `${digits.charAt(rest % 32)}${text}`;
    rest = Math.floor(rest / 32);
  }
  return text;
}
