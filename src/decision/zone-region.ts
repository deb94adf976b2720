const directions: Readonly<Record<string, string>> = {
  n: 'north',
  ne: 'northeast',
  e: 'east',
  se: 'southeast',
  s: 'south',
  sw: 'southwest',
  w: 'west',
  nw: 'northwest',
  c: 'central',
};

/** A region, and behind it the letter of a zone, a Local Zone (`-bos-1a`) or a Wavelength Zone (`-wl1-bos-wlz-1`). */
const zoneName = /^([a-z]{2,}(?:-[a-z]+)+-\d+)(?:[a-z]|-[a-z]+-\d+[a-z]|-wl\d+-[a-z]+-wlz-?\d+)?$/;

/** A region in short (`usw2`), then the place of a Local Zone (`-lax1`) or a Wavelength Zone (`-wl1-bos`), then the zone. */
const zoneId = /^(us-?g|[a-z]{2})(ne|nw|se|sw|n|e|s|w|c)(\d+)(?:-[a-z]+\d*)*-(?:az|wlz)\d+$/;

/** `aps1-az1` is a zone id, the same in every account; `ap-south-1a` is a name, dealt out per account. */
export function isZoneId(zone: string): boolean {
  return zoneId.test(zone);
}

/**
 * The region of a zone name or a zone id: `ap-south-1a`, `aps1-az1` → `ap-south-1`; `us-west-2-lax-1a`, `usw2-lax1-az1` →
 * `us-west-2`; `us-east-1-wl1-bos-wlz-1`, `use1-wl1-bos-wlz1` → `us-east-1`; a region's own name stands for itself. Undefined for
 * anything else.
 */
export function regionOfZone(zone: string): string | undefined {
  const named = zoneName.exec(zone)?.[1];
  if (named !== undefined) return named;
  const [, area, direction, number] = zoneId.exec(zone) ?? [];
  if (area === undefined || direction === undefined || number === undefined) return undefined;
  return `${area.length > 2 ? 'us-gov' : area}-${directions[direction] ?? direction}-${number}`;
}
