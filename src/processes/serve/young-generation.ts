import { setFlagsFromString } from 'node:v8';

/**
 * Until {@link growUsually}: new objects share 1 MB. Loading modules and static data would make V8 enlarge that space to its
 * full 48 MB for objects that stay anyway, and it would keep it: a third of what an idle server weighs.
 */
export function startSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** V8's own growth again, for requests. */
export function growUsually(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
}
