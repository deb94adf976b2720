// The house as a graph: no circle, not even of types, and no import that goes up. The plan is walls.js.
import { rooms } from './walls.js';

const regexOf = (room) => `^src/${room.replace('*', '[^/]+')}/`;

/** One rule a room: whatever it may not import, its own files left out. */
const upward = rooms
  .filter(({ may }) => !may.includes('*'))
  .map(({ room, may, holds }) => ({
    name: `src/${room}`,
    comment: `${holds}: imports ${may.length === 0 ? 'nothing' : may.join(', ')}`,
    severity: 'error',
    // The group keeps one adapter from another.
    from: { path: room.endsWith('*') ? `^src/${room.slice(0, -2)}/([^/]+)/` : regexOf(room) },
    to: {
      path: '^src/',
      pathNot: [
        room.endsWith('*') ? `^src/${room.slice(0, -2)}/$1/` : regexOf(room),
        ...may.map((one) => regexOf(one)),
      ],
    },
  }));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'A circle has no bottom to begin reading at; move the one name that closes it.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphan',
      comment: 'Nobody imports this file and it starts nothing.',
      severity: 'error',
      from: {
        orphan: true,
        path: '^src/',
        pathNot: String.raw`/page/|\.d\.ts$`,
      },
      to: {},
    },
    ...upward,
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^src/',
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
    reporterOptions: {
      archi: {
        collapsePattern: '^src/(?:(?:server|offline)/[^/]+|[^/]+)',
        theme: { graph: { rankdir: 'TB', splines: 'true', ranksep: '0.6' } },
      },
    },
  },
};
