import { Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { KeyboardEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding, QualityRemark, RunCard, StudyDetail } from '../../../../shared/contract/studies.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import type { AiStatus } from '../../../../shared/domain/ai-status.ts';
import { failureOf } from '../../bridge/failure.ts';
import { AiState } from '../../ui/AiState.tsx';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { UrgencyMark } from '../../ui/UrgencyMark.tsx';
import type { AiView } from '../../viewport/ai-view.ts';
import type { Decisions } from './decisions/use-decisions.ts';
import { FindingEntry } from './FindingEntry.tsx';
import type { JumpTarget } from './jump-target.ts';
import { QualityRemarks } from './QualityRemarks.tsx';
import { ModelReadings } from './ModelReadings.tsx';
import { RunList } from './RunList.tsx';
import classes from './reading.module.css';

type Props = {
  readonly studyId: StudyId;
  readonly findings: UseQueryResult<Finding[]>;
  readonly urgency: StudyDetail['row']['urgency'];
  readonly ai: AiStatus;
  readonly remarks: UseQueryResult<QualityRemark[]>;
  readonly runs: readonly RunCard[];
  readonly aiView: AiView;
  readonly onAiView: (view: AiView) => void;
  /** The number and description of a series, by its UID. */
  readonly seriesName: (seriesUid: string) => string | null;
  readonly decisions: Decisions;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onJump: (target: JumpTarget) => void;
};

/** What AI says of the study, finding by finding, and how it came to say it. */
export function FindingsPanel(props: Props): ReactNode {
  const { studyId, findings, remarks, urgency, ai, runs, aiView, onAiView, decisions } = props;
  const { seriesName, onKeyDown, onJump } = props;
  const { t } = useTranslation('reading');
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- hears the keys of the finding that has the focus.
    <section className={classes.findings} aria-label={t('findings.heading')} onKeyDown={onKeyDown}>
      <h2 className={classes.heading}>{t('findings.heading')}</h2>
      <p className={classes.aiState}>
        <UrgencyMark {...urgency} /> <AiState ai={ai} />
      </p>
      {findings.isPending && <Skeleton height={84} aria-label={t('findings.loading')} />}
      {findings.isError && (
        <IncidentNotice
          title={t('findings.failed')}
          failure={failureOf(findings.error)}
          onRetry={() => void findings.refetch()}
        />
      )}
      {findings.data?.length === 0 && <NothingListed ai={ai} />}
      <ul className={classes.plainList}>
        {findings.data?.map((finding) => (
          <li key={finding.findingId}>
            <FindingEntry {...{ finding, aiView, onAiView, onJump, decisions }} findings={findings.data} />
            <Link className={classes.receipt} to="/runs/$runId" params={{ runId: finding.runId }}>
              {t('runs.receiptOfFinding')}
            </Link>
          </li>
        ))}
      </ul>
      {urgency.level !== 'routine' && isAllRejected(findings.data ?? []) && (
        <p className={classes.fact}>
          {t('decision.staysUrgent', { level: t(`app:urgency.${urgency.level}`) })}{' '}
          <Link to="/triage/studies/$studyId" params={{ studyId }}>
            {t('decision.toUrgency')}
          </Link>
        </p>
      )}
      <QualityRemarks {...{ remarks, seriesName, onJump }} />
      <RunList runs={runs} />
      <ModelReadings {...{ studyId, seriesName }} />
    </section>
  );
}

/** Whether every flag that stands was rejected. */
function isAllRejected(findings: readonly Finding[]): boolean {
  const flags = findings.filter(({ standing, state }) => standing === 'flagged' && state !== 'superseded');
  return flags.length > 0 && flags.every(({ state }) => state === 'rejected');
}

/** An empty list means something only where AI finished and set no flag, and even then it rules nothing out. */
function NothingListed({ ai }: { readonly ai: AiStatus }): ReactNode {
  const { t } = useTranslation('reading');
  if (ai.state === 'no-flag') return <p className={classes.fact}>{t('findings.none')}</p>;
  return (
    <div className={classes.fact}>
      {t('findings.noResult')} <AiState ai={ai} />
    </div>
  );
}
