import { apiDoorwayLimits, doorway } from '../../../src/adapters/doorway/doorway.ts';

/** For tests of what lies behind it: nobody is turned away. */
export const wideDoorway = doorway({
  limits: {
    ...apiDoorwayLimits,
    connections: 10_000,
    connectionsOfOneClient: 10_000,
    burstOfOneClient: 100_000,
    perSecondOfOneClient: 100_000,
  },
  hasHandshake: false,
});
