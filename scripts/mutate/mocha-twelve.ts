/**
 * Loaded before Stryker: its runner for mocha asks for files of mocha's command line without their endings, and since mocha 12
 * these are .cjs. To be deleted when the runner finds them itself.
 */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    next(/mocha\/lib\/cli\/[a-z-]+$/.test(specifier) ? `${specifier}.cjs` : specifier, context),
});
