/** How a text is written down; anything but UTF-16 is read byte by byte, since names, times and prices are ASCII. */
export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be';

const looked = 64;

/** By its mark, and without one by the zeros that ASCII has in UTF-16. */
export function encodingOf(head: Uint8Array): TextEncoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const pairs = Math.min(looked, head.length) >> 1;
  if (pairs === 0) return 'utf-8';
  let even = 0;
  let odd = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    if (head[pair * 2] === 0) even += 1;
    if (head[pair * 2 + 1] === 0) odd += 1;
  }
  if (even === 0 && odd > pairs / 2) return 'utf-16le';
  return odd === 0 && even > pairs / 2 ? 'utf-16be' : 'utf-8';
}

/** Turns a stream of text into UTF-8 without a mark, piece by piece. */
export function utf8Bytes(encoding: TextEncoding): (piece: Uint8Array) => Uint8Array {
  if (encoding === 'utf-8') return withoutMark();
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  return (piece) => encoder.encode(decoder.decode(piece, { stream: true }));
}

function withoutMark(): (piece: Uint8Array) => Uint8Array {
  let isFirst = true;
  return (piece) => {
    if (!isFirst) return piece;
    isFirst = false;
    return piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf ? piece.subarray(3) : piece;
  };
}
