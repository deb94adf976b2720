/** A message that has not come by then, or would not at its pace, gives way where memory is wanted. */
const wantedWithinMs = 10_000;
/** Nobody is judged slow before this. */
const graceMs = 500;
/** Small messages have room of their own beside large ones. */
const smallBytes = 256 * 1024;
const smallRoomBytes = 32 * 1024 * 1024;

export interface InFlightOptions {
  readonly limitBytes: number;
  /** Gives memory back that nobody needs now; told before anybody has to give way. */
  readonly onScarce?: () => void;
  /** Bytes that are kept without a call. */
  readonly keptBytes?: () => number;
  readonly nowMs?: () => number;
}

/**
 * One budget for every byte that calls hold: headers, messages that come in, what they inflate to, answers that are not read
 * yet; over all methods and connections. What is announced is reserved, so that no message begins that cannot end; a message
 * that is announced and does not come gives its room to one that does.
 */
export class BytesInFlight {
  readonly limitBytes: number;
  readonly #options: InFlightOptions;
  readonly #nowMs: () => number;
  readonly #coming = new Set<Holding>();
  #bytes = 0;

  constructor(options: InFlightOptions) {
    this.#options = options;
    this.limitBytes = options.limitBytes;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What one call holds; `giveWay` ends the call when its room is wanted, and must release it. */
  held(giveWay: () => void): Holding {
    return new Holding(giveWay, this.#nowMs(), {
      reserve: (holding, bytes) => this.#reserve(holding, bytes),
      release: (bytes) => (this.#bytes -= bytes),
      coming: (holding, isComing) => {
        if (isComing) this.#coming.add(holding);
        else this.#coming.delete(holding);
      },
    });
  }

  #reserve(holding: Holding, bytes: number): boolean {
    const room = bytes <= smallBytes ? smallRoomBytes : 0;
    const lacks = (): number =>
      this.#bytes + (this.#options.keptBytes?.() ?? 0) + bytes - this.limitBytes - room;
    if (lacks() > 0) this.#options.onScarce?.();
    if (lacks() > 0) this.#makeRoom(lacks, holding);
    if (lacks() > 0) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Ends the message that comes most slowly, if one is too slow; false where all come at a good pace. */
  endSlowest(): boolean {
    const [slowest] = this.#slow();
    slowest?.giveWay();
    return slowest !== undefined;
  }

  #makeRoom(lacks: () => number, wanting: Holding): void {
    for (const one of this.#slow()) {
      if (lacks() <= 0) return;
      if (one !== wanting) one.giveWay();
    }
  }

  /** Messages that come too slowly, the slowest first. */
  #slow(): readonly Holding[] {
    const nowMs = this.#nowMs();
    return [...this.#coming]
      .map((one) => ({ one, neededMs: one.neededMs(nowMs) }))
      .filter(({ neededMs }) => neededMs > wantedWithinMs)
      .sort((a, b) => b.neededMs - a.neededMs)
      .map(({ one }) => one);
  }
}

interface Budget {
  readonly reserve: (holding: Holding, bytes: number) => boolean;
  readonly release: (bytes: number) => void;
  readonly coming: (holding: Holding, isComing: boolean) => void;
}

/** The bytes of one call. */
export class Holding {
  readonly giveWay: () => void;
  readonly #budget: Budget;
  readonly #startedMs: number;
  #bytes = 0;
  #announcedBytes = 0;
  #arrivedBytes = 0;

  constructor(giveWay: () => void, startedMs: number, budget: Budget) {
    this.giveWay = giveWay;
    this.#startedMs = startedMs;
    this.#budget = budget;
  }

  /** False when there is no room; nothing is reserved then. */
  reserve(bytes: number): boolean {
    if (!this.#budget.reserve(this, bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Reserves a message that is to come; from now on this call gives way when it does not come. */
  announce(bytes: number): boolean {
    if (!this.reserve(bytes)) return false;
    this.#announcedBytes = bytes;
    this.#budget.coming(this, true);
    return true;
  }

  arrived(bytes: number): void {
    this.#arrivedBytes = bytes;
  }

  /** The message is whole: this call no longer gives way. */
  settled(): void {
    this.#budget.coming(this, false);
  }

  release(): void {
    this.#budget.coming(this, false);
    this.#budget.release(this.#bytes);
    this.#bytes = 0;
  }

  /** How long the message takes at the pace of its arrival so far. */
  neededMs(nowMs: number): number {
    const lastsMs = nowMs - this.#startedMs;
    if (lastsMs < graceMs) return 0;
    return (lastsMs * this.#announcedBytes) / Math.max(1, this.#arrivedBytes);
  }
}
