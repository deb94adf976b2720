import { SourceUnavailable } from '../../errors/source-unavailable.ts';
import type { CapacityWish, OpenedCapacity } from '../../ports/capacity-manager.ts';

export type CapacityManagerState =
  /** Nobody enabled it in this region. */
  | { readonly kind: 'disabled' }
  /** The service does not know it there. */
  | { readonly kind: 'unsupported' }
  /** Enabled, and nothing is there yet. */
  | { readonly kind: 'ingesting'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }
  | {
      readonly kind: 'enabled';
      readonly organization: boolean;
      readonly earliestMs: number;
      readonly latestMs: number;
    };

/** The two questions that have to do with one region. */
export interface RegionalManager {
  readonly state: (homeRegion: string, signal: AbortSignal) => Promise<CapacityManagerState>;
  readonly enable: (homeRegion: string, organization: boolean, signal: AbortSignal) => Promise<void>;
}

/**
 * Finds the region in which EC2 Capacity Manager is enabled, and enables it when asked to.
 * @throws SourceUnavailable for what passes by itself: throttling, time-outs, faults.
 */
export async function openedCapacity(
  manager: RegionalManager,
  { homeRegions, enable, organization }: CapacityWish,
  signal: AbortSignal,
): Promise<OpenedCapacity> {
  const states: (readonly [string, CapacityManagerState])[] = [];
  try {
    for (const homeRegion of homeRegions) {
      const state = await manager.state(homeRegion, signal);
      if (state.kind === 'enabled') return { ...state, kind: 'open', homeRegion };
      states.push([homeRegion, state]);
      if (state.kind === 'ingesting' || state.kind === 'failed') break;
    }
    const waiting = states.find(([, { kind }]) => kind === 'ingesting' || kind === 'failed');
    const able = states.find(([, { kind }]) => kind === 'disabled');
    if (waiting === undefined && able !== undefined && enable) {
      await manager.enable(able[0], organization, signal);
      return { kind: 'absent', sentence: enabledSentence(able[0]) };
    }
    return { kind: 'absent', sentence: absentSentence(waiting ?? able ?? states[0], homeRegions) };
  } catch (error) {
    const isLasting =
      error instanceof SourceUnavailable && (error.reason === 'denied' || error.reason === 'no-credentials');
    if (!isLasting) throw error;
    return { kind: 'not-allowed', sentence: `Without EC2 Capacity Manager. ${error.message}` };
  }
}

function enabledSentence(region: string): string {
  return `EC2 Capacity Manager is enabled in ${region} now. Its first hours come within some hours: the next run reads them.`;
}

function absentSentence(
  found: readonly [string, CapacityManagerState] | undefined,
  asked: readonly string[],
): string {
  const [region, state] = found ?? ['', { kind: 'unsupported' as const }];
  switch (state.kind) {
    case 'ingesting':
      return `EC2 Capacity Manager is enabled in ${region} and takes in its first hours${quoted(state.message)}: a later run reads them.`;
    case 'failed':
      return `EC2 Capacity Manager in ${region} could not take in the account's hours${quoted(state.message)}: look at it in the EC2 console.`;
    case 'unsupported':
      return `EC2 has no Capacity Manager in ${asked.join(', ')}: name the region where it is enabled with --capacity-manager-region.`;
    case 'disabled':
    case 'enabled':
      return `EC2 Capacity Manager is not enabled in ${asked.join(', ')}: AWS's own record of the account's Spot hours and interruptions is missing. It costs nothing: enable it once with spot-expander collect --enable-capacity-manager, or name the region where it is enabled with --capacity-manager-region.`;
  }
}

function quoted(message: string): string {
  return message === '' ? '' : ` (${message})`;
}
