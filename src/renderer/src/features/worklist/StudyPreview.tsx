import { ActionIcon, Button, Switch } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isOpenedAsItIs, type WorklistRow } from '../../../../shared/contract/worklist.ts';
import type { Finding } from '../../../../shared/contract/studies.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { AiState } from '../../ui/AiState.tsx';
import { CompletenessMarks } from '../../ui/CompletenessMarks.tsx';
import { Countdown } from '../../ui/Countdown.tsx';
import { formatDicomDate } from '../../ui/dicom-date.ts';
import { formatMoment } from '../../ui/duration.ts';
import { ExportMenu } from '../../ui/ExportMenu.tsx';
import { FindingLine } from '../../ui/FindingLine.tsx';
import { PatientHeader } from '../../ui/PatientHeader.tsx';
import { ReasonList } from '../../ui/ReasonList.tsx';
import { Timeline } from '../../ui/Timeline.tsx';
import { UrgencyMark } from '../../ui/UrgencyMark.tsx';
import { RoutedSection } from './RoutedSection.tsx';
import type { Taking } from './use-taking.ts';
import classes from './StudyPreview.module.css';

type Props = {
  readonly row: WorklistRow;
  readonly onOpen: () => void;
  readonly onPromote: () => void;
  readonly taking: Taking;
  readonly onClose: () => void;
};

/** Whoever stays on a row so long looks at it. */
const SETTLES_MS = 250;

/** The selected study beside the list: why it stands here, what AI found, its details and its story. No pictures, no scores unasked. */
export function StudyPreview({ row, onOpen, onPromote, taking, onClose }: Props): ReactNode {
  const { t } = useTranslation();
  // Each reading is recorded in the ledger: a study merely passed by with the arrow keys is not read.
  const [settledOn] = useDebouncedValue(row.studyId, SETTLES_MS);
  const isSettled = settledOn === row.studyId;
  const { permissions } = useCurrentUser();
  const router = useRouter();
  const isComing = row.images.completeness === 'receiving';
  useEffect(() => {
    // Whoever stays on a study may open it: what its page begins with is made ready, as it is then, unless more of it comes anyway.
    if (isComing) return;
    const to = { to: '/reading/$studyId', params: { studyId: row.studyId } } as const;
    const timer = setTimeout(() => void router.preloadRoute(to), SETTLES_MS);
    return () => clearTimeout(timer);
  }, [router, isComing, row.studyId, row.revision, row.ai.state, row.urgency.raises]);
  return (
    <aside className={classes.preview} aria-label={t('preview.label')}>
      <PatientHeader patient={row.patient} accession={row.accession} exam={row.exam} />
      <div className={classes.actions}>
        <Button onClick={onOpen}>{t('preview.open')}</Button>
        <span className={classes.space} />
        <ActionIcon variant="subtle" color="gray" aria-label={t('preview.close')} onClick={onClose}>
          <IconX size={16} />
        </ActionIcon>
      </div>
      <div className={classes.moreActions}>
        <Button size="compact-sm" component={Link} to={`/identity/${row.studyId}`} variant="default">
          {t('preview.identity')}
        </Button>
        {permissions.includes('delivery.send') && (
          <Button
            size="compact-sm"
            variant="default"
            renderRoot={(props) => <Link {...props} to="/archive" search={{ study: row.studyId }} />}
          >
            {t('preview.send')}
          </Button>
        )}
        {permissions.includes('study.export') && <ExportMenu studyId={row.studyId} />}
      </div>
      <div className={classes.sections}>
        {row.intent !== 'new' && (
          <section>
            <h2 className={classes.heading}>{t('preview.notNew')}</h2>
            <p className={classes.quiet}>
              {t(row.intentBecause === null ? `intent.${row.intent}` : `intent.because.${row.intentBecause}`)}
            </p>
            <p className={classes.quiet}>{t('preview.notNewText')}</p>
            {permissions.includes('study.promote') && (
              <Button size="compact-sm" variant="default" mt={6} onClick={onPromote}>
                {t('promote.action')}
              </Button>
            )}
          </section>
        )}
        {row.intent === 'new' && (
          <section>
            <h2 className={classes.heading}>{t('preview.why')}</h2>
            <div className={classes.standing}>
              <UrgencyMark level={row.urgency.level} standing={row.urgency.standing} />
              {!isOpenedAsItIs(row) && row.openByAtMs !== null && <Countdown kind="open-by" dueAtMs={row.openByAtMs} />}
              {row.reportByAtMs !== null && <Countdown kind="report-by" dueAtMs={row.reportByAtMs} />}
            </div>
            {row.openAgain.map((why) => (
              <p key={why} className={classes.again}>
                {t('openAgain.title')}: {t(`openAgain.${why}`)}
              </p>
            ))}
            <ReasonList reasons={row.reasons} />
            <Link className={classes.link} to="/triage/studies/$studyId" params={{ studyId: row.studyId }}>
              {t('preview.urgency')}
            </Link>
          </section>
        )}
        {row.intent === 'new' && <RoutedSection row={row} taking={taking} />}
        <Findings row={row} isSettled={isSettled} />
        <Details row={row} />
        {row.priors > 0 && <Priors studyId={row.studyId} isSettled={isSettled} />}
        <Story studyId={row.studyId} isSettled={isSettled} />
      </div>
    </aside>
  );
}

type FindingsProps = { readonly row: WorklistRow; readonly isSettled: boolean };

