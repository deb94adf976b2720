import type { LabelRequirement, PreferredNodeTerm, SpreadPreference } from '../decision/scale-up-request.ts';
import { FieldCursor, wireType } from './field-cursor.ts';
import type { TextReader } from './text.ts';

const operators: Readonly<Record<string, LabelRequirement['operator']>> = {
  In: 'In',
  NotIn: 'NotIn',
  Exists: 'Exists',
  DoesNotExist: 'DoesNotExist',
  Gt: 'Gt',
  Lt: 'Lt',
};

/** What a pod would like but does not insist on: preferred node affinity and `ScheduleAnyway` spread. */
export class PodPreferenceReader {
  readonly #texts: TextReader;
  readonly #affinity: FieldCursor;
  readonly #nodeAffinity: FieldCursor;
  readonly #term: FieldCursor;
  readonly #preference: FieldCursor;
  readonly #requirement: FieldCursor;

  constructor(bytes: Uint8Array, texts: TextReader) {
    this.#texts = texts;
    this.#affinity = new FieldCursor(bytes);
    this.#nodeAffinity = new FieldCursor(bytes);
    this.#term = new FieldCursor(bytes);
    this.#preference = new FieldCursor(bytes);
    this.#requirement = new FieldCursor(bytes);
  }

  /** The preferred terms of an Affinity message; undefined when it does not parse. */
  preferredTerms(start: number, end: number): readonly PreferredNodeTerm[] | undefined {
    const terms: PreferredNodeTerm[] = [];
    const affinity = this.#affinity;
    affinity.enter(start, end);
    while (affinity.next()) {
      if (affinity.field !== 1 || affinity.type !== wireType.bytes) continue;
      const node = this.#nodeAffinity;
      node.enter(affinity.start, affinity.end);
      while (node.next()) {
        if (node.field !== 2 || node.type !== wireType.bytes) continue;
        const term = this.#preferredTerm(node.start, node.end);
        if (term === undefined) return undefined;
        if (term.weight > 0 && term.requirements.length > 0) terms.push(term);
      }
      if (node.broken) return undefined;
    }
    return affinity.broken ? undefined : terms;
  }

  #preferredTerm(start: number, end: number): PreferredNodeTerm | undefined {
    let weight = 0;
    let requirements: readonly LabelRequirement[] | undefined = [];
    const term = this.#term;
    term.enter(start, end);
    while (term.next()) {
      if (term.field === 1 && term.type === wireType.varint) weight = Math.min(term.int32, 100);
      else if (term.field === 2 && term.type === wireType.bytes) {
        requirements = this.#requirements(term.start, term.end);
        if (requirements === undefined) return undefined;
      }
    }
    return term.broken ? undefined : { weight, requirements };
  }

  /** Empty when the term can match no node that does not exist yet: it matches on fields, or by an operator unknown to us. */
  #requirements(start: number, end: number): readonly LabelRequirement[] | undefined {
    const requirements: LabelRequirement[] = [];
    let matchable = true;
    const preference = this.#preference;
    preference.enter(start, end);
    while (preference.next()) {
      if (preference.type !== wireType.bytes) continue;
      if (preference.field === 2) matchable = false;
      if (preference.field !== 1) continue;
      const requirement = this.#labelRequirement(preference.start, preference.end);
      if (requirement === 'broken') return undefined;
      if (requirement === 'unknown operator') matchable = false;
      else requirements.push(requirement);
    }
    if (preference.broken) return undefined;
    return matchable ? requirements : [];
  }

  #labelRequirement(start: number, end: number): LabelRequirement | 'broken' | 'unknown operator' {
    let key = '';
    let operator = '';
    const values: string[] = [];
    const requirement = this.#requirement;
    requirement.enter(start, end);
    while (requirement.next()) {
      if (requirement.type !== wireType.bytes) continue;
      const text = this.#texts.at(requirement.start, requirement.end);
      if (requirement.field === 1) key = text;
      else if (requirement.field === 2) operator = text;
      else if (requirement.field === 3) values.push(text);
    }
    if (requirement.broken) return 'broken';
    const known = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
    return known === undefined ? 'unknown operator' : { key, operator: known, values };
  }

  /** A TopologySpreadConstraint, `required` when it is not a preference; undefined when it does not parse. */
  spread(start: number, end: number): SpreadPreference | 'required' | undefined {
    let maxSkew = 1;
    let topologyKey = '';
    let whenUnsatisfiable = '';
    const constraint = this.#requirement;
    constraint.enter(start, end);
    while (constraint.next()) {
      if (constraint.field === 1 && constraint.type === wireType.varint) {
        maxSkew = Math.max(constraint.int32, 1);
      } else if (constraint.type === wireType.bytes) {
        if (constraint.field === 2) topologyKey = this.#texts.at(constraint.start, constraint.end);
        else if (constraint.field === 3) whenUnsatisfiable = this.#texts.at(constraint.start, constraint.end);
      }
    }
    if (constraint.broken) return undefined;
    return whenUnsatisfiable === 'ScheduleAnyway' ? { topologyKey, maxSkew } : 'required';
  }
}
