import { readFileSync } from 'node:fs';

/** One `grpcurl` line of docs/api.md: what follows `$SERVER`, and the JSON of `-d`. */
export interface GrpcurlLine {
  readonly line: string;
  readonly data: string | undefined;
  /** `list`, `describe SYMBOL` or `package.Service/Method`. */
  readonly asks: string;
}

/** The lines of the fence that is marked `sh grpcurl`. */
export function grpcurlLines(): readonly GrpcurlLine[] {
  const text = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
  const fence = /^```sh grpcurl\n(.*?)^```$/ms.exec(text)?.[1] ?? '';
  return fence
    .trim()
    .split('\n')
    .map((line) => {
      const match = /^grpcurl -cacert \$CACERT (?:-d '([^']*)' )?\$SERVER (\S.*)$/.exec(line);
      if (match?.[2] === undefined)
        throw new Error(`docs/api.md holds a line that is no grpcurl call: ${line}`);
      return { line, data: match[1], asks: match[2] };
    });
}
