import { chanceFrom } from '../../learning/chance.ts';
import { drawnNormal } from './drawn-normal.ts';

const hourMs = 3_600_000;

/** How pools run short: what `simulate --traces` reads off availability traces. */
export interface DrySpells {
  /** 0..1 of the time that a pool of the mean hazard is short; others in proportion to theirs, since what is empty often interrupts often. */
  readonly share: number;
  /** Log-normal lengths. */
  readonly medianHours: number;
  readonly sigma: number;
  /** 0..1 of the short time, that in which nothing comes; in the rest a share of what is asked for, evenly from 0 to 1. */
  readonly empty: number;
}

/** At most so much of the time: a pool that is always short is none. */
const mostDry = 0.9;

interface Spell {
  readonly fromMs: number;
  readonly toMs: number;
  /** 0..1 of what is asked for. */
  readonly gives: number;
}

/** When which pool is short, and what it gives then: the same whoever asks. */
export class DryPools {
  readonly #spells: readonly (readonly Spell[])[];

  /** `hazards` of the pools by number, an hour; a pool without any is never short. */
  constructor(hazards: readonly number[], dry: DrySpells, seed: number, fromMs: number, toMs: number) {
    const risky = hazards.filter((hazard) => hazard > 0);
    const mean = risky.reduce((sum, hazard) => sum + hazard, 0) / risky.length;
    this.#spells = hazards.map((hazard, pool) =>
      hazard > 0 && dry.share > 0
        ? spellsOf(Math.min(mostDry, (dry.share * hazard) / mean), dry, seed, pool, fromMs, toMs)
        : [],
    );
  }

  /** How many of `asked` nodes the pool gives. */
  delivered(pool: number, asked: number, nowMs: number): number {
    const spell = this.#spells[pool]?.find(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs);
    return spell === undefined ? asked : Math.floor(spell.gives * asked);
  }
}

function spellsOf(
  share: number,
  { medianHours, sigma, empty }: DrySpells,
  seed: number,
  pool: number,
  fromMs: number,
  toMs: number,
): readonly Spell[] {
  const chance = chanceFrom(Math.imul(seed + 1, 0x2545f491) ^ Math.imul(pool + 1, 0x85ebca6b));
  chance();
  const meanHours = medianHours * Math.exp((sigma * sigma) / 2);
  const betweenHours = (meanHours * (1 - share)) / share;
  const spells: Spell[] = [];
  // It begins a while before, so that the first moment is like any other.
  let atMs = fromMs - 10 * (meanHours + betweenHours) * hourMs;
  for (;;) {
    atMs += -Math.log(1 - chance()) * betweenHours * hourMs;
    if (!(atMs < toMs)) return spells;
    const untilMs = atMs + medianHours * Math.exp(sigma * drawnNormal(chance)) * hourMs;
    const gives = chance() < empty ? 0 : chance();
    if (untilMs > fromMs) spells.push({ fromMs: atMs, toMs: untilMs, gives });
    atMs = untilMs;
  }
}
