import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TriageRules } from '../../../../shared/domain/triage-rule.ts';
import { Answered } from '../../ui/Answered.tsx';
import page from '../../ui/Page.module.css';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import classes from './triage.module.css';
import { useReplayUnder } from './use-triage.ts';
import { WaitCurves } from './WaitCurves.tsx';

const DAYS = 14;

/** How long studies would have waited under these rules, once somebody asks. */
export function ReplayUnder({ rules }: { readonly rules: TriageRules }): ReactNode {
  const { t } = useTranslation('triage');
  const [isAsked, setIsAsked] = useState(false);
  if (isAsked) return <Replayed rules={rules} />;
  return (
    <div className={page.actions}>
      <Button size="xs" variant="default" onClick={() => setIsAsked(true)}>
        {t('tried.replay')}
      </Button>
    </div>
  );
}

function Replayed({ rules }: { readonly rules: TriageRules }): ReactNode {
  const { t } = useTranslation('triage');
  return (
    <Answered
      answer={useReplayUnder(rules, DAYS)}
      failed={t('waits.failed')}
      skeleton={<TableSkeleton columns={['1fr', '1fr']} rows={4} />}
    >
      {({ flagged, others }) =>
        flagged.studies + others.studies === 0 ? (
          <p className={page.quiet}>{t('waits.empty')}</p>
        ) : (
          <>
            <p className={page.quiet}>{t('tried.replayText')}</p>
            <div className={classes.pair}>
              <WaitCurves title={t('waits.flagged', { count: flagged.studies })} waits={flagged} of="rules" />
              <WaitCurves title={t('waits.others', { count: others.studies })} waits={others} of="rules" />
            </div>
          </>
        )
      }
    </Answered>
  );
}
