import { messageOf } from '../../errors/message-of.ts';
import type { ListenAddress } from '../../config/value-types.ts';

/** What a flag's address could not be had for, and what to do about it; errors of another kind as they are. */
export function addressError(flag: string, address: ListenAddress, error: unknown): Error {
  const why = messageOf(error);
  const sentence = sentences.find(({ sign }) => sign.test(why))?.sentence;
  if (sentence === undefined) return error instanceof Error ? error : new Error(why);
  return new Error(`${flag} ${shown(address)} ${sentence} (${flag} with port 0 takes a free one)`, {
    cause: error,
  });
}

const sentences = [
  { sign: /EADDRINUSE/, sentence: 'is taken by another process: end that one or give another address' },
  { sign: /EACCES/, sentence: 'may not be listened on by this user: give a port of 1024 or above' },
  { sign: /EADDRNOTAVAIL/, sentence: 'is no address of this machine: give one that is' },
  {
    sign: /ENOTFOUND|EAI_AGAIN/,
    sentence: 'names a host that cannot be found: give an address of this machine',
  },
] as const;

/** As the flag is written: an IPv6 host in brackets. */
function shown({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
