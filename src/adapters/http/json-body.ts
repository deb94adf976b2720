import type { IncomingMessage } from 'node:http';
import { InvalidRequest } from '../../errors/invalid-request.ts';
import { messageOf } from '../../errors/message-of.ts';
import { HttpFault } from './http-fault.ts';

/**
 * The JSON body of a request of at most `maxBytes`.
 * @throws HttpFault 415 for another content type or encoding, 413 beyond the limit; InvalidRequest when it is not JSON.
 */
export async function jsonBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  // A form, or a body of no type, is what a page of another site can make a browser send without being asked.
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw new HttpFault(
      415,
      `the body must be application/json, not ${type ?? 'of no type'}; with curl: -H 'content-type: application/json'`,
      { accept: 'application/json', connection: 'close' },
    );
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new HttpFault(415, `the body must not be encoded (content-encoding: ${encoding})`);
  const text = decodedText(await boundedBody(request, maxBytes));
  if (text.trim() === '')
    throw new InvalidRequest([{ path: '', message: 'the body is empty; send a JSON object' }]);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const why = messageOf(error);
    throw new InvalidRequest([{ path: '', message: `the body is not JSON: ${why}` }], { cause: error });
  }
}

async function boundedBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () =>
    // The rest of the body is not read: the connection cannot be used again.
    new HttpFault(413, `the body is larger than ${maxBytes} bytes`, { connection: 'close' });
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving an ordinary iterator early would destroy the socket and the 413 with it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function decodedText(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    throw new InvalidRequest([{ path: '', message: 'the body is not UTF-8' }], { cause: error });
  }
}
