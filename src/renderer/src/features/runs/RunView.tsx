import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunDetail } from '../../../../shared/contract/runs.ts';
import { RunId } from '../../../../shared/domain/ids.ts';
import type { Receipt } from '../../../../shared/domain/receipt.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { Facts } from '../../ui/Facts.tsx';
import page from '../../ui/Page.module.css';
import { Section } from '../../ui/Section.tsx';
import { StudyFaceCard } from '../../ui/StudyFaceCard.tsx';
import { ReceiptCheckLine } from './ReceiptCheckLine.tsx';
import { ReplaySection } from './ReplaySection.tsx';
import { RevisionChain } from './RevisionChain.tsx';
import { WhatCameOut } from './WhatCameOut.tsx';
import { WhatWasRead } from './WhatWasRead.tsx';
import { WhenItRan } from './WhenItRan.tsx';
import classes from './runs.module.css';
import type { useReplay } from './use-run.ts';

type Props = {
  readonly run: RunDetail;
  readonly receipt: Receipt | null;
  readonly replay: ReturnType<typeof useReplay>;
};

/** The receipt of a run, readable, with the study it is of and every run it stands beside. */
export function RunView({ run, receipt, replay }: Props): ReactNode {
  const { t } = useTranslation('runs');
  const may = useCurrentUser().permissions;
  const reason = run.reason === null ? null : t([`reason.${run.reason}`, `app:ai.reason.${run.reason}`]);
  return (
    <div className={page.sheet}>
      <h1 className={page.title}>
        {t('title')} · {t('reading:ai.model', { name: run.model.name, version: run.model.version })}
        {run.model.clinicalUse === 'none' && ` · ${t('app:ai.notForClinicalUse')}`}
      </h1>
      {run.study !== null && (
        <StudyFaceCard study={run.study}>
          <div className={page.actions}>
            {run.study.isShown && may.includes('study.read') && (
              <Button size="xs" variant="default" component={Link} to={`/reading/${run.studyId}`}>
                {t('open')}
              </Button>
            )}
            {run.receipt !== null && (
              <Button
                size="xs"
                variant="default"
                component="a"
                href={`data:application/json;charset=utf-8,${encodeURIComponent(run.receipt)}`}
                download={`receipt-${run.runId}.json`}
                leftSection={<IconDownload size={14} aria-hidden />}
              >
                {t('download')}
              </Button>
            )}
          </div>
        </StudyFaceCard>
      )}
      {run.check !== null && <ReceiptCheckLine check={run.check} />}
      {receipt !== null && <HowItBegan receipt={receipt} />}
      {run.studyRevision > run.revision && (
        <p className={page.warn}>{t('ofEarlier', { revision: run.revision, now: run.studyRevision })}</p>
      )}
      {receipt === null ? (
        <EmptyState title={t(run.receipt === null ? 'noReceipt' : 'refusal.receipt-of-older-form')}>
          {run.receipt === null && t('noReceiptText')}
        </EmptyState>
      ) : (
        <div className={classes.columns}>
          <Section title={t('section.what')}>
            <Facts
              facts={[
                [t('fact.state'), [t(`states.${run.state}`), reason].filter(Boolean).join(': ')],
                [t('fact.model'), `${receipt.model.id} ${receipt.model.version}`],
                [t('fact.stage'), t(`models:stage.${receipt.model.stage}`, { defaultValue: receipt.model.stage })],
                [t('fact.revision'), receipt.study.revision],
                [t('fact.manifest'), <Digest key="m" value={receipt.model.manifestDigest} />],
                [t('fact.weights'), <Digest key="w" value={receipt.model.weightsDigest} />],
                ...(run.check === null
                  ? []
                  : [[t('fact.receipt'), <Digest key="r" value={run.check.digest} />] as const]),
                ...receipt.askedIn.map(
                  ({ analysisId, askedBy }) => [t('fact.askedBy'), `${askedBy} (${analysisId})`] as const,
                ),
              ]}
            />
          </Section>
          <WhatWasRead receipt={receipt} />
          <WhenItRan receipt={receipt} />
          <WhatCameOut run={run} receipt={receipt} />
        </div>
      )}
      <RevisionChain run={run} />
      <ReplaySection run={run} replay={replay} mayReplay={may.includes('run.replay') && receipt !== null} />
    </div>
  );
}

/** Of a run that began before its study was complete, or took over the result of such a one: what that means. */
function HowItBegan({ receipt: { isEarly = false, carriedFrom } }: { readonly receipt: Receipt }): ReactNode {
  const { t } = useTranslation('runs');
  return (
    <>
      {isEarly && <p className={page.quiet}>{t('early')}</p>}
      {carriedFrom !== undefined && (
        <p className={page.quiet}>
          {t('carried', { revision: carriedFrom.revision })}{' '}
          <Link to="/runs/$runId" params={{ runId: RunId.parse(carriedFrom.runId) }}>
            {t('carriedFrom')}
          </Link>
        </p>
      )}
    </>
  );
}

function Digest({ value }: { readonly value: string }): ReactNode {
  return <code className={classes.digest}>{value}</code>;
}
