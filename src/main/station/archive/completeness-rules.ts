import type { CompletenessEvidence, CompletenessMark, EvidenceKind } from '../../../shared/domain/study.ts';
import { EVIDENCE_KINDS } from '../../../shared/domain/study.ts';

/** Everything a study's completeness is judged by. */
export type CompletenessFacts = {
  readonly instances: number;
  readonly steps: { readonly inProgress: number; readonly completed: number; readonly discontinued: number };
  readonly notices: number;
  /** What MPPS and IAN name of the study. */
  readonly named: number;
  readonly awaited: number;
  /** How many instances an order, or the sender's own count, says there are; null where neither says. */
  readonly ordered: number | null;
  readonly countedAtSender: number | null;
  readonly associations: { readonly open: number; readonly released: number; readonly broken: number };
  /** Places that its volumes leave open; null where none can tell. Asked for only when nothing stronger decides. */
  readonly gaps: () => number | null;
};

/** What one kind of evidence says: all is here, not all is here, or nothing. */
type Opinion = 'complete' | 'not-yet' | 'silent';

type Rule = {
  readonly name: CompletenessEvidence['rule'];
  readonly opinion: (facts: CompletenessFacts) => Opinion;
};

const fulfils = (instances: number, expected: number | null): Opinion =>
  expected === null ? 'silent' : instances >= expected ? 'complete' : 'not-yet';

/** DESIGN §5.3 as a table: whichever of these is the first not to be silent decides, from the top of EVIDENCE_KINDS down. */
const RULES: Readonly<Record<EvidenceKind, Rule>> = {
  /**
   * Every step of the study has ended, one of them completed, and each instance that any of them names is here. A study
   * of which all steps were discontinued has only its quiet time. A modality that names nothing says nothing.
   */
  'performed-steps': {
    name: 'performed-steps-completed',
    opinion({ steps, named, awaited }) {
      if (steps.inProgress + steps.completed + steps.discontinued === 0) return 'silent';
      if (steps.inProgress > 0 || awaited > 0 || steps.completed === 0) return 'not-yet';
      return named === 0 ? 'silent' : 'complete';
    },
  },
  'availability-notices': {
    name: 'all-announced-here',
    opinion: ({ notices, named, awaited }) =>
      notices === 0 || named === 0 ? 'silent' : awaited > 0 ? 'not-yet' : 'complete',
  },
  order: { name: 'order-fulfilled', opinion: ({ instances, ordered }) => fulfils(instances, ordered) },
  'count-at-sender': {
    name: 'count-at-sender-reached',
    opinion: ({ instances, countedAtSender }) => fulfils(instances, countedAtSender),
  },
  'gapless-volume': {
    name: 'association-ended-gapless-volume',
    opinion: ({ associations: { open, released, broken }, gaps }) =>
      open === 0 && broken === 0 && released > 0 && gaps() === 0 ? 'complete' : 'silent',
  },
};

/** What the evidence that counts for a modality says: complete by a rule, or not yet (nothing says so, or something speaks against it). */
export type Verdict =
  | { readonly state: 'complete'; readonly by: EvidenceKind; readonly rule: CompletenessEvidence['rule'] }
  /** `isDenied`: something strong says that more is to come. */
  | { readonly state: 'not-yet'; readonly isDenied: boolean };

/** Judges a study by its facts and by nothing else: in whatever order they became known, the verdict is the same. */
export function judgeFacts(facts: CompletenessFacts, counts: readonly EvidenceKind[]): Verdict {
  for (const kind of EVIDENCE_KINDS) {
    if (!counts.includes(kind)) continue;
    const opinion = RULES[kind].opinion(facts);
    if (opinion === 'complete') return { state: 'complete', by: kind, rule: RULES[kind].name };
    if (opinion === 'not-yet') return { state: 'not-yet', isDenied: true };
  }
  return { state: 'not-yet', isDenied: false };
}

/** The rank of the rule that completed a study, 0 the strongest; quiet time is after all of them. */
export function rankOfRule(rule: CompletenessEvidence['rule'] | null): number {
  const rank = EVIDENCE_KINDS.findIndex((kind) => RULES[kind].name === rule);
  return rank === -1 ? EVIDENCE_KINDS.length : rank;
}

/** What speaks against all of it being here; of a study that is complete by a rule only what that rule did not settle. */
export function marksOf(facts: CompletenessFacts, verdict: Verdict, gaps: number | null): CompletenessMark[] {
  const { steps, associations, instances, named, awaited } = facts;
  const expected = Math.max(facts.ordered ?? 0, facts.countedAtSender ?? 0);
  const isSettled = verdict.state === 'complete';
  const marks: (CompletenessMark | false)[] = [
    !isSettled && associations.broken > 0 && { code: 'association-broken', count: associations.broken },
    steps.inProgress > 0 && { code: 'step-in-progress', count: steps.inProgress },
    steps.discontinued > 0 && { code: 'step-discontinued', count: steps.discontinued },
    awaited > 0
      ? { code: 'fewer-than-expected', expected: named, here: named - awaited }
      : expected > instances && { code: 'fewer-than-expected', expected, here: instances },
    !isSettled && gaps !== null && gaps > 0 && { code: 'volume-has-gaps', count: gaps },
  ];
  return marks.filter((mark) => mark !== false);
}
