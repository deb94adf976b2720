import type { SpotAdvisor } from '../../api/messages.ts';
import { withoutProtoDefaults } from '../../api/request-fields.ts';

/** The methods of `spotadvisor.v1.SpotAdvisor` as functions of plain objects in the proto's field names. */
export function advisorHandlers(
  advisor: SpotAdvisor,
): Readonly<Record<'Rank' | 'Evaluate' | 'Explain' | 'ListPools', (request: unknown) => Promise<object>>> {
  return {
    Rank: (request) => advisor.rank(withoutProtoDefaults(request)),
    Evaluate: (request) => advisor.evaluate(withoutProtoDefaults(request)),
    Explain: (request) => advisor.explain(withoutProtoDefaults(request)),
    ListPools: (request) => advisor.listPools(withoutProtoDefaults(request)),
  };
}
