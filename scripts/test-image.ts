/** Builds the image and runs it as its own user on a read-only root. Ends with `N passed, N failed, N skipped`. */
import { missingImageTools } from './image/buildah.ts';
import { closeWith, mochaSuite } from './mocha-suite.ts';

const missing = missingImageTools();
if (missing !== undefined) {
  console.log(`skipped: ${missing}`);
  closeWith({ passed: 0, failed: 0, skipped: 1 });
} else closeWith(await mochaSuite(['test/image/**/*.spec.ts']));
