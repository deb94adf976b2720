import { setFlagsFromString } from 'node:v8';

/*
 * A DaemonSet pays for memory on every node and has time: V8 is told so before any other module is compiled.
 * The optimizing compilers alone would bring 7 MB of their own code into memory.
 */
for (const flag of [
  '--optimize-for-size',
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--semi-space-growth-factor=1',
  // What has been run at the start only is dropped as code at the next collection, and compiled again should it be needed.
  '--bytecode-old-age=1',
])
  setFlagsFromString(flag);
