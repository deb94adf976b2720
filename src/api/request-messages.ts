import { evaluateQuestion, rankQuestion } from './asked-questions.ts';

/**
 * A request in JSON as a message for another process: the proto knows one spelling of each name, and a serialiser drops a field
 * that it does not know without a word, so the request is read here first.
 * @throws InvalidRequest
 */
export function rankRequestMessage(request: unknown): object {
  const question = rankQuestion(request);
  const { pools, node_groups: groups, ...rest } = asFields(request);
  return {
    ...rest,
    ...(question.kind === 'pools' && { pools: listOf(pools).map(withProtoNames) }),
    ...(question.kind === 'groups' && { node_groups: listOf(groups).map(withProtoNames) }),
  };
}

/** @throws InvalidRequest */
export function evaluateRequestMessage(request: unknown): object {
  const { signal } = evaluateQuestion(request);
  return { ...asFields(request), aws_signal: signal };
}

function withProtoNames(given: unknown): object {
  if (typeof given === 'string') return { pool: given };
  const fields = asFields(given);
  const { capacity_type: capacityType } = fields;
  if (typeof capacityType !== 'string') return fields;
  return { ...fields, capacity_type: capacityType.toUpperCase().replace('-', '_') };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