function Findings({ row, isSettled }: FindingsProps): ReactNode {
  const { t } = useTranslation();
  const [showScores, setShowScores] = useState(false);
  const [showPictures, setShowPictures] = useState(false);
  const flagged = row.ai.state === 'flagged';
  const findings = useQuery({
    ...station.studies.findings.queryOptions({ input: { studyId: row.studyId } }),
    enabled: flagged && isSettled,
  });
  // What AI is uncertain of is no flag, and is told where the images are.
  const flags = (findings.data ?? []).filter(({ standing }) => standing === 'flagged');
  return (
    <section>
      <div className={classes.headingLine}>
        <h2 className={classes.heading}>{t('preview.ai')}</h2>
        {flagged && (
          <div className={classes.switches}>
            <Switch
              size="xs"
              label={t('preview.showScores')}
              checked={showScores}
              onChange={(event) => setShowScores(event.currentTarget.checked)}
            />
            <Switch
              size="xs"
              label={t('preview.showPictures')}
              checked={showPictures}
              onChange={(event) => setShowPictures(event.currentTarget.checked)}
            />
          </div>
        )}
      </div>
      {flags.length === 0 ? (
        <AiState ai={row.ai} showScores={showScores} />
      ) : (
        flags.map((finding) => (
          <div key={finding.findingId}>
            <FindingLine finding={finding} showScore={showScores} />
            {showPictures && <FindingPicture row={row} finding={finding} />}
          </div>
        ))
      )}
    </section>
  );
}

/** The image a finding is seen best on, small and without its mark; a model that may not say where, and a picture that cannot be had, say so. */
function FindingPicture({ row, finding }: { readonly row: WorklistRow; readonly finding: Finding }): ReactNode {
  const { t } = useTranslation();
  const { site } = useCurrentUser();
  const [isMissing, setMissing] = useState(false);
  const { keyImage, seriesUid } = finding;
  if (keyImage === null || isMissing)
    return <p className={classes.quiet}>{t(keyImage === null ? 'preview.noPlace' : 'preview.noPicture')}</p>;
  const image = `studies/${row.studyUid}/series/${seriesUid}/instances/${keyImage.sopUid}/frames/${keyImage.frameNumber}`;
  return (
    <img
      className={classes.picture}
      src={`/dicomweb/${encodeURIComponent(site.code)}/${image}/thumbnail`}
      alt={t('preview.picture', { finding: finding.label.display })}
      onError={() => setMissing(true)}
    />
  );
}

function Details({ row }: { readonly row: WorklistRow }): ReactNode {
  const { t } = useTranslation();
  const { zone } = useCurrentUser().site;
  const { images } = row;
  const details: readonly (readonly [string, string | null])[] = [
    ['received', formatMoment(row.receivedAtMs, zone)],
    ['complete', row.completeAtMs === null ? null : formatMoment(row.completeAtMs, zone)],
    [
      'images',
      `${images.expected === null ? images.received : `${images.received} / ${images.expected}`} · ${t(`completeness.${images.completeness}`)}`,
    ],
    ['inPacs', t(`inPacs.${row.inPacs}`)],
    ['orderPriority', row.orderPriority],
    ['serviceLevel', row.serviceLevel === null ? null : t(`serviceLevel.${row.serviceLevel}`)],
    ['intent', row.intent === 'new' ? null : t(`intent.${row.intent}`)],
    ['priors', String(row.priors)],
    ['report', t(`report.${row.report}`)],
    ['openedBy', row.openedBy && `${row.openedBy.displayName} · ${formatMoment(row.openedBy.atMs, zone)}`],
    ['quarantined', row.quarantined === 0 ? null : String(row.quarantined)],
  ];
  return (
    <section>
      <h2 className={classes.heading}>{t('preview.details')}</h2>
      <dl className={classes.details}>
        {details.map(
          ([name, value]) =>
            value !== null && (
              <div key={name} className={classes.detail}>
                <dt>{t(`preview.detail.${name}`)}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      <CompletenessMarks marks={images.marks} />
    </section>
  );
}

/** The patient's other studies here, the newest first; each opens. */
function Priors({ studyId, isSettled }: StoryProps): ReactNode {
  const { t } = useTranslation();
  const study = useQuery({ ...station.studies.get.queryOptions({ input: { studyId } }), enabled: isSettled });
  return (
    <section>
      <h2 className={classes.heading}>{t('preview.priors')}</h2>
      <ul className={classes.priors}>
        {study.data?.priors.map((prior) => (
          <li key={prior.studyId}>
            <Link className={classes.link} to="/reading/$studyId" params={{ studyId: prior.studyId }}>
              {[formatDicomDate(prior.dateRaw) ?? t('preview.noDate'), prior.modality, prior.description]
                .filter(Boolean)
                .join(' · ')}
            </Link>
          </li>
        ))}
      </ul>
      {study.isPending && <p className={classes.quiet}>{t('loading')}</p>}
      {study.isError && !study.data && (
        <p className={classes.quiet}>{t([`failure.${failureOf(study.error).code}`, 'failure.unexpected-answer'])}</p>
      )}
    </section>
  );
}

type StoryProps = { readonly studyId: StudyId; readonly isSettled: boolean };

function Story({ studyId, isSettled }: StoryProps): ReactNode {
  const { t } = useTranslation();
  const { zone } = useCurrentUser().site;
  const timeline = useQuery({
    ...station.studies.timeline.queryOptions({ input: { studyId } }),
    enabled: isSettled,
  });
  return (
    <section>
      <h2 className={classes.heading}>{t('preview.timeline')}</h2>
      {timeline.data && <Timeline entries={timeline.data} zone={zone} />}
      {timeline.isPending && <p className={classes.quiet}>{t('loading')}</p>}
      {timeline.isError && !timeline.data && (
        <p className={classes.quiet}>{t([`failure.${failureOf(timeline.error).code}`, 'failure.unexpected-answer'])}</p>
      )}
    </section>
  );
}
