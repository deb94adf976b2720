import * as z from 'zod';

interface Accepted {
  readonly text: string;
  /** Where the text is mostly examples: what is between the least and the most. */
  readonly range: string | undefined;
}

const acceptedValues = z.registry<Accepted>();

/** Says in words what a schema takes, for help texts and tables: `0 to 1`, `such as 5m or 6h`. */
export function takes<Schema extends z.ZodType>(text: string, schema: Schema, range?: string): Schema {
  acceptedValues.add(schema, { text, range });
  return schema;
}

/** What may be given, in words; undefined where the placeholder says it all. */
export function acceptedText(schema: z.ZodType): string | undefined {
  const inner = withoutOptional(schema);
  const text = acceptedValues.get(inner)?.text;
  if (text !== undefined) return text;
  const choices = choicesOf(inner);
  return choices === undefined ? undefined : joinedWithOr(choices);
}

/** The same without examples: `0 to 5s`; undefined where nothing is to be said beside the unit. */
export function acceptedRange(schema: z.ZodType): string | undefined {
  const accepted = acceptedValues.get(withoutOptional(schema));
  return accepted?.range ?? (accepted?.text.startsWith('such as') === true ? undefined : accepted?.text);
}

/** The words of a schema that takes one of some; undefined for any other. */
export function choicesOf(schema: z.ZodType): readonly string[] | undefined {
  const inner = withoutOptional(schema);
  if (inner instanceof z.ZodEnum) return inner.options.map(String);
  return inner instanceof z.ZodPipe && inner.out instanceof z.ZodEnum
    ? inner.out.options.map(String)
    : undefined;
}

export function joinedWithOr(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

function withoutOptional(schema: z.ZodType): z.ZodType {
  if (!(schema instanceof z.ZodOptional)) return schema;
  const inner: unknown = schema.unwrap();
  return inner instanceof z.ZodType ? inner : schema;
}
