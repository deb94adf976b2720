/**
 * Zone ids name the same hardware in every account, zone names are dealt out per account. Knowledge is kept under names;
 * an id that a file, a node or a question uses is turned into this account's name for it.
 */
export interface ZoneNames {
  /** The name of a zone id that is known; anything else as it is. */
  readonly nameOf: (zone: string) => string;
}

/** What the account itself says outranks what a file says. */
export function zoneNames(
  fromFile: ReadonlyMap<string, string>,
  fromAccount: ReadonlyMap<string, string>,
): ZoneNames {
  const names = new Map<string, string>();
  const spokenFor = new Set(fromAccount.keys());
  for (const [name, id] of fromFile) if (!spokenFor.has(name)) names.set(id, name);
  for (const [name, id] of fromAccount) names.set(id, name);
  return { nameOf: (zone) => names.get(zone) ?? zone };
}
