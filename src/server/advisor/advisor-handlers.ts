import type { SpotAdvisor } from '../../api/messages.ts';
import { withoutProtoDefaults } from '../../api/request-fields.ts';

/** Who calls, `address:port`. */
interface CalledBy {
  readonly peer: string;
}

function addressOf(call: CalledBy | undefined): string | undefined {
  return call?.peer.replace(/:\d+$/, '');
}

/** The methods of `spotadvisor.v1.SpotAdvisor` as functions of plain objects in the proto's field names. */
export function advisorHandlers(
  advisor: SpotAdvisor,
): Readonly<
  Record<
    'Rank' | 'Evaluate' | 'Explain' | 'ListPools',
    (request: unknown, call?: CalledBy) => Promise<object>
  >
> {
  return {
    Rank: (request, call) => advisor.rank(withoutProtoDefaults(request), addressOf(call)),
    Evaluate: (request, call) => advisor.evaluate(withoutProtoDefaults(request), addressOf(call)),
    Explain: (request) => advisor.explain(withoutProtoDefaults(request)),
    ListPools: (request) => advisor.listPools(withoutProtoDefaults(request)),
  };
}
