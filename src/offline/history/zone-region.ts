import { regionOfZone } from '../../decision/pool.ts';

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

const zoneId = /^(us-?g|[a-z]{2})(ne|nw|se|sw|n|e|s|w|c)(\d+)-az\d+$/;

/** `aps1-az1` is a zone id, the same in every account; `ap-south-1a` is a name, dealt out per account. */
export function isZoneId(zone: string): boolean {
  return zoneId.test(zone);
}

/** The region of a zone name or a zone id: `ap-south-1a`, `aps1-az1` → `ap-south-1`. */
export function regionOfAnyZone(zone: string): string | undefined {
  const named = regionOfZone(zone);
  if (named !== undefined) return named;
  const [, area, direction, number] = zoneId.exec(zone) ?? [];
  if (area === undefined || direction === undefined || number === undefined) return undefined;
  return `${area.startsWith('us') && area !== 'us' ? 'us-gov' : area}-${directions[direction] ?? direction}-${number}`;
}
