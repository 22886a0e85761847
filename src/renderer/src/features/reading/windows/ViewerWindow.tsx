import { Button, Loader } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyDetail } from '../../../../../shared/contract/studies.ts';
import type { StudyId } from '../../../../../shared/domain/ids.ts';
import { tellOfInput } from '../../../bridge/activity.ts';
import { failureOf } from '../../../bridge/failure.ts';
import { followHints } from '../../../bridge/hints.ts';
import { station } from '../../../bridge/queries.ts';
import { formatDicomDate } from '../../../ui/dicom-date.ts';
import { IncidentNotice } from '../../../ui/IncidentNotice.tsx';
import { PatientHeader } from '../../../ui/PatientHeader.tsx';
import { formatPersonName } from '../../../ui/person-name.ts';
import { ReadingRoom } from '../ReadingRoom.tsx';
import classes from '../reading.module.css';
import { useHangingRules } from '../use-beside.ts';
import { patientNow } from '../study-news.ts';
import { type MainReads, standingOf } from './standing.ts';
import { useMainReads } from './use-main-reads.ts';
import { useKeepWindowPlace } from './window-place.ts';

type Props = { readonly studyId: StudyId; readonly main: string };

/** A study's images in a window of their own: its patient never changes by itself, and one that is not the main window's patient says so. */
export function ViewerWindow({ studyId, main }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const cache = useQueryClient();
  useEffect(() => followHints(cache), [cache]);
  useEffect(tellOfInput, []);
  useKeepWindowPlace();
  const asked = useQuery(station.studies.get.queryOptions({ input: { studyId } }));
  const findings = useQuery(station.studies.findings.queryOptions({ input: { studyId } }));
  const remarks = useQuery(station.studies.qualityRemarks.queryOptions({ input: { studyId } }));
  const isHangingKnown = useHangingRules().isKnown;
  const [kept, setKept] = useState<StudyDetail | null>(null);
  if (kept === null && asked.data !== undefined) setKept(asked.data);
  const reads = useMainReads(main);
  if (kept === null || !isHangingKnown || findings.isPending) {
    return (
      <div className={classes.viewerWindow}>
        {asked.isError ? (
          <IncidentNotice title={t('failed')} failure={failureOf(asked.error)} onRetry={() => void asked.refetch()} />
        ) : (
          <Loader m="xl" role="status" aria-label={t('loading')} />
        )}
      </div>
    );
  }
  const now = asked.data ?? kept;
  const { patient } = kept.row;
  const standing = standingOf({ studyId, patientId: patient.patientId }, reads);
  return (
    <main className={classes.viewerWindow} data-standing={standing}>
      <StandingLine standing={standing} reads={reads} patient={patient} main={main} />
      <PatientHeader patient={patientNow(kept, now)} accession={kept.row.accession} exam={kept.row.exam} />
      <ReadingRoom
        isViewer
        study={kept}
        patient={patientNow(kept, now)}
        seenRaises={kept.row.urgency.raises}
        urgency={now.row.urgency}
        ai={now.row.ai}
        runs={now.runs}
        findings={findings}
        remarks={remarks}
        onDisplayed={nothing}
        onLeave={closeWindow}
        main={main}
      />
    </main>
  );
}

const nothing = () => undefined;
const closeWindow = () => globalThis.close();

type LineProps = {
  readonly standing: ReturnType<typeof standingOf>;
  readonly reads: MainReads;
  readonly patient: StudyDetail['row']['patient'];
  readonly main: string;
};

function StandingLine({ standing, reads, patient, main }: LineProps): ReactNode {
  const { t } = useTranslation('reading');
  const navigate = useNavigate();
  const mayFollow = reads.state === 'reading' && standing !== 'same-study';
  return (
    <div className={classes.standing} data-standing={standing} role={standing === 'other-patient' ? 'alert' : 'status'}>
      <span>{t(`windows.standing.${standing}`)}</span>
      {standing === 'other-patient' && (
        <span>
          {t('windows.thisIs', {
            patient: formatPersonName(patient.name) ?? '–',
            born: formatDicomDate(patient.birthDateRaw) ?? '–',
            mrn: patient.mrn ?? '–',
          })}
        </span>
      )}
      {mayFollow && (
        <Button
          size="compact-sm"
          variant="default"
          onClick={() =>
            void navigate({ to: '/viewer/$studyId', params: { studyId: reads.studyId }, search: { main } })
          }
        >
          {t('windows.follow')}
        </Button>
      )}
    </div>
  );
}
