import type { SameBytes } from '../../wire/same-bytes.ts';

/** {@link SameBytes} by the platform's memcmp. */
export const nativeSameBytes: SameBytes = (bytes, first, second, length) => {
  const whole = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return whole.compare(whole, first, first + length, second, second + length) === 0;
};
