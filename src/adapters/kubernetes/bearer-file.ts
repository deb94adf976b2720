import { readFile, stat } from 'node:fs/promises';

/**
 * `Bearer …` of a token file. A mounted token is replaced while we run: it is read again when its file has changed, and
 * always after a 401 (`fresh`).
 */
export function bearerFile(path: string): (fresh: boolean) => Promise<string> {
  let known: { readonly header: string; readonly changedMs: number } | undefined;
  return async (fresh) => {
    const changedMs = (await stat(path)).mtimeMs;
    if (known === undefined || fresh || known.changedMs !== changedMs)
      known = { header: `Bearer ${(await readFile(path, 'utf8')).trim()}`, changedMs };
    return known.header;
  };
}
