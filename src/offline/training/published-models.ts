import type { ModelCard } from '../../formats/model-card.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import { UsageError } from '../../errors/usage-error.ts';

/** A model and what stands beside it, ready to be put where servers look. */
export interface Publication {
  /** `family-stress-12h`. */
  readonly name: string;
  readonly card: ModelCard;
  /** By file name: the model, and those of single families. */
  readonly models: ReadonlyMap<string, Uint8Array>;
  /** By file name: what people read. */
  readonly reports: ReadonlyMap<string, string>;
}

const archive = 'archive';

/**
 * Replaces the model of that name; the one before is kept under `archive/NAME/VERSION/`. The card goes last: it names the
 * hashes, so a reader that comes in between finds that the two do not fit, keeps what it has, and asks again.
 */
export async function publish(
  store: ObjectStore,
  publication: Publication,
  signal: AbortSignal,
): Promise<void> {
  const { name, card, models, reports } = publication;
  await archived(store, name, signal);
  const encoder = new TextEncoder();
  for (const [file, text] of reports) await store.put(file, encoder.encode(text), signal);
  for (const [file, bytes] of models) await store.put(file, bytes, signal);
  await store.put(cardName(name), encoder.encode(`${JSON.stringify(card, null, 1)}\n`), signal);
}

/** The versions of a model that can be returned to, oldest first. */
export async function archivedVersions(
  store: ObjectStore,
  name: string,
  signal: AbortSignal,
): Promise<string[]> {
  const found = await store.list(`${archive}/${name}/`, signal);
  const versions = found.map(({ key }) => key.split('/')[2] ?? '').filter((version) => version !== '');
  return [...new Set(versions)].sort();
}

/**
 * Puts an archived version back; the version that was current is archived in turn, so that a rollback can be rolled back by
 * naming it.
 * @throws UsageError when there is no such version.
 */
export async function rollBack(
  store: ObjectStore,
  name: string,
  version: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const versions = await archivedVersions(store, name, signal);
  const current = await currentVersion(store, name, signal);
  const older = versions.filter((one) => current === undefined || one < current);
  const wanted = version ?? older.at(-1);
  if (wanted === undefined || !versions.includes(wanted))
    throw new UsageError([
      versions.length === 0
        ? `no version of ${name} is archived at ${store.location}`
        : `${version === undefined ? `no version older than ${current ?? 'the current one'} is archived` : `version ${version} is not archived`}: there are ${versions.join(', ')}`,
    ]);
  await archived(store, name, signal);
  const prefix = `${archive}/${name}/${wanted}/`;
  const files = (await store.list(prefix, signal)).map(({ key }) => key.slice(prefix.length));
  // The card last, as in publishing.
  const cardLast = files.sort((a, b) => Number(a === cardName(name)) - Number(b === cardName(name)));
  for (const file of cardLast) await copy(store, prefix + file, file, signal);
  return wanted;
}

async function archived(store: ObjectStore, name: string, signal: AbortSignal): Promise<void> {
  const version = await currentVersion(store, name, signal);
  if (version === undefined) return;
  const files = (await store.list('', signal)).map(({ key }) => key).filter((key) => belongs(key, name));
  for (const file of files) await copy(store, file, `${archive}/${name}/${version}/${file}`, signal);
}

function belongs(key: string, name: string): boolean {
  return !key.includes('/') && (key.startsWith(`${name}.`) || key.startsWith(`${name}--`));
}

async function currentVersion(
  store: ObjectStore,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const reading = await store.read(cardName(name), undefined, signal);
  if (reading.kind !== 'changed') return undefined;
  const card: unknown = JSON.parse(new TextDecoder().decode(reading.bytes));
  const version = typeof card === 'object' && card !== null && 'version' in card ? card.version : undefined;
  return typeof version === 'string' ? version.replaceAll(/[^A-Za-z0-9._-]/g, '-') : undefined;
}

async function copy(store: ObjectStore, from: string, to: string, signal: AbortSignal): Promise<void> {
  const reading = await store.read(from, undefined, signal);
  if (reading.kind === 'changed') await store.put(to, reading.bytes, signal);
}

function cardName(name: string): string {
  return `${name}.card.json`;
}
