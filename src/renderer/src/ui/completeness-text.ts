import type { TFunction } from 'i18next';
import type { CompletenessEvidence, CompletenessMark, EvidenceSource } from '../../../shared/domain/study.ts';
import { formatSpan } from './duration.ts';

/** What speaks against a study being all there, in words with its numbers. */
export function markText(mark: CompletenessMark, t: TFunction): string {
  return t(`completenessMark.${mark.code}`, { ...mark });
}

/** What a study's completeness goes by, in words. */
export function ruleText({ rule, quietForMs }: CompletenessEvidence, t: TFunction): string {
  return t(`completenessRule.${rule}`, { span: formatSpan(quietForMs ?? 0) });
}

/** Who said how much there is of a study, in words. */
export function sourceText({ kind, from, state, instances }: EvidenceSource, t: TFunction): string {
  const said = state === null ? `evidenceSource.${kind}` : `evidenceSource.${kind}.${state}`;
  return t(said, { from, count: instances });
}
