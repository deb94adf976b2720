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
])
  setFlagsFromString(flag);
