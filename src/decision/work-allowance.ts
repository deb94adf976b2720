/**
 * How much may be done before an answer goes without: counted in steps, since the pipeline has no clock and equal questions are
 * to be answered equally.
 */
export class WorkAllowance {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** Takes so many steps; false from when there are not enough of them on. */
  takes(steps: number): boolean {
    this.#left -= steps;
    return this.#left >= 0;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }
}
