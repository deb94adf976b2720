import type { Verdict } from './verdict.ts';
import { modelName } from './walk-forward.ts';

/** What a model must lead in before it is published. */
const needed = [
  ['prAuc', 'PR-AUC'],
  ['brierSkill', 'Brier skill'],
] as const;

/** Sentences on where some baseline is as good as the model; none when it may be published. */
export function belowBaseline(verdict: Verdict): string[] {
  const model = verdict.judgements[modelName];
  if (model === undefined || verdict.unstableRows === 0)
    return ['the months it was tried on hold no unstable moment, so nothing shows what it is worth'];
  return Object.entries(verdict.judgements)
    .filter(([name]) => name !== modelName)
    .flatMap(([name, other]) =>
      needed
        .filter(([metric]) => !(model[metric].value > other[metric].value))
        .map(
          ([metric, title]) =>
            `its ${title} of ${model[metric].value.toFixed(4)} is not above that of "${name}", ${other[metric].value.toFixed(4)}`,
        ),
    );
}
