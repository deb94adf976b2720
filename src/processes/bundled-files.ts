import { fileURLToPath } from 'node:url';

/** Files that come with the package, by their place beside `dist/` and `src/`. */
function bundled(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/**
 * What is bundled of a region: for ap-south-1 a snapshot with Spot prices, for every other what a table of all regions tells of it,
 * bands and on-demand prices; each with the day that it is of.
 */
export function bundledStaticData(region: string): string {
  return bundled(region === 'ap-south-1' ? 'data/ap-south-1.json' : 'data/regions.csv.gz');
}

/** The shipped model for the next twelve hours. */
export const bundledModel = bundled('models/family-stress-12h.onnx');

/** One BestOptionsRequest as cluster-autoscaler 1.35.2 sent it: nine node groups in ap-south-1, twenty pending pods. */
export const recordedScaleUp = bundled('data/recorded-scale-up.bin');
