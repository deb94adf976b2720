import type { Admission, TurnedAway } from '../../ports/admission.ts';
import { ClientRate } from './client-rate.ts';

export interface AdmissionLimits {
  /** Questions of one client under way at once, and of all. */
  readonly openOfOneClient: number;
  readonly open: number;
  /** At once, and a second in the long run. */
  readonly burstOfOneClient: number;
  readonly perSecondOfOneClient: number;
  readonly burst: number;
  readonly perSecond: number;
}

/** A dashboard asks a dozen questions every ten seconds; a few people may sit behind one proxy. */
export const apiAdmissionLimits: AdmissionLimits = {
  openOfOneClient: 8,
  open: 24,
  burstOfOneClient: 100,
  perSecondOfOneClient: 20,
  burst: 200,
  perSecond: 60,
};

/** Prometheus in two or three replicas, and somebody with curl. */
export const probeAdmissionLimits: AdmissionLimits = {
  openOfOneClient: 2,
  open: 6,
  burstOfOneClient: 50,
  perSecondOfOneClient: 10,
  burst: 100,
  perSecond: 20,
};

const retryAfterMs = 1_000;

export function admission(limits: AdmissionLimits, nowMs: () => number = () => performance.now()): Admission {
  const ofClients = new ClientRate(limits.burstOfOneClient, limits.perSecondOfOneClient);
  const ofAll = new ClientRate(limits.burst, limits.perSecond);
  const open = new Map<string, number>();
  let allOpen = 0;
  const away = (why: string): TurnedAway => ({ isIn: false, retryAfterMs, why });
  return {
    enter: (client) => {
      const own = open.get(client) ?? 0;
      if (own >= limits.openOfOneClient) return away(`${own} questions of yours are still being answered`);
      if (allOpen >= limits.open) return away(`${allOpen} questions are still being answered`);
      if (!ofClients.admits(client, nowMs()))
        return away(`you ask more than ${limits.perSecondOfOneClient} questions a second`);
      if (!ofAll.admits('all', nowMs()))
        return away(`more than ${limits.perSecond} questions a second are asked`);
      allOpen += 1;
      open.set(client, own + 1);
      let isOver = false;
      return {
        isIn: true,
        left: () => {
          if (isOver) return;
          isOver = true;
          allOpen -= 1;
          const left = (open.get(client) ?? 1) - 1;
          if (left <= 0) open.delete(client);
          else open.set(client, left);
        },
      };
    },
  };
}
