import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { readPageFacts } from '../bridge/page-facts.ts';
import classes from './Shell.module.css';

const facts = readPageFacts();

/** Says on every page of a demo station that its patients are not real. */
export function DemoBanner({ demo = facts.demo }: { readonly demo?: boolean }): ReactNode {
  const { t } = useTranslation();
  return demo ? (
    <aside className={classes.demo} aria-label={t('shell.demoLabel')}>
      {t('shell.demo')}
    </aside>
  ) : null;
}
