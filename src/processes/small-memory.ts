import { setFlagsFromString } from 'node:v8';

/* A DaemonSet pays for memory on every node and has time: V8 is told so before any other module is compiled. */
setFlagsFromString('--optimize-for-size');
