/** Renders the chart with helm 3 and helm 4 and holds what comes out against what it promises. Ends with `N passed, N failed, N skipped`. */
import { helmTools } from './helm-tools.ts';
import { closeWith, mochaSuite } from './mocha-suite.ts';

const tools = helmTools();
if (typeof tools === 'string') {
  console.log(`skipped: ${tools}`);
  closeWith({ passed: 0, failed: 0, skipped: 1 });
} else closeWith(await mochaSuite(['test/chart/**/*.spec.ts']));
