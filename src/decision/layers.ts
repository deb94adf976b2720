/** The six layers in the order in which a context passes them. */
export const layers = ['input', 'static', 'risk', 'optimizer', 'reactive', 'actuator'] as const;

export type LayerName = (typeof layers)[number];

/**
 * Told when a layer begins and ends, and every now and then `within` it: the runner owns the clock, the pipeline has none. What it
 * throws at the begin or within ends the decision at once, and all ids are answered.
 */
export type Observe = (layer: LayerName, phase: 'begin' | 'within' | 'end') => void;
