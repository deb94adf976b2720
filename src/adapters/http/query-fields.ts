import { InvalidRequest, type RequestMistake } from '../../errors/invalid-request.ts';

export type QueryFieldKind = 'text' | 'number' | 'yes-no';

/**
 * A query as the JSON object that the API takes over gRPC; an empty value counts as left out.
 * @throws InvalidRequest for a number that is none, a field that stands twice, and anything but true or false for `yes-no`.
 */
export function queryFields(
  query: URLSearchParams,
  kinds: Readonly<Record<string, QueryFieldKind>>,
): Readonly<Record<string, unknown>> {
  const mistakes: RequestMistake[] = [];
  const read = (name: string, text: string): unknown => {
    if (query.getAll(name).length > 1) mistakes.push({ path: name, message: 'stands more than once' });
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : 'text';
    if (kind === 'number') {
      if (/^\d{1,9}$/.test(text)) return Number(text);
      mistakes.push({ path: name, message: `must be a whole number, not ${JSON.stringify(text)}` });
    }
    if (kind === 'yes-no') {
      if (text === 'true' || text === 'false') return text === 'true';
      mistakes.push({ path: name, message: `must be true or false, not ${JSON.stringify(text)}` });
    }
    return text;
  };
  const fields = [...query].filter(([, text]) => text !== '').map(([name, text]) => [name, read(name, text)]);
  if (mistakes.length > 0) throw new InvalidRequest(mistakes);
  return Object.fromEntries(fields) as Readonly<Record<string, unknown>>;
}
