import { fileURLToPath } from 'node:url';

/** Files that come with the package, by their place beside `dist/` and `src/`. */
function bundled(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Static intelligence of ap-south-1, dated. */
export const bundledStaticData = bundled('data/ap-south-1.json');

/** The shipped model for the next twelve hours. */
export const bundledModel = bundled('models/family-stress-12h.onnx');

/** One BestOptionsRequest as cluster-autoscaler 1.35.2 sent it: nine node groups in ap-south-1, twenty pending pods. */
export const recordedScaleUp = bundled('data/recorded-scale-up.bin');
