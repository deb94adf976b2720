export interface Room {
  readonly room: string;
  readonly may: readonly string[];
  readonly pure?: boolean;
  readonly holds: string;
}
export const rooms: readonly Room[];
export const onePlacePackages: Readonly<Record<string, readonly string[]>>;
