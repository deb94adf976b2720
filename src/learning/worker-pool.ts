/** Threads that walk through one computation side by side, each with its share of the rows. */
export interface WorkerPool {
  /** 0 … size − 1. */
  readonly index: number;
  readonly size: number;
  /** Returns when every member has called it: what the others wrote before is then there to read. */
  readonly meet: () => void;
}

export const soloWorker: WorkerPool = { index: 0, size: 1, meet: () => undefined };

/** Two cells of a shared array: how many have arrived, and how often all have met. */
export const poolControlCells = 2;

const spins = 4000;

/** @param control zeroed, shared by all members, {@link poolControlCells} long. */
export function threadsOfPool(index: number, size: number, control: Int32Array): WorkerPool {
  const meet = (): void => {
    const round = Atomics.load(control, 1);
    if (Atomics.add(control, 0, 1) === size - 1) {
      Atomics.store(control, 0, 0);
      Atomics.add(control, 1, 1);
      Atomics.notify(control, 1);
      return;
    }
    for (let spin = 0; spin < spins; spin += 1) if (Atomics.load(control, 1) !== round) return;
    while (Atomics.load(control, 1) === round) Atomics.wait(control, 1, round);
  };
  return { index, size, meet };
}
