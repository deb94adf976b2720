import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { UsageError } from '../errors/usage-error.ts';
import { messageOf } from '../errors/message-of.ts';
import { setting, type RawSettings } from './setting.ts';
import { filePath } from './value-types.ts';

/** For commands that take a configuration file. */
export const configFileSettings = {
  config: setting(
    filePath.optional(),
    undefined,
    'file',
    'configuration file, YAML or JSON; flags and variables go before it',
  ),
} as const;

const maxBytes = 4 * 1024 * 1024;

/**
 * The top-level keys of a YAML (or JSON) configuration file.
 * @throws UsageError that names the file, the line and what is wrong.
 */
export function settingsFile(path: string): NonNullable<RawSettings['file']> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError([`${path} cannot be read: ${messageOf(error)}`], { cause: error });
  }
  if (text.length > maxBytes)
    throw new UsageError([`${path} is larger than 4 MiB and cannot be a configuration file`]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new UsageError(
      document.errors
        .slice(0, 10)
        .map((error) => `${path}:${lines.linePos(error.pos[0]).line}: ${error.message.split('\n')[0] ?? ''}`),
    );
  }
  const values: unknown = document.toJS({ maxAliasCount: 50 });
  if (values === null || values === undefined) return { path, values: {} };
  if (typeof values !== 'object' || Array.isArray(values))
    throw new UsageError([`${path} must hold keys and values, for example "grpc_listen: 0.0.0.0:9443"`]);
  return { path, values: { ...values } };
}
