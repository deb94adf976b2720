export interface Room {
  readonly room: string;
  readonly may: readonly string[];
  readonly pure?: boolean;
  readonly holds: string;
}
export const rooms: readonly Room[];
/** What every wing may import. */
export const shared: readonly string[];
export const onePlacePackages: Readonly<Record<string, readonly string[]>>;
