/** Thrown in the pipeline, between two layers or within one, when the time for an answer is over. */
export class BudgetSpent extends Error {
  override readonly name = 'BudgetSpent';

  /** @param budgetMs what there was, milliseconds */
  constructor(budgetMs: number) {
    super(`the answer budget of ${budgetMs} ms is spent`);
  }
}
