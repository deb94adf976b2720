import type { IncomingMessage } from 'node:http';

/* How much of an answer's body is held. */

/** @throws Error when it is longer than `maxBytes`. */
export async function wholeText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const beginningBytes = 64 * 1024;

/**
 * The body when it is short. A longer one, such as the whole pod with which a deletion is answered, is read to its end and
 * dropped, so that the connection can be used again; undefined.
 */
export async function beginningOf(response: IncomingMessage): Promise<string | undefined> {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= beginningBytes) chunks.push(chunk);
    else chunks = [];
  }
  return size <= beginningBytes ? Buffer.concat(chunks).toString('utf8') : undefined;
}

/** @throws Error when one line is longer than `maxBytes`. */
export async function* linesOf(response: IncomingMessage, maxBytes: number): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response as AsyncIterable<string>) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > maxBytes) throw new Error('a watch event is too large');
    for (const part of parts) if (part !== '') yield part;
  }
}

/** Undefined for what is no JSON. */
export function parsedJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
