import { setFlagsFromString } from 'node:v8';

/**
 * Received bytes reach us in pieces of 16 KiB that live outside of the JavaScript heap. By default V8 marks the whole heap for
 * every 64 MiB of such pieces, ten times in a request of 423 MB. Counted with the heap's own growth they are collected with it,
 * a quarter as often, which saves a third of the processor time of large requests. The flag is known to V8 13 (Node 24).
 */
export function countExternalMemoryWithTheHeap(): void {
  if (!process.versions.v8.startsWith('13.')) return;
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
