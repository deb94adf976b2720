import type { Drill } from '../drill.ts';
import { staticData } from './static-data.ts';

/** In the order of the table. */
export const allDrills: readonly Drill[] = [staticData];
