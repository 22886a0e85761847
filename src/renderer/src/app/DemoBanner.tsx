import { UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { readPageFacts } from '../bridge/page-facts.ts';
import tour from './DemoTour.module.css';
import classes from './Shell.module.css';

const facts = readPageFacts();

/** Says on every page of a demo station that its patients are not real; offers the tour to who put it away. */
export function DemoBanner({
  demo = facts.demo,
  onTour,
}: {
  readonly demo?: boolean;
  readonly onTour?: (() => void) | undefined;
}): ReactNode {
  const { t } = useTranslation();
  return demo ? (
    <aside className={classes.demo} aria-label={t('shell.demoLabel')}>
      {t('shell.demo')}
      {onTour && (
        <UnstyledButton className={tour.begin} onClick={onTour}>
          {t('tour.open')}
        </UnstyledButton>
      )}
    </aside>
  ) : null;
}
