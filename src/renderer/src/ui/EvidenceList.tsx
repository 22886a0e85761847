import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CompletenessEvidence } from '../../../shared/domain/study.ts';
import { CompletenessMarks } from './CompletenessMarks.tsx';
import { ruleText, sourceText } from './completeness-text.ts';
import { formatMoment } from './duration.ts';
import classes from './Evidence.module.css';

type Props = { readonly evidence: CompletenessEvidence; readonly zone: string };

/** What a study's completeness goes by: the rule, who said how much there is and when, and what speaks against it. */
export function EvidenceList({ evidence, zone }: Props): ReactNode {
  const { t } = useTranslation();
  return (
    <section className={classes.evidence} aria-label={t('completenessRule.heading')}>
      <p className={classes.rule}>{ruleText(evidence, t)}</p>
      <CompletenessMarks marks={evidence.marks} />
      {evidence.sources.length > 0 && (
        <ul className={classes.sources}>
          {evidence.sources.map((source) => (
            <li key={`${source.kind} ${source.from} ${source.atMs}`}>
              {sourceText(source, t)} <time className={classes.time}>{formatMoment(source.atMs, zone)}</time>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
