import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Reason } from '../../../shared/domain/urgency.ts';
import classes from './Story.module.css';
import { reasonText } from './story-text.ts';

/** Why a study stands where it does: its reasons in order, with the values that made them so. */
export function ReasonList({ reasons }: { readonly reasons: readonly Reason[] }): ReactNode {
  const { t } = useTranslation();
  if (reasons.length === 0) return <p className={classes.quiet}>{t('reason.none')}</p>;
  return (
    <ol className={classes.reasons}>
      {reasons.map((reason) => (
        <li key={`${reason.code} ${JSON.stringify(reason.params)}`}>{reasonText(reason, t)}</li>
      ))}
    </ol>
  );
}
