import { readFileSync } from 'node:fs';

/** One `grpcurl` line of the documents: what follows `$SERVER`, and the JSON of `-d`. */
export interface GrpcurlLine {
  readonly line: string;
  readonly data: string | undefined;
  /** `list`, `describe SYMBOL` or `package.Service/Method`. */
  readonly asks: string;
}

const documents = ['README.md', 'docs/api.md'] as const;

/** The lines of every fence that is marked `sh grpcurl`. */
export function grpcurlLines(): readonly GrpcurlLine[] {
  return documents.flatMap((document) => {
    const text = readFileSync(new URL(`../../../${document}`, import.meta.url), 'utf8');
    const fences = [...text.matchAll(/^```sh grpcurl\n(.*?)^```$/gms)].map(([, lines]) => lines ?? '');
    if (fences.length === 0) throw new Error(`${document} shows no grpcurl line`);
    return fences.flatMap((lines) => lines.trim().split('\n')).map((line) => grpcurlLine(line, document));
  });
}

function grpcurlLine(line: string, document: string): GrpcurlLine {
  const match = /^grpcurl -cacert \$CACERT (?:-d '([^']*)' )?\$SERVER (\S.*)$/.exec(line);
  if (match?.[2] === undefined) throw new Error(`${document} holds a line that is no grpcurl call: ${line}`);
  return { line: `${document}: ${line}`, data: match[1], asks: match[2] };
}
