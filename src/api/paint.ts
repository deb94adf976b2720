/** What a part of a text is for the reader; a terminal shows it in a colour or a weight. */
export type Tone = 'chosen' | 'strong' | 'faint' | 'warning';

export type Paint = (tone: Tone, text: string) => string;

/** For files, pipes and terminals without colour. */
export const unpainted: Paint = (_tone, text) => text;
