import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './models.module.css';

/** What reference readers say is there; null: nobody did, or they disagree. */
export function TruthText({ truth }: { readonly truth: boolean | null }): ReactNode {
  const { t } = useTranslation('models');
  if (truth === null) return <span className={classes.dim}>{t('truth.unknown')}</span>;
  return t(truth ? 'truth.present' : 'truth.notSeen');
}
