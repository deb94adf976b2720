import type {
  AnyDefinition,
  EnumTypeDefinition,
  MessageTypeDefinition,
  PackageDefinition,
} from '@grpc/proto-loader';
import { FieldCursor, wireType } from '../../wire/field-cursor.ts';

const file = { messageType: 4 } as const;
const message = { name: 1, field: 2, nestedType: 3, options: 7 } as const;
const field = { typeName: 6 } as const;
const options = { mapEntry: 7 } as const;

/**
 * The definition with the entry types of its map fields named as protoc names them, `NodeMapEntry`. The library's loader says
 * `NodeMap`, and readers of reflection that check names, grpcurl among them, refuse the whole file.
 */
export function withMapEntryNames(definition: PackageDefinition): PackageDefinition {
  return Object.fromEntries(
    Object.entries(definition).map(([name, one]) => [
      name,
      isType(one) ? { ...one, fileDescriptorProtos: one.fileDescriptorProtos.map(fileWithEntryNames) } : one,
    ]),
  );
}

function isType(one: AnyDefinition): one is MessageTypeDefinition<object, object> | EnumTypeDefinition {
  return 'format' in one;
}

interface Part {
  readonly number: number;
  /** The field with its tag. */
  readonly whole: Buffer;
  /** What a length-delimited field holds. */
  readonly content: Buffer | undefined;
}

function fileWithEntryNames(bytes: Buffer): Buffer {
  return changed(bytes, ({ number, content }) =>
    number === file.messageType && content !== undefined ? messageWithEntryNames(content) : undefined,
  );
}

function messageWithEntryNames(bytes: Buffer): Buffer {
  const entries = new Set(
    partsOf(bytes).flatMap(({ number, content }) =>
      number === message.nestedType && content !== undefined && isMapEntry(content) ? [nameOf(content)] : [],
    ),
  );
  const renamed = (part: Part): Buffer | undefined => {
    const name = part.content?.toString('utf8') ?? '';
    return entries.has(name) && !name.endsWith('Entry') ? Buffer.from(`${name}Entry`) : undefined;
  };
  return changed(bytes, ({ number, content }) => {
    if (content === undefined) return undefined;
    if (number === message.field)
      return changed(content, (part) => (part.number === field.typeName ? renamed(part) : undefined));
    if (number !== message.nestedType) return undefined;
    return isMapEntry(content)
      ? changed(content, (part) => (part.number === message.name ? renamed(part) : undefined))
      : messageWithEntryNames(content);
  });
}

function isMapEntry(bytes: Buffer): boolean {
  const found = partsOf(bytes).find(({ number }) => number === message.options)?.content;
  return found !== undefined && partsOf(found).some(({ number }) => number === options.mapEntry);
}

function nameOf(bytes: Buffer): string {
  return (
    partsOf(bytes)
      .find(({ number }) => number === message.name)
      ?.content?.toString('utf8') ?? ''
  );
}

/** The message with the contents that `change` returns in place of what was there; undefined leaves a field as it is. */
function changed(bytes: Buffer, change: (part: Part) => Buffer | undefined): Buffer {
  return Buffer.concat(
    partsOf(bytes).flatMap((part) => {
      const content = change(part);
      return content === undefined
        ? [part.whole]
        : [varint(part.number * 8 + wireType.bytes), varint(content.length), content];
    }),
  );
}

function partsOf(bytes: Buffer): readonly Part[] {
  const cursor = new FieldCursor(bytes);
  const found: { number: number; at: number; content: Buffer | undefined }[] = [];
  while (cursor.next()) {
    const content = cursor.type === wireType.bytes ? bytes.subarray(cursor.start, cursor.end) : undefined;
    found.push({ number: cursor.field, at: cursor.tagAt, content });
  }
  return found.map(({ number, at, content }, index) => ({
    number,
    whole: bytes.subarray(at, found[index + 1]?.at ?? bytes.length),
    content,
  }));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
