/** Loaded before the specs: properties try the same values in every run, or one mutant would die of luck and another live of it. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 20_261 });
