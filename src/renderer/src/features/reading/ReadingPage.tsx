import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useCallback, useDeferredValue, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { IncidentNotice } from '../../ui/IncidentNotice.tsx';
import { PatientHeader } from '../../ui/PatientHeader.tsx';
import { useShortcuts } from '../../ui/shortcuts.ts';
import { FetchedImages } from './FetchedImages.tsx';
import { FlagNotice, NewsNotice } from './NewsNotice.tsx';
import classes from './reading.module.css';
import { isFlaggedSince, newsOf, patientNow } from './study-news.ts';
import { useHangingRules } from './use-beside.ts';
import { WHILE_AWAY_MS } from './use-fetching-back.ts';
import { useKeptStudy } from './use-kept-study.ts';
import { MAIN_WINDOW, useMainWindow } from './windows/main-window.ts';

/** The viewer is by far the largest part of the page; who the patient is stands there before it has come. */
const ReadingRoom = lazy(() => import('./ReadingRoom.tsx').then((module) => ({ default: module.ReadingRoom })));

/** Reads one study: its images, what AI says of them, and nothing that changes under the reader by itself. */
export function ReadingPage({ studyId }: { readonly studyId: StudyId }): ReactNode {
  const { t } = useTranslation('reading');
  const navigate = useNavigate();
  const now = useQuery({
    ...station.studies.get.queryOptions({ input: { studyId } }),
    refetchInterval: ({ state }) => ((state.data?.letGo ?? 0) > 0 ? WHILE_AWAY_MS : false),
  });
  const findings = useQuery(station.studies.findings.queryOptions({ input: { studyId } }));
  const remarks = useQuery(station.studies.qualityRemarks.queryOptions({ input: { studyId } }));
  const { kept, take, see, reload } = useKeptStudy(now);
  const study = kept?.study;

  const [isDisplayed, setIsDisplayed] = useState(false);
  const onDisplayed = useCallback(() => setIsDisplayed(true), []);

  const leave = () => void navigate({ to: '/worklist' });
  const onKeyDown = useShortcuts(t('key.heading'), [{ key: 'Escape', label: t('key.leave'), run: leave }]);
  // What AI found decides which image comes first, so a flagged study waits for it, and no other does.
  const isFound = study?.row.ai.state !== 'flagged' || !findings.isPending;
  // How it hangs is the reader's own to say.
  const isHangingKnown = useHangingRules().isKnown;

  useMainWindow(study);
  // Drawn in pieces, between which what its first image needs is asked for and comes.
  const drawn = useDeferredValue(kept);

  // Escape must work before any image is there.
  const page = useRef<HTMLDivElement>(null);
  useEffect(() => page.current?.focus(), []);

  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- hears Escape from whatever inside has the focus.
    <div
      ref={page}
      tabIndex={-1}
      className={classes.page}
      onKeyDown={(event) => !isInMenu(event.target) && onKeyDown(event)}
      {...(isDisplayed && { onKeyDownCapture: take, onPointerDownCapture: take, onWheelCapture: take })}
    >
      {study === undefined && now.isError && (
        <IncidentNotice title={t('failed')} failure={failureOf(now.error)} onRetry={() => void now.refetch()} />
      )}
      {study === undefined && !now.isError && <RoomSkeleton withHeader />}
      {study !== undefined && (
        <>
          <PatientHeader
            patient={patientNow(study, now.data ?? study)}
            accession={study.row.accession}
            exam={study.row.exam}
          >
            <Button component={Link} to={`/identity/${study.row.studyId}`} variant="subtle" size="compact-xs">
              {t('app:preview.identity')}
            </Button>
            {kept !== null && isFlaggedSince(kept.seenRaises, now.data ?? study) && (
              <FlagNotice
                row={(now.data ?? study).row}
                onSeen={() => {
                  see();
                  page.current?.focus();
                }}
              />
            )}
            <NewsNotice
              news={newsOf(study, now.data ?? study)}
              onReload={() => {
                reload();
                page.current?.focus();
              }}
            />
          </PatientHeader>
          <FetchedImages now={now.data ?? study} study={study} isDisplayed={isDisplayed}>
            <Suspense fallback={<RoomSkeleton />}>
              {drawn !== null && isFound && isHangingKnown ? (
                <ReadingRoom
                  key={drawn.look}
                  study={drawn.study}
                  patient={patientNow(drawn.study, now.data ?? drawn.study)}
                  seenRaises={drawn.seenRaises}
                  urgency={(now.data ?? study).row.urgency}
                  ai={(now.data ?? study).row.ai}
                  runs={(now.data ?? study).runs}
                  findings={findings}
                  remarks={remarks}
                  onDisplayed={onDisplayed}
                  onLeave={leave}
                  main={MAIN_WINDOW}
                />
              ) : (
                <RoomSkeleton />
              )}
            </Suspense>
          </FetchedImages>
        </>
      )}
    </div>
  );
}

/** Escape in a menu closes the menu. */
function isInMenu(target: EventTarget): boolean {
  return target instanceof Element && target.closest('[role="menu"], [role="dialog"]') !== null;
}

function RoomSkeleton({ withHeader = false }: { readonly withHeader?: boolean }): ReactNode {
  const { t } = useTranslation('reading');
  return (
    <div className={classes.loading} role="status" aria-label={t('loading')}>
      {withHeader && <Skeleton height={44} />}
      <Skeleton height={30} />
      <div className={classes.room}>
        <div className={classes.skeletonList}>
          {Array.from({ length: 3 }, (_, index) => (
            <Skeleton key={index} height={64} />
          ))}
        </div>
        <Skeleton height="100%" />
        <div className={classes.skeletonList}>
          <Skeleton height={90} />
          <Skeleton height={30} />
        </div>
      </div>
    </div>
  );
}
