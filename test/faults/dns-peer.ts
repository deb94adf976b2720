import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A name server for one name, and what it does instead of answering. */
export interface DnsPeer {
  readonly address: string;
  /** `silent`: no answer ever comes. `failing`: SERVFAIL. */
  readonly behave: (how: 'well' | 'silent' | 'failing') => void;
  /** Questions heard so far. */
  readonly questions: () => number;
  readonly close: () => void;
}

const headerBytes = 12;
const typeA = 1;

/** Answers every question for an A record with 127.0.0.1 and every other with an empty answer. Needs port 53. */
export async function dnsPeer(address: string): Promise<DnsPeer> {
  const socket = createSocket('udp4');
  let how: 'well' | 'silent' | 'failing' = 'well';
  let questions = 0;
  socket.on('message', (question, from) => {
    questions += 1;
    if (how === 'silent' || question.length < headerBytes) return;
    socket.send(how === 'failing' ? failure(question) : answer(question), from.port, from.address);
  });
  socket.bind(53, address);
  await once(socket, 'listening');
  return {
    address,
    behave: (next) => (how = next),
    questions: () => questions,
    close: () => socket.close(),
  };
}

/** The question's bytes: name, type and class. */
function asked(question: Buffer): { readonly bytes: Buffer; readonly type: number } {
  let at = headerBytes;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) at += length + 1;
  return { bytes: question.subarray(headerBytes, at + 5), type: question.readUInt16BE(at + 1) };
}

function reply(question: Buffer, flags: number, answers: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(headerBytes);
  question.copy(header, 0, 0, 2);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, asked(question).bytes, ...answers]);
}

function failure(question: Buffer): Buffer {
  return reply(question, 0x8182, []);
}

function answer(question: Buffer): Buffer {
  const { type } = asked(question);
  // A pointer to the name, type A, class IN, no time to live, four bytes of address.
  const loopback = Buffer.from([0xc0, headerBytes, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
  return reply(question, 0x8180, type === typeA ? [loopback] : []);
}
