/** The six layers in the order in which a cart passes them. */
export const layers = ['input', 'static', 'risk', 'optimizer', 'reactive', 'actuator'] as const;

export type LayerName = (typeof layers)[number];

/** Told when a layer begins and ends: the runner owns the clock, the pipeline has none. */
export type Observe = (layer: LayerName, phase: 'begin' | 'end') => void;
